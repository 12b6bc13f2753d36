#pragma once

#include "fork_at_rest.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <string>
#include <thread>
#include <utility>

namespace psyne_test {

/// A forked process that runs `body` and exits with what it returns; killed, if it still runs, with its last owner.
class Process {
 public:
  explicit Process(const std::function<int()>& body) : pid_(fork_at_rest()) {
    if (pid_ != 0) return;
    prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that is killed leaves nobody behind
    _exit(body());
  }
  Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)) {}
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;
  ~Process() {
    if (pid_ > 0) kill();
  }

  pid_t pid() const { return pid_; }
  void kill() {
    ::kill(pid_, SIGKILL);
    static_cast<void>(wait());
  }
  /// Its exit status, or -1 when it was killed.
  int wait() {
    int status = -1;
    waitpid(std::exchange(pid_, -1), &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
  }

 private:
  pid_t pid_;
};

/// The URI of a channel between processes that nobody else uses.
inline std::string fresh_uri() {
  static int names = 0;
  return "ipc://process-test-" + std::to_string(getpid()) + "-" + std::to_string(++names);
}

/// For ever, until somebody kills this process.
[[noreturn]] inline void wait_to_be_killed() {
  for (;;) pause();
}

}  // namespace psyne_test
