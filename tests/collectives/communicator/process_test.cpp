// Ranks that are processes, and die.
#include "collectives/communicator/ranks.hpp"
#include "fork_at_rest.hpp"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <cstring>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Communicator;
using psyne::CommunicatorOptions;
using psyne::Op;
using psyne::Rank;

constexpr Rank most = 8;

// What the processes of one test have in common.
struct Common {
  std::atomic<int> there;
  std::array<char, 1024> texts[most];
  std::atomic<int> turns[most];
  std::array<char, 512> ends[most];
  std::atomic<std::int64_t> ended_ns[most];
};

std::int64_t now_ns() { return std::chrono::nanoseconds(psyne::Clock::now().time_since_epoch()).count(); }

class Ranks {
 public:
  Ranks(Rank size, const std::string& transport, const std::function<void(Communicator&, Common&)>& body)
      : common_(static_cast<Common*>(
            mmap(nullptr, sizeof(Common), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0))) {
    const std::string job = collectives_test::fresh_job();
    for (Rank rank = 0; rank < size; ++rank) {
      const pid_t pid = psyne_test::fork_at_rest();
      if (pid == 0) {
        alarm(60);
        run(rank, size, transport, job, body);
        _exit(0);
      }
      pids_.push_back(pid);
    }
  }
  ~Ranks() {
    for (const pid_t pid : pids_) {
      if (pid > 0) kill(pid, SIGKILL);
    }
    join();
    munmap(common_, sizeof(Common));
  }

  void kill_rank(Rank rank) {
    pid_t& pid = pids_[static_cast<std::size_t>(rank)];
    kill(pid, SIGKILL);
    waitpid(pid, nullptr, 0);
    pid = 0;
  }
  void join() {
    for (pid_t& pid : pids_) {
      if (pid > 0) waitpid(pid, nullptr, 0);
      pid = 0;
    }
  }
  Common& common() { return *common_; }

 private:
  void run(Rank rank, Rank size, const std::string& transport, const std::string& job,
           const std::function<void(Communicator&, Common&)>& body) {
    CommunicatorOptions options;
    options.rank = rank;
    options.size = size;
    options.job = job;
    options.token = "of the test";
    options.transports = {transport};
    options.exchange = [&](const std::string& mine, const psyne::Wait&) -> psyne::Result<std::vector<std::string>> {
      std::strncpy(common_->texts[rank].data(), mine.c_str(), common_->texts[rank].size() - 1);
      for (++common_->there; common_->there < size;) std::this_thread::sleep_for(1ms);
      std::vector<std::string> all;
      for (Rank other = 0; other < size; ++other) all.emplace_back(common_->texts[other].data());
      return all;
    };
    auto communicator = Communicator::open(options);
    if (!communicator) return note(rank, communicator.error());
    body(*communicator, *common_);
  }

  void note(Rank rank, const psyne::Error& error) {
    std::strncpy(common_->ends[rank].data(), error.text().c_str(), common_->ends[rank].size() - 1);
  }

  Common* common_;
  std::vector<pid_t> pids_;
};

void reduce_until_it_fails(Communicator& world, Common& common) {
  const Rank rank = world.rank();
  std::vector<float> data(200'000, 1);
  for (;;) {
    const auto done = world.all_reduce(data, Op::max);
    if (!done) {
      common.ended_ns[rank] = now_ns();
      std::strncpy(common.ends[rank].data(), done.error().text().c_str(), common.ends[rank].size() - 1);
      return;
    }
    ++common.turns[rank];
  }
}

class CommunicatorProcesses : public testing::TestWithParam<std::string> {};

TEST_P(CommunicatorProcesses, ReduceTogether) {
  Ranks ranks(3, GetParam(), [](Communicator& world, Common& common) {
    std::vector<std::int64_t> data(100'000, world.rank() + 1);
    if (!world.all_reduce(data, Op::sum)) return;
    common.turns[world.rank()] = static_cast<int>(data.back());
    static_cast<void>(world.barrier());
  });
  ranks.join();
  for (Rank rank = 0; rank < 3; ++rank) EXPECT_EQ(ranks.common().turns[rank], 6) << ranks.common().ends[rank].data();
}

TEST_P(CommunicatorProcesses, SurvivorsNameTheOneThatWasKilled) {
  for (Rank victim = 0; victim < 3; ++victim) {
    Ranks ranks(3, GetParam(), reduce_until_it_fails);
    while (ranks.common().turns[victim] < 20) std::this_thread::sleep_for(1ms);
    const std::int64_t killed = now_ns();
    ranks.kill_rank(victim);
    ranks.join();
    for (Rank rank = 0; rank < 3; ++rank) {
      if (rank == victim) continue;
      const std::string text = ranks.common().ends[rank].data();
      // Though the other survivor may have heard of it, and gone, before.
      EXPECT_NE(text.find("rank " + std::to_string(victim) + " (host "), std::string::npos) << text;
      EXPECT_LT(ranks.common().ended_ns[rank] - killed, 10'000'000'000) << "not at once";
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Transport, CommunicatorProcesses, testing::Values("ipc", "tcp"),
                         [](const auto& transport) { return transport.param; });

}  // namespace
