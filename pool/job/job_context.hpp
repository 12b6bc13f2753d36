#pragma once

#include <psyne/core/atomics/short_lock.hpp>
#include <psyne/core/stop/stop_callback.hpp>
#include <psyne/core/stop/stop_reason.hpp>
#include <psyne/core/stop/stop_source.hpp>
#include <psyne/core/stop/stop_token.hpp>
#include <psyne/pool/scheduler/priority.hpp>

#include <atomic>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace psyne::inline v0 {

/// What runs, as its children inherit it: its priority, its name, and by what it is stopped.
///
///   priority, name, cancelled    any thread     wait-free
///   token, cancel                any thread     a short lock; token() allocates when it is first asked for
///
/// Jobs that never look at their token pay nothing for it. Outlives the children, which refer to it.
class JobContext {
 public:
  /// Stops when `parent` does, whose job outlives this one, or null, and when `stop` does; at `deadline`, with that
  /// reason.
  explicit JobContext(Priority priority, std::string_view name = {}, JobContext* parent = nullptr, StopToken stop = {},
                      Deadline deadline = no_deadline) noexcept
      : priority_(priority), name_(name), parent_(parent), stop_(std::move(stop)), deadline_(deadline) {}
  JobContext(const JobContext&) = delete;
  JobContext& operator=(const JobContext&) = delete;

  Priority priority() const noexcept { return priority_; }
  /// Empty when it was given none.
  std::string_view name() const noexcept { return name_; }

  /// Whether this was cancelled by cancel(), and nothing above it looked at.
  bool cancelled() const noexcept { return cancelled_.load(std::memory_order_acquire); }

  /// Whether it is to end, for whatever reason. Walks up the parents.
  bool stop_requested() noexcept {
    if (cancelled() || stop_.stop_requested()) return true;
    if (deadline_ != no_deadline && Clock::now() >= deadline_) return true;
    return parent_ != nullptr && parent_->stop_requested();
  }

  /// Tells when to stop; the same for every call. Throws std::bad_alloc.
  StopToken token();

  /// Stops the token, now or when it is first asked for. The first call's reason stays.
  void cancel(StopReason reason, std::string text = {});

 private:
  // A source has one parent; the second thing that stops a job does it by this.
  struct StopSourceToo {
    StopSource source;
    StopReason reason;
    StopToken why;
    void operator()() const noexcept { source.request_stop(reason, std::string(why.text())); }
  };

  const Priority priority_;
  const std::string_view name_;
  JobContext* const parent_;
  const StopToken stop_;
  const Deadline deadline_;
  std::atomic<bool> cancelled_{false};
  ShortLock<> lock_;                  // guards what follows
  std::optional<StopSource> source_;  // made when somebody asks for a token
  StopReason reason_ = StopReason::user;
  std::string text_;
  std::optional<StopCallback<StopSourceToo>> beside_;
};

}  // namespace psyne::inline v0
