#include "victim.hpp"

#include "script.hpp"

#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <new>
#include <string>

extern char** environ;

namespace step_kill {

namespace {

/// Inherited by victims, and so not close-on-exec.
int page_descriptor() {
  static const int descriptor = [] {
    const int made = memfd_create("progress of victims", 0);
    if (made < 0 || ftruncate(made, sizeof(Progress)) != 0) std::abort();
    return made;
  }();
  return descriptor;
}

std::string chosen;

}  // namespace

Progress& Victim::progress() {
  static Progress& page = progress_in(page_descriptor());
  return page;
}

void Victim::choose(const std::string& place) { chosen = place; }

Victim::Victim(std::string_view script, std::uint64_t kill_at) {
  new (&progress()) Progress;
  progress().kill_at = kill_at;
  chosen.copy(progress().kill_where.data(), progress().kill_where.size() - 1);
  std::string program = "/proc/self/exe", option = "--victim", name(script), page = std::to_string(page_descriptor());
  char* arguments[] = {program.data(), option.data(), name.data(), page.data(), nullptr};
  if (posix_spawn(&pid_, program.c_str(), nullptr, nullptr, arguments, environ) != 0) std::abort();
}

Victim::~Victim() {
  if (ended_ != Ended::not_yet) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
}

bool Victim::gone() {
  if (ended_ != Ended::not_yet) return true;
  int status = 0;
  if (waitpid(pid_, &status, WNOHANG) != pid_) return false;
  status_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
  ended_ = killed ? Ended::killed : status == 0 ? Ended::well : Ended::badly;
  return true;
}

int Victim::main(std::string_view script, int progress_descriptor) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);  // a test that is killed leaves nobody behind
  Progress& progress = progress_in(progress_descriptor);
  close(progress_descriptor);
  become_victim(progress);
  for (const SenderScript& known : sender_scripts) {
    if (known.name == script) return run_sender(known, progress);
  }
  for (const ReceiverScript& known : receiver_scripts) {
    if (known.name == script) return run_receiver(known, progress);
  }
  for (const LinkScript& known : link_scripts) {
    if (known.name == script) return run_link(known, progress);
  }
  return 1;
}

}  // namespace step_kill
