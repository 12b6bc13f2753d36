#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/atomics/cache_line.hpp>

#include <functional>
#include <mutex>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// Lets one thread own something almost for free, and others change it now and then.
///
///   enter, leave   the owner's thread, around every use   two stores and two loads; a lock only after a visit
///   visit          any thread                             runs the work now, or leaves it to the owner's next step
///
/// The work of a visit always runs alone: by the visitor while the owner is outside, else by the owner when it leaves
/// or enters next. An owner inside says so by `busy_`, then loads `attention_`; a visitor stores `attention_`, then
/// loads `busy_`; a light and a heavy barrier between let one of the two see the other.
///
/// Shut-down: when no visit can come any more, close() runs what is left.
template <class Atomics = StandardAtomics, class Mutex = std::mutex>
class Gate {
 public:
  void enter() noexcept {
    busy_.store(1, std::memory_order_relaxed);
    Atomics::light_barrier();
    if (attention_.load(std::memory_order_acquire) != 0) [[unlikely]]
      run();
  }

  /// Whether this call did what a visitor had left: then who leaves in order to sleep has something to look at first.
  bool leave() noexcept {
    busy_.store(0, std::memory_order_release);  // a visitor that sees it sees all that was done inside
    Atomics::light_barrier();
    if (attention_.load(std::memory_order_acquire) == 0) [[likely]]
      return false;
    return run();
  }

  /// Whether the owner was inside just now. Any thread.
  bool busy() const noexcept { return busy_.load(std::memory_order_relaxed) != 0; }

  /// `work` must not visit this gate itself.
  void visit(std::function<void()> work) {
    const std::lock_guard<Mutex> lock(mutex_);
    left_.push_back(std::move(work));
    attention_.store(1, std::memory_order_relaxed);
    Atomics::heavy_barrier();
    if (busy_.load(std::memory_order_acquire) == 0) run_left();
  }

  /// Owner, outside: runs what visitors left.
  void close() noexcept { run(); }

 private:
  // While attention_ is set, an owner that enters comes here and waits for the visitor inside; and a visitor cannot
  // begin before the owner has gone through.
  bool run() noexcept {
    const std::lock_guard<Mutex> lock(mutex_);
    const bool any = !left_.empty();
    run_left();
    return any;
  }
  void run_left() noexcept {
    for (std::function<void()>& work : left_) work();
    left_.clear();
    // Release: an owner that enters and finds 0 again sees what the visitor did.
    attention_.store(0, std::memory_order_release);
  }

  alignas(cache_line) typename Atomics::template Atomic<std::uint32_t> busy_{0};
  alignas(cache_line) typename Atomics::template Atomic<std::uint32_t> attention_{0};
  Mutex mutex_;
  std::vector<std::function<void()>> left_;
};

}  // namespace psyne::inline v0
