#include "tools/run/rank_process.hpp"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <utility>

namespace psyne_tool {

namespace {

struct Pipe {
  psyne::Descriptor read, write;
};

psyne::Result<Pipe> make_pipe() {
  std::array<int, 2> ends{};
  if (pipe2(ends.data(), O_CLOEXEC) != 0) return psyne::system_error(errno, "cannot make a pipe to a rank");
  return Pipe{psyne::Descriptor(ends[0]), psyne::Descriptor(ends[1])};
}

std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const std::string& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));  // NOLINT: exec's type
  pointers.push_back(nullptr);
  return pointers;
}

struct Streams {
  int output = -1, errors = -1;  // -1: as this process has it
  bool input = false;            // as this process has it; else none
};

// In the child, until exec: nothing but system calls.
void become_rank(pid_t parent, const Streams& streams) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);  // it died between fork and prctl, and nobody would be told
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  if (streams.output >= 0) dup2(streams.output, STDOUT_FILENO);
  if (streams.errors >= 0) dup2(streams.errors, STDERR_FILENO);
  if (streams.input) return;
  const int nothing = open("/dev/null", O_RDONLY | O_CLOEXEC);
  if (nothing >= 0) dup2(nothing, STDIN_FILENO);
}

psyne::Error cannot_start(const std::string& program, int number) {
  auto error = psyne::system_error(number, "cannot start " + program);
  if (number == ENOENT)
    return std::move(error).mend("Check the program's name; one that is not on the PATH needs a path, such as ./" +
                                 program + ".");
  if (number == EACCES) return std::move(error).mend("Check that it is a program, and may be run: chmod +x.");
  return error;
}

}  // namespace

bool RankEnd::failed() const { return !WIFEXITED(status) || WEXITSTATUS(status) != 0; }

int RankEnd::exit_code() const { return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status); }

std::string RankEnd::text() const {
  if (WIFEXITED(status)) return "exited with code " + std::to_string(WEXITSTATUS(status));
  const int number = WTERMSIG(status);
  return "was killed by signal " + std::to_string(number) + " (" + strsignal(number) + ")";
}

psyne::Result<RankProcess> RankProcess::start(const Start& start) {
  Pipe output, errors;
  for (Pipe* each : {&output, &errors}) {
    if (!start.read_output) continue;
    auto made = make_pipe();
    if (!made) return made.error();
    *each = *std::move(made);
  }
  auto failure = make_pipe();  // closed by exec, or it tells why there was none
  if (!failure) return failure.error();
  const auto arguments = pointers_to(start.command), environment = pointers_to(start.environment);
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return psyne::system_error(errno, "cannot start a process for rank " + std::to_string(start.rank));
  if (pid == 0) {
    become_rank(parent, {.output = output.write.get(), .errors = errors.write.get(), .input = start.rank == 0});
    execvpe(arguments[0], arguments.data(), environment.data());
    const int number = errno;
    static_cast<void>(!write(failure->write.get(), &number, sizeof number));
    _exit(127);
  }
  failure->write.reset();
  int number = 0;
  ssize_t got = 0;
  do got = read(failure->read.get(), &number, sizeof number);
  while (got < 0 && errno == EINTR);
  if (got == sizeof number) {
    waitpid(pid, nullptr, 0);
    return cannot_start(start.command[0], number);
  }
  return RankProcess{
      .rank = start.rank, .pid = pid, .output = std::move(output.read), .errors = std::move(errors.read)};
}

}  // namespace psyne_tool
