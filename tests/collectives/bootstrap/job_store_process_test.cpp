// Ranks that are processes, and killed: whoever is left goes on, or is told at once.
#include "channel/process.hpp"
#include "eventually.hpp"
#include "gathering.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::JobRank;
using psyne::JobStore;
using psyne_test::bytes_of;
using psyne_test::fresh_job;
using psyne_test::Process;
using psyne_test::rank_of;
using psyne_test::text_of;

class StoreOverProcesses : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Schemes, StoreOverProcesses, testing::Values("ipc", "tcp"),
                         [](const auto& scheme) { return std::string(scheme.param); });

TEST_P(StoreOverProcesses, AllRanksMeet) {
  constexpr int ranks = 5;
  const JobRank job = fresh_job(GetParam(), ranks);
  std::vector<Process> others;
  for (int rank = ranks - 1; rank > 0; --rank) {
    others.emplace_back([&job, rank]() -> int {
      auto store = JobStore::open(rank_of(job, rank)).value();
      store.set("rank/" + std::to_string(rank), bytes_of(std::to_string(rank)), 20s).value();
      const bool told = text_of(store.get("go", 20s)) == "now";
      store.add("done", 1, 20s).value();
      store.get("end", 20s).value();
      return told ? 0 : 1;
    });
  }
  auto served = JobStore::open(job).value();
  for (int rank = 1; rank < ranks; ++rank) {
    EXPECT_EQ(text_of(served.get("rank/" + std::to_string(rank), 20s)), std::to_string(rank));
  }
  served.set("go", bytes_of("now"), 10s).value();
  EXPECT_TRUE(psyne_test::eventually([&] { return served.add("done", 0, 10s).value() == ranks - 1; }));
  served.set("end", {}, 10s).value();
  for (Process& other : others) EXPECT_EQ(other.wait(), 0);
}

TEST_P(StoreOverProcesses, ARankThatIsKilledWhileItWaitsDisturbsNobody) {
  const JobRank job = fresh_job(GetParam(), 3);
  auto served = JobStore::open(job).value();
  for (int i = 0; i < 3; ++i) {
    Process victim([&job]() -> int {
      auto store = JobStore::open(rank_of(job, 1)).value();
      store.set("waits", {}, 20s).value();
      static_cast<void>(store.get("never", psyne::Wait()));
      return 1;
    });
    served.get("waits", 20s).value();
    victim.kill();
    Process other([&job]() -> int {
      auto store = JobStore::open(rank_of(job, 2)).value();
      return store.add("n", 1, 20s) ? 0 : 1;
    });
    EXPECT_EQ(other.wait(), 0);
  }
  served.set("never", bytes_of("now"), 10s).value();
  EXPECT_EQ(text_of(served.get("n", 10s)), "3");
}

TEST_P(StoreOverProcesses, WhenRank0IsKilledThoseWhoWaitHearIt) {
  const JobRank job = fresh_job(GetParam(), 2);
  Process victim([&job]() -> int {
    auto store = JobStore::open(job).value();
    static_cast<void>(store.get("please", 20s));
    kill(getpid(), SIGKILL);
    return 1;
  });
  auto store = JobStore::open(rank_of(job, 1)).value();
  static_cast<void>(store.set("please", {}, 20s));  // rank 0 may be gone before it has answered
  for (int i = 0; i < 2; ++i) {                     // the second asks when it is known
    const auto value = store.get("never", 20s);
    ASSERT_FALSE(value);
    EXPECT_EQ(value.error(), Code::peer_lost) << value.error().text();
    EXPECT_THAT(value.error().text(), testing::HasSubstr("rank 0"));
  }
  EXPECT_EQ(victim.wait(), -1);
}

}  // namespace
