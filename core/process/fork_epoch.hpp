#pragma once

#include <psyne/core/function/function.hpp>
#include <psyne/core/result/error.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

namespace psyne::inline v0 {

/// Counts the forks between the process in which the program began and this one; read by fork_epoch().
extern std::atomic<std::uint32_t> current_fork_epoch;

/// A number that is another in a forked child than in its parent. An object keeps the one it was opened with; if it is
/// another when the object is used, the object belongs to the parent, and the call ends with forked_error().
/// Any thread, async-signal-safe; one load. Children made by vfork, posix_spawn or a bare clone(2) are not noticed:
/// they must go on to exec.
inline std::uint32_t fork_epoch() noexcept { return current_fork_epoch.load(std::memory_order_relaxed); }

/// Code::forked, saying what was tried ("cannot send to ipc://ticks"), in which process, and what to do.
Error forked_error(std::string what);

/// Something that every forked child does first; undone in O(1) when this goes.
class [[nodiscard]] ForkHook {
 public:
  struct Entry;

  ForkHook() noexcept;
  explicit ForkHook(std::unique_ptr<Entry> entry) noexcept;
  ForkHook(ForkHook&& other) noexcept;
  ForkHook& operator=(ForkHook&& other) noexcept;
  ~ForkHook();

 private:
  std::unique_ptr<Entry> entry_;
};

/// Runs `hook` in the child of every fork(), before fork() returns there, in the order of registration; fork_epoch() is
/// new by then. Must not throw.
///
/// In the child only the forking thread lives, and locks and heap may be in the middle of a change that another thread
/// was making. So a hook does what is async-signal-safe and no more: close descriptors, store to memory. It may drop
/// other ForkHooks, not its own. Any thread; one allocation.
ForkHook on_fork_in_child(Function<void()> hook);

}  // namespace psyne::inline v0
