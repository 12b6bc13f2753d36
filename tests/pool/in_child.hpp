#pragma once

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>

#include <fork_at_rest.hpp>

namespace psyne_test {

#ifdef __SANITIZE_THREAD__
inline constexpr bool threads_in_child = false;  // it takes them for threads of the parent that it knows
#else
inline constexpr bool threads_in_child = true;
#endif
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
inline constexpr bool fork_among_threads = false;  // its allocator's locks stay held in the child
#else
inline constexpr bool fork_among_threads = true;
#endif

/// What `body` gives in a forked child; -1 when it did not end by itself.
inline int in_child(const std::function<int()>& body) {
  const pid_t child = fork_at_rest();
  if (child == 0) _exit(body());
  int status = 0;
  for (int look = 0; look < 30'000; ++look) {
    if (waitpid(child, &status, WNOHANG) == child) return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    usleep(1000);
  }
  kill(child, SIGKILL);
  waitpid(child, &status, 0);
  return -1;
}

}  // namespace psyne_test
