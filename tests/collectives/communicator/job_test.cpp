// Communicators of the job that started the process: ranks find each other by nothing but their environment.
#include <psyne/collectives/communicator/communicator.hpp>

#include "channel/process.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Communicator;
using psyne::Op;
using psyne_test::Process;

void become(int rank, int size, const std::string& job) {
  const auto set = [](const char* name, const std::string& value) { setenv(name, value.c_str(), 1); };
  set("PSYNE_RANK", std::to_string(rank));
  set("PSYNE_SIZE", std::to_string(size));
  set("PSYNE_LOCAL_RANK", std::to_string(rank));
  set("PSYNE_LOCAL_SIZE", std::to_string(size));
  set("PSYNE_JOB", job);
}

std::string fresh_job() {
  static int jobs = 0;
  return "communicators-" + std::to_string(getpid()) + "-" + std::to_string(jobs++);
}

bool sums(Communicator& world) {
  std::array<int, 3> numbers{1, world.rank(), 10};
  if (!world.all_reduce(numbers, Op::sum)) return false;
  const int size = world.size();
  return numbers == std::array<int, 3>{size, size * (size - 1) / 2, 10 * size};
}

int expect_all(std::vector<Process>& ranks) {
  int good = 0;
  for (Process& rank : ranks) good += rank.wait() == 0 ? 1 : 0;
  return good;
}

TEST(CommunicatorOfAJob, HasItsRanks) {
  constexpr int size = 4;
  const std::string job = fresh_job();
  std::vector<Process> ranks;
  for (int rank = size - 1; rank >= 0; --rank) {
    ranks.emplace_back([rank, &job]() -> int {
      become(rank, size, job);
      auto world = Communicator::open().value();
      return world.rank() == rank && world.size() == size && sums(world) ? 0 : 1;
    });
  }
  EXPECT_EQ(expect_all(ranks), size);
}

// One after the other and at the same time; rank 0 may be through with one that others still open.
TEST(CommunicatorOfAJob, IsOneOfMany) {
  constexpr int size = 3;
  const std::string job = fresh_job();
  std::vector<Process> ranks;
  for (int rank = 0; rank < size; ++rank) {
    ranks.emplace_back([rank, &job]() -> int {
      become(rank, size, job);
      auto kept = Communicator::open().value();
      for (int round = 0; round < 3; ++round) {
        auto passing = Communicator::open({.token = "ours", .transports = {round == 1 ? "tcp" : "ipc"}}).value();
        if (!sums(passing) || !sums(kept)) return 1;
      }
      return 0;
    });
  }
  EXPECT_EQ(expect_all(ranks), size);
}

TEST(CommunicatorOfAJob, TwoJobsDoNotMeet) {
  const std::string one = fresh_job();
  const std::string other = fresh_job();
  std::vector<Process> ranks;
  for (int rank = 0; rank < 4; ++rank) {
    ranks.emplace_back([&, rank]() -> int {
      become(rank / 2, 2, rank % 2 == 0 ? one : other);
      auto world = Communicator::open().value();
      std::array<int, 1> number{rank % 2};
      return world.all_reduce(number, Op::sum) && number[0] == 2 * (rank % 2) ? 0 : 1;
    });
  }
  EXPECT_EQ(expect_all(ranks), 4);
}

TEST(CommunicatorOfAJob, OfOneRankNeedsNobody) {
  Process alone([]() -> int {
    for (const char* name : {"PSYNE_RANK", "PSYNE_SIZE", "RANK", "WORLD_SIZE"}) unsetenv(name);
    auto world = Communicator::open().value();
    return world.rank() == 0 && world.size() == 1 && sums(world) ? 0 : 1;
  });
  EXPECT_EQ(alone.wait(), 0);
}

TEST(CommunicatorOfAJob, SaysWhichRankDoesNotCome) {
  const std::string job = fresh_job();
  std::vector<Process> ranks;
  for (int rank = 0; rank < 2; ++rank) {
    ranks.emplace_back([&, rank]() -> int {
      become(rank, 3, job);
      // Rank 0 longer, since its end is the end of the store.
      auto world = Communicator::open({.open_within = rank == 0 ? 3s : 1s});
      if (world || world.error() != psyne::Code::timed_out) return 1;
      return world.error().text().find("rank 2") != std::string::npos ? 0 : 2;
    });
  }
  EXPECT_EQ(expect_all(ranks), 2);
}

TEST(CommunicatorOfAJob, IsRefusedWhereTheEnvironmentMakesNoSense) {
  Process lost([]() -> int {
    become(5, 3, "nonsense");
    auto world = Communicator::open();
    return !world && world.error() == psyne::Code::invalid_argument &&
                   world.error().text().find("PSYNE_RANK") != std::string::npos
               ? 0
               : 1;
  });
  EXPECT_EQ(lost.wait(), 0);
}

}  // namespace
