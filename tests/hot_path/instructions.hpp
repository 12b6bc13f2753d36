#pragma once

#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdint>
#include <optional>

namespace hot_path {

/// Lets `child`, which stands at a stop, go on one instruction at a time until it stops itself. How many there were;
/// nothing where it ended, or may not be stepped through.
inline std::optional<std::uint64_t> step_to_next_stop(pid_t child) {
  constexpr std::uint64_t too_many = 10'000'000;
  int status = 0;
  for (std::uint64_t steps = 0; steps < too_many; ++steps) {
    if (ptrace(PTRACE_SINGLESTEP, child, nullptr, nullptr) != 0 || waitpid(child, &status, 0) != child) break;
    if (!WIFSTOPPED(status)) break;
    if (WSTOPSIG(status) == SIGSTOP) return steps;
    if (WSTOPSIG(status) != SIGTRAP) break;
  }
  return std::nullopt;
}

/// Instructions that the body which `prepare()` returns executes for each of the calls that it is asked for: counted
/// one by one in a child, as the difference of many calls and few. Nothing where processes may not be traced.
template <class Prepare>
std::optional<double> instructions_per_call(Prepare&& prepare) {
  constexpr int few = 4, many = 20;
  const pid_t child = fork();
  if (child == 0) {
    auto body = prepare();
    body(many);  // warm: lazy binding, first touches
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(1);
    for (const int calls : {few, many}) {
      raise(SIGSTOP);
      body(calls);
    }
    raise(SIGSTOP);
    _exit(0);
  }
  int status = 0;
  std::optional<std::uint64_t> of_few, of_many;
  if (waitpid(child, &status, 0) == child && WIFSTOPPED(status)) {
    of_few = step_to_next_stop(child);
    of_many = step_to_next_stop(child);
  }
  kill(child, SIGKILL);
  if (!WIFEXITED(status)) waitpid(child, nullptr, 0);
  if (!of_few || !of_many) return std::nullopt;
  return static_cast<double>(*of_many - *of_few) / (many - few);
}

}  // namespace hot_path
