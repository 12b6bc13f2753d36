#include <psyne/core/atomics/atomics.hpp>

#include <linux/futex.h>
#include <linux/membarrier.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <ctime>
#include <limits>

namespace psyne::inline v0 {

namespace {

long membarrier(int command) noexcept { return syscall(SYS_membarrier, command, 0, 0); }

bool register_expedited() noexcept { return membarrier(MEMBARRIER_CMD_REGISTER_GLOBAL_EXPEDITED) == 0; }

int futex_operation(int operation, Sharing sharing) noexcept {
  return sharing == Sharing::process ? operation | FUTEX_PRIVATE_FLAG : operation;
}

}  // namespace

// Registered before main, so that no thread can see it change; a registration survives neither exec nor is it needed
// again after fork, which copies it (kernel: mm_init copies membarrier_state).
bool StandardAtomics::asymmetric_ = register_expedited();

void StandardAtomics::join_barriers() noexcept { static_cast<void>(register_expedited()); }

bool StandardAtomics::asymmetric_barriers() noexcept { return asymmetric_; }

// A locked read-modify-write, which sanitizers understand, instead of a fence, which they do not.
void StandardAtomics::full_barrier() noexcept {
  std::atomic<int> own{0};
  own.exchange(1, std::memory_order_seq_cst);
}

Clock::time_point StandardAtomics::coarse_now() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC_COARSE, &now);  // the clock of std::chrono::steady_clock, as of the last tick
  return Clock::time_point(std::chrono::seconds(now.tv_sec) + std::chrono::nanoseconds(now.tv_nsec));
}

void StandardAtomics::heavy_barrier() noexcept {
  full_barrier();
  if (asymmetric_) static_cast<void>(membarrier(MEMBARRIER_CMD_GLOBAL_EXPEDITED));
}

Sleep StandardAtomics::wait(const Atomic<std::uint32_t>& word, std::uint32_t expected, Sharing sharing,
                            Deadline deadline) noexcept {
  const int operation = futex_operation(FUTEX_WAIT_BITSET, sharing);  // the BITSET form takes an absolute time
  timespec until{};
  if (deadline != no_deadline) {
    // steady_clock is CLOCK_MONOTONIC, as futex wants it; a negative time would be EINVAL instead of long past
    const auto since = std::max(deadline.time_since_epoch(), Clock::duration::zero());
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since);
    until.tv_sec = seconds.count();
    until.tv_nsec = std::chrono::duration_cast<std::chrono::nanoseconds>(since - seconds).count();
  }
  const long ended = syscall(SYS_futex, &word, operation, expected, deadline == no_deadline ? nullptr : &until, nullptr,
                             FUTEX_BITSET_MATCH_ANY);
  return ended != 0 && errno == ETIMEDOUT ? Sleep::timed_out : Sleep::woken;
}

void StandardAtomics::wake(const Atomic<std::uint32_t>& word, std::uint32_t count, Sharing sharing) noexcept {
  constexpr std::uint32_t most = std::numeric_limits<int>::max();
  syscall(SYS_futex, &word, futex_operation(FUTEX_WAKE, sharing), count < most ? count : most, nullptr, nullptr, 0);
}

}  // namespace psyne::inline v0
