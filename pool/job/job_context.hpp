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
/// Jobs that never look at their token pay nothing for it: 32 bytes. Outlives the children, which refer to it.
class JobContext {
 public:
  /// Stops when `parent` does, which outlives this one, or null, and as `limits` say, which are kept by the caller.
  explicit JobContext(Priority priority, JobContext* parent = nullptr, const JobLimits* limits = nullptr) noexcept
      : parent_(parent), limits_(limits), priority_(priority) {}
  JobContext(const JobContext&) = delete;
  JobContext& operator=(const JobContext&) = delete;
  ~JobContext();

  Priority priority() const noexcept { return priority_; }
  /// Empty when it was given none.
  std::string_view name() const noexcept { return limits_ != nullptr ? limits_->name : std::string_view(); }

  /// Whether this was cancelled by cancel(), and nothing above it looked at.
  bool cancelled() const noexcept { return cancelled_.load(std::memory_order_acquire) != not_cancelled; }

  /// Whether it is to end, for whatever reason. Walks up the parents.
  bool stop_requested() const noexcept {
    if (cancelled()) return true;
    if (limits_ != nullptr) {
      if (limits_->stop.stop_requested()) return true;
      if (limits_->deadline != no_deadline && Clock::now() >= limits_->deadline) return true;
    }
    return parent_ != nullptr && parent_->stop_requested();
  }

  /// Tells when to stop; the same for every call. Throws std::bad_alloc.
  StopToken token();

  /// Stops the token, now or when it is first asked for. The first call's reason stays; the words are those of the
  /// call that finds a token there.
  void cancel(StopReason reason, std::string text = {});

 private:
  struct Source;
  static constexpr std::uint8_t not_cancelled = 255;

  bool of_pool() const noexcept { return parent_ != nullptr && parent_->parent_ == nullptr; }

  JobContext* const parent_;
  const JobLimits* const limits_;
  std::atomic<Source*> source_{nullptr};                // once there, it stays
  std::atomic<std::uint8_t> cancelled_{not_cancelled};  // or the reason
  const Priority priority_;
};

}  // namespace psyne::inline v0
