#include "tools/perf/peers.hpp"

#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <thread>
#include <utility>

namespace psyne_tool {

using psyne::Code;
using psyne::Error;
using psyne::Result;

namespace {

class ThreadPeer final : public Peer {
 public:
  ThreadPeer(int cpu, std::function<Result<void>()> body)
      : thread_([this, cpu, body = std::move(body)] {
          pin_this_thread_to(cpu);
          result_ = body();
        }) {}
  ~ThreadPeer() override {
    if (thread_.joinable()) thread_.join();
  }
  Result<void> finish() override {
    thread_.join();
    return result_;
  }

 private:
  Result<void> result_;
  std::thread thread_;
};

class ProcessPeer final : public Peer {
 public:
  explicit ProcessPeer(pid_t pid) : pid_(pid) {}
  ~ProcessPeer() override {
    if (pid_ > 0) waitpid(pid_, nullptr, 0);
  }
  Result<void> finish() override {
    int status = -1;
    waitpid(std::exchange(pid_, -1), &status, 0);
    if (status == 0) return {};
    return Error(Code::peer_lost, "the measuring peer process failed").because("its own message stands above");
  }

 private:
  pid_t pid_;
};

}  // namespace

Result<std::unique_ptr<Peer>> Peer::start(bool thread, int cpu, std::function<Result<void>()> body) {
  if (thread) return std::unique_ptr<Peer>(std::make_unique<ThreadPeer>(cpu, std::move(body)));
  std::fflush(nullptr);
  const pid_t pid = fork();
  if (pid < 0) return psyne::system_error(errno, "cannot start the measuring peer process");
  if (pid == 0) {
    pin_this_thread_to(cpu);
    const Result<void> result = body();
    if (!result) std::fprintf(stderr, "psyne perf, peer process: %s\n", result.error().text().c_str());
    _exit(result ? 0 : 1);
  }
  return std::unique_ptr<Peer>(std::make_unique<ProcessPeer>(pid));
}

namespace {

CpuPair first_two() {
  cpu_set_t set;
  CPU_ZERO(&set);
  CpuPair pair;
  if (sched_getaffinity(0, sizeof set, &set) != 0) return pair;
  int found = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE && found < 2; ++cpu) {
    if (!CPU_ISSET(cpu, &set)) continue;
    (found++ == 0 ? pair.ours : pair.theirs) = cpu;
  }
  if (found < 2) pair.theirs = pair.ours;
  return pair;
}

}  // namespace

CpuPair CpuPair::allowed() {
  static const CpuPair pair = first_two();  // before anybody was pinned
  return pair;
}

void pin_this_thread_to(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<std::size_t>(cpu), &set);
  static_cast<void>(sched_setaffinity(0, sizeof set, &set));  // not allowed: measure unpinned
}

}  // namespace psyne_tool
