#pragma once

#include <psyne/core/transport/descriptor.hpp>

#include "fork_at_rest.hpp"

#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <functional>

namespace conformance {

/// A process that runs `work` and then waits to be killed; `work` says by its word that it came so far. Killed, at the
/// latest, when this goes.
class Child {
 public:
  /// What the child tells its parent with, and stays.
  class Word {
   public:
    explicit Word(int descriptor) : descriptor_(descriptor) {}
    void say(char letter = '!') const { static_cast<void>(!write(descriptor_, &letter, 1)); }
    [[noreturn]] static void stay() {
      for (;;) pause();
    }

   private:
    int descriptor_;
  };

  explicit Child(const std::function<void(Word&)>& work) {
    std::array<int, 2> ends{};
    if (pipe(ends.data()) != 0) return;
    pid_ = psyne_test::fork_at_rest();
    if (pid_ == 0) {
      close(ends[0]);
      alarm(60);  // whatever becomes of the parent
      Word word(ends[1]);
      work(word);
      _exit(0);
    }
    close(ends[1]);
    words_ = psyne::Descriptor(ends[0]);
  }
  ~Child() { kill(); }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  /// The child's next letter, 0 when it ended or said nothing for 20 s.
  char hear() const {
    pollfd said{.fd = words_.get(), .events = POLLIN, .revents = 0};
    char letter = 0;
    if (poll(&said, 1, 20000) != 1 || read(words_.get(), &letter, 1) != 1) return 0;
    return letter;
  }

  void kill() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    wait();
  }
  /// How it ended, as of waitpid.
  int wait() {
    int status = -1;
    if (pid_ > 0) waitpid(pid_, &status, 0);
    pid_ = -1;
    return status;
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = -1;
  psyne::Descriptor words_;
};

}  // namespace conformance
