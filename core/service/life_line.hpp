#pragma once

#include <psyne/core/process/fork_epoch.hpp>
#include <psyne/core/service/service.hpp>
#include <psyne/core/transport/descriptor.hpp>

#include <atomic>
#include <cstdint>

namespace psyne::inline v0 {

/// A descriptor whose closing tells others that this process is gone (a socket, a lock), and which therefore must not
/// live on in a forked child: there it is closed before fork() returns, and forked() is true from then on. Without a
/// descriptor it is only the latter.
///
/// Thread safety: get() and forked() by any thread; all else by one at a time.
class LifeLine {
 public:
  explicit LifeLine(Descriptor descriptor = {});
  ~LifeLine();
  LifeLine(const LifeLine&) = delete;
  LifeLine& operator=(const LifeLine&) = delete;

  int get() const noexcept { return number_.load(std::memory_order_acquire); }
  bool forked() const noexcept { return fork_epoch() != epoch_; }

  /// Has `watcher` called for `events` of the descriptor instead of whom it was before. Errors: exhausted, forked.
  Result<void> watch(std::uint32_t events, Service::Watcher& watcher);
  /// Changes the events of whom it is watched by.
  Result<void> rewatch(std::uint32_t events) noexcept;
  /// Tells him nothing until rewatch().
  void suspend() noexcept;
  /// Ends it. When it returns, no call into the watcher is under way, save one that this call comes from.
  void unwatch() noexcept;

 private:
  std::atomic<int> number_;
  std::uint32_t epoch_ = fork_epoch();
  Service* service_ = nullptr;  // where it is watched
  ForkHook close_in_child_;
};

}  // namespace psyne::inline v0
