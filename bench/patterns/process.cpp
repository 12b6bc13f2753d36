#include "patterns/process.hpp"

#include "pair/network.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <system_error>
#include <utility>

namespace patterns_bench {

Process::Process(const char* name, const std::function<void(Control&)>& life) : Process(name, life, Control::pair()) {}

Process::Process(Process&& other) noexcept : pid_(std::exchange(other.pid_, -1)), control_(std::move(other.control_)) {}

Process::~Process() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  while (::waitpid(pid_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

Process::Process(const char* name, const std::function<void(Control&)>& life, std::pair<Control, Control> ends)
    : pid_(::fork()), control_(std::move(ends.first)) {
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
  if (pid_ != 0) return;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  try {
    psyne::bench::enter_network(psyne::bench::Side::follower);
    life(ends.second);
  } catch (const std::exception& failure) {
    std::fprintf(stderr, "%s: %s\n", name, failure.what());
    std::_Exit(1);
  }
  std::_Exit(0);
}

}  // namespace patterns_bench
