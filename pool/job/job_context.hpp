#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/stop/stop_reason.hpp>
#include <psyne/core/stop/stop_token.hpp>
#include <psyne/pool/scheduler/priority.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace psyne::inline v0 {

/// By what a job is stopped, beside its parent, and how it is called. Empty in most.
struct JobLimits {
  std::string name;
  StopToken stop;
  Deadline deadline = no_deadline;
};

/// What runs, as its children inherit it: its priority, its name, and by what it is stopped.
///
///   priority, name, cancelled, stop_requested    any thread     wait-free
///   token, cancel                                any thread     lock-free; the first token() allocates
///
/// Jobs that never look at their token pay nothing for it: 48 bytes. Outlives the children, which refer to it.
class JobContext {
 public:
  /// Stops when `parent` does, which outlives this one, or null, and as `limits` say, which are kept by the caller.
  explicit JobContext(Priority priority, JobContext* parent = nullptr, const JobLimits* limits = nullptr) noexcept
      : parent_(parent), limits_(limits), limited_(nearest_limited()), priority_(priority) {}
  JobContext(const JobContext&) = delete;
  JobContext& operator=(const JobContext&) = delete;
  ~JobContext() {
    if (source_.load(std::memory_order_acquire) != nullptr) [[unlikely]]
      drop_source();
  }

  Priority priority() const noexcept { return priority_; }
  /// Empty when it was given none.
  std::string_view name() const noexcept { return limits_ != nullptr ? limits_->name : std::string_view(); }

  /// Whether this was cancelled by cancel(), and nothing above it looked at.
  bool cancelled() const noexcept { return cancelled_.load(std::memory_order_acquire) != not_cancelled; }

  /// Whether it is to end, for whatever reason. Looks at those above that have limits, and at all of them only when
  /// anything was cancelled since the last look, so that jobs may be nested as deep as there is stack.
  bool stop_requested() noexcept {
    if (cancelled()) return true;
    for (const JobContext* one = limited_; one != nullptr;
         one = one->parent_ != nullptr ? one->parent_->limited_ : nullptr) {
      if (one->limits_->stop.stop_requested()) return true;
      if (one->limits_->deadline != no_deadline && Clock::now() >= one->limits_->deadline) return true;
    }
    const std::uint64_t cancellations = all_cancellations.load(std::memory_order_acquire);
    return cancellations != seen_.load(std::memory_order_relaxed) && cancelled_above(cancellations);
  }

  /// Tells when to stop; the same for every call. Throws std::bad_alloc.
  StopToken token();

  /// Stops the token, now or when it is first asked for. The first call's reason stays; the words are those of the
  /// call that finds a token there.
  void cancel(StopReason reason, std::string text = {});

 private:
  struct Source;
  // Counts every cancel() of the process.
  static std::atomic<std::uint64_t> all_cancellations;

  const JobContext* nearest_limited() const noexcept {
    if (limits_ != nullptr && (limits_->stop.stop_possible() || limits_->deadline != no_deadline)) return this;
    return parent_ != nullptr ? parent_->limited_ : nullptr;
  }
  void drop_source() noexcept;
  bool cancelled_above(std::uint64_t cancellations) noexcept;
  StopToken token_below(const StopToken& above);

  static constexpr std::uint8_t not_cancelled = 255;

  bool of_pool() const noexcept { return parent_ != nullptr && parent_->parent_ == nullptr; }

  JobContext* const parent_;
  const JobLimits* const limits_;
  const JobContext* const limited_;                     // the nearest, this included, whose limits stop anything
  std::atomic<Source*> source_{nullptr};                // once there, it stays
  std::atomic<std::uint8_t> cancelled_{not_cancelled};  // or the reason
  const Priority priority_;
  // As many cancellations there had been when nothing above this was cancelled; 0 before the first look.
  std::atomic<std::uint64_t> seen_{parent_ != nullptr ? parent_->seen_.load(std::memory_order_relaxed) : 0};
};

}  // namespace psyne::inline v0
