#include "tools/run/rank_group.hpp"

#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>

namespace psyne_tool {

namespace {

constexpr std::chrono::seconds grace{5};

sigset_t heard_signals() {
  sigset_t signals;
  sigemptyset(&signals);
  for (const int each : {SIGINT, SIGTERM, SIGHUP, SIGCHLD}) sigaddset(&signals, each);
  return signals;
}

}  // namespace

void RankGroup::block_signals() {
  const sigset_t signals = heard_signals();
  sigprocmask(SIG_BLOCK, &signals, nullptr);
}

int RankGroup::wait() {
  const sigset_t heard = heard_signals();
  const psyne::Descriptor signals(signalfd(-1, &heard, SFD_CLOEXEC | SFD_NONBLOCK));
  reap();  // who ended before is told by no further signal
  while (any_runs()) {
    std::vector<pollfd> watched{{.fd = signals.get(), .events = POLLIN, .revents = 0}};
    for (const LabelledStream& stream : streams_) {
      watched.push_back({.fd = stream.ended() ? -1 : stream.from(), .events = POLLIN, .revents = 0});
    }
    if (poll(watched.data(), watched.size(), until_kill()) < 0 && errno != EINTR) break;
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      if (watched[i + 1].revents != 0) streams_[i].pass_on();
    }
    for (signalfd_siginfo signal{}; read(signals.get(), &signal, sizeof signal) == sizeof signal;) hear(signal);
    if (kill_ && Clock::now() >= *kill_) {
      kill_.reset();
      end_others(SIGKILL);
    }
  }
  for (LabelledStream& stream : streams_) stream.finish();
  return exit_code_;
}

void RankGroup::kill() {
  end_others(SIGKILL);
  for (RankProcess& rank : ranks_) {
    if (rank.running()) waitpid(rank.pid, nullptr, 0);
  }
}

bool RankGroup::any_runs() const {
  return std::ranges::any_of(ranks_, [](const RankProcess& rank) { return rank.running(); });
}

// What a terminal sends goes to its whole foreground group, so the ranks have it already.
void RankGroup::hear(const signalfd_siginfo& signal) {
  const auto number = static_cast<int>(signal.ssi_signo);
  if (number == SIGCHLD) return reap();
  const bool by_terminal = signal.ssi_code == SI_KERNEL;
  if (told_to_end_ && !kill_) kill_ = Clock::now() + grace;
  told_to_end_ = true;
  if (!by_terminal) end_others(number);
}

void RankGroup::reap() {
  for (RankProcess& rank : ranks_) {
    int status = 0;
    if (!rank.running() || waitpid(rank.pid, &status, WNOHANG) != rank.pid) continue;
    rank.end = RankEnd{status};
    if (!rank.end->failed() || exit_code_ != 0) continue;
    exit_code_ = rank.end->exit_code();
    if (told_to_end_) continue;  // each takes what time it needs to save its work; who asks again has lost patience
    report(rank);
    if (!kill_) kill_ = Clock::now() + grace;
    end_others(SIGTERM);
  }
}

void RankGroup::report(const RankProcess& rank) {
  const std::string end = rank.end->text();
  const char* others = ranks_.size() > 1 ? " The other ranks are ended." : "";
  std::fprintf(stderr,
               "psyne run: rank %d (pid %d) %s.%s Look at what it wrote; --label tells which rank wrote what.\n",
               rank.rank, rank.pid, end.c_str(), others);
}

void RankGroup::end_others(int signal) {
  for (const RankProcess& rank : ranks_) {
    if (rank.running()) ::kill(rank.pid, signal);
  }
}

int RankGroup::until_kill() const {
  if (!kill_) return -1;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(*kill_ - Clock::now());
  return static_cast<int>(std::max<std::int64_t>(left.count(), 0));
}

}  // namespace psyne_tool
