#include <psyne/core/topology/cpu_list.hpp>
#include <psyne/pool/algorithm/par_reduce.hpp>
#include <psyne/pool/pool/pool.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include <eventually.hpp>
#include <pool/in_child.hpp>

namespace {

using namespace std::chrono_literals;
using psyne::Pool;
using psyne_test::eventually;

/// So wide that the budget is this, whatever machine it is.
std::uint32_t width() { return std::max(4U, psyne::usable_cpus()); }

Pool wide_pool(const char* name) { return Pool::open({.workers = width(), .name = name}).value(); }

/// Keeps a pool busy with more short jobs than it has workers. They sleep where the pool does not see it, so that many
/// may run at once on a few CPUs.
class Stream {
 public:
  explicit Stream(Pool& pool) : pool_(pool) {
    for (left_ = static_cast<int>(4 * width()); posted_ < left_; ++posted_) post();
  }
  ~Stream() { end(); }
  void end() {
    stop_ = true;
    EXPECT_TRUE(eventually([this] { return left_ == 0; }));
  }
  std::uint32_t running() const { return running_; }
  std::uint64_t runs() const { return runs_; }

 private:
  void post() {
    pool_.post([this] {
      ++running_;
      std::this_thread::sleep_for(200us);
      --running_;
      ++runs_;
      stop_ ? static_cast<void>(--left_) : post();
    });
  }

  Pool& pool_;
  int posted_ = 0;
  std::atomic<int> left_{0};
  std::atomic<bool> stop_{false};
  std::atomic<std::uint32_t> running_{0};
  std::atomic<std::uint64_t> runs_{0};
};

std::uint32_t places(const Pool& pool) { return pool.state().scheduler().crew().places(); }
bool narrow(const Pool& pool) { return places(pool) < width(); }

/// Whether `holds()` is true at all looks of a twentieth of a second, at some time.
bool eventually_for_a_while(const std::function<bool()>& holds) {
  for (int time = 0; time < 100; ++time) {
    int looks = 0;
    while (looks < 100 && holds()) {
      ++looks;
      std::this_thread::sleep_for(500us);
    }
    if (looks == 100) return true;
    std::this_thread::sleep_for(10ms);
  }
  return false;
}

TEST(ProcessBudget, TwoBusyPoolsRunNoMoreThanTheBudgetAtOnce) {
  Pool first = wide_pool("first"), second = wide_pool("second");
  const Stream one(first), other(second);
  EXPECT_TRUE(eventually_for_a_while([&] { return one.running() + other.running() <= width(); }));
  EXPECT_TRUE(eventually([&] { return narrow(first) && narrow(second); }));
  EXPECT_EQ(first.workers(), width()) << "what was asked for";
  const auto before = one.runs();
  EXPECT_TRUE(eventually([&] { return one.runs() > before + 100; }));
}

TEST(ProcessBudget, OnePoolRunsAsManyAsItHasWorkers) {
  Pool pool = wide_pool("alone");
  const Pool idle = wide_pool("idle");
  const Stream stream(pool);
  EXPECT_TRUE(eventually([&] { return stream.running() == width(); }));
  // On a busy machine the idle pool's workers may look for work for a while before they first sleep.
  EXPECT_TRUE(eventually_for_a_while([&] { return places(pool) == width(); }));
}

TEST(ProcessBudget, TheShareOfAPoolThatIsIdleGoesToTheOther) {
  Pool first = wide_pool("first"), second = wide_pool("second");
  const Stream one(first);
  for (int turn = 0; turn < 3; ++turn) {
    Stream other(second);
    ASSERT_TRUE(eventually([&] { return narrow(first) && narrow(second); }));
    other.end();
    ASSERT_TRUE(eventually([&] { return !narrow(first) && !narrow(second); }));
    ASSERT_TRUE(eventually([&] { return one.running() == width(); })) << "places that come back are taken";
  }
}

/// As many jobs as the pool has workers that need each other to run at once, some times. They wait where the pool does
/// not see it, and give up only long after the test has failed.
class Meeting {
 public:
  Meeting(Pool& pool, std::uint32_t times) : pool_(pool), all_(times * width()) { post(); }
  bool over() const { return left_ == all_; }

 private:
  void post() {
    for (std::uint32_t job = 0; job < width(); ++job) pool_.post([this] { meet(); });
  }
  void meet() {
    const std::uint32_t number = ++arrived_;
    const std::uint32_t round_is_full = (number + width() - 1) / width() * width();
    const auto full = [&] { return arrived_ >= round_is_full; };
    for (int look = 0; look < 100'000 && !full() && !hopeless_; ++look) std::this_thread::sleep_for(200us);
    if (!full()) hopeless_ = true;
    if (number == round_is_full && number != all_) post();
    if (full()) ++left_;
  }

  Pool& pool_;
  const std::uint32_t all_;
  std::atomic<std::uint32_t> arrived_{0};
  std::atomic<std::uint32_t> left_{0};
  std::atomic<bool> hopeless_{false};
};

TEST(ProcessBudget, JobsThatMeetGetThroughInEachOfTwoPools) {
  Pool first = wide_pool("first"), second = wide_pool("second");
  const Meeting one(first, 20), other(second, 20);
  EXPECT_TRUE(eventually([&] { return one.over() && other.over(); }));
}

TEST(ProcessBudget, JobsThatMeetGetThroughInANarrowPool) {
  Pool first = wide_pool("first"), second = wide_pool("second");
  const Stream busy(first);
  std::optional<Stream> before(second);
  ASSERT_TRUE(eventually([&] { return narrow(second); }));
  const Meeting meeting(second, 2);
  before.reset();
  EXPECT_TRUE(eventually([&] { return meeting.over(); }));
}

TEST(ProcessBudget, GuestsOfTwoPoolsGetTheirWorkDone) {
  Pool first = wide_pool("first"), second = wide_pool("second");
  const Stream busy(second);
  const std::vector<int> ones(200'000, 1);
  const auto sum = [&](Pool& pool) { return psyne::par_reduce(ones, 0, std::plus{}, {.pool = &pool}); };
  std::atomic<int> right{0};
  std::thread other([&] {
    for (int turn = 0; turn < 50; ++turn) right += sum(second) == 200'000 ? 1 : 0;
  });
  for (int turn = 0; turn < 50; ++turn) right += sum(first) == 200'000 ? 1 : 0;
  other.join();
  EXPECT_EQ(right, 100);
}

TEST(ProcessBudget, PoolsComeAndGoWhileAnotherIsBusy) {
  Pool stays = wide_pool("stays");
  const Stream busy(stays);
  int sum = 0;
  for (int turn = 0; turn < 1000; ++turn) {
    Pool pool = Pool::open({.workers = 2, .name = "goes"}).value();
    sum += pool.submit([] { return 1; }).get();
  }
  EXPECT_EQ(sum, 1000);
  EXPECT_TRUE(eventually([&] { return !narrow(stays) && busy.running() == width(); }));
}

/// How often the service thread has gone to sleep; nothing where there is none.
std::optional<std::uint64_t> sleeps_of_service() {
  for (const auto& task : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string name;
    std::ifstream(task.path() / "comm") >> name;
    if (name != "psyne-service") continue;
    std::ifstream status(task.path() / "status");
    for (std::string word; status >> word;) {
      std::uint64_t count = 0;
      if (word == "voluntary_ctxt_switches:" && status >> count) return count;
    }
  }
  return std::nullopt;
}

bool service_sleeps() {
  const auto before = sleeps_of_service();
  std::this_thread::sleep_for(200ms);
  return sleeps_of_service() == before;
}

TEST(ProcessBudgetAlone, WhenPoolsAreIdleTheClockStands) {
  Pool first = wide_pool("first"), second = wide_pool("second");
  {
    const Stream one(first), other(second);
    ASSERT_TRUE(eventually([&] { return narrow(first) && narrow(second); }));
    EXPECT_TRUE(sleeps_of_service().has_value());
    EXPECT_FALSE(service_sleeps()) << "while both are busy it ticks";
  }
  bool stands = false;
  for (int time = 0; time < 50 && !stands; ++time) stands = service_sleeps();
  EXPECT_TRUE(stands);
}

TEST(ProcessBudgetFork, AChildSharesOutAmongItsOwnPools) {
  if (!psyne_test::fork_among_threads) GTEST_SKIP() << "this sanitizer cannot fork while other threads allocate";
  Pool first = wide_pool("first"), second = wide_pool("second");
  const Stream one(first), other(second);
  ASSERT_TRUE(eventually([&] { return narrow(first) && narrow(second); }));
  for (int round = 0; round < 20; ++round) {
    ASSERT_EQ(psyne_test::in_child([] {
                Pool own = wide_pool("own"), own_too = wide_pool("own too");
                Stream stream(own);
                const Stream stream_too(own_too);
                if (!eventually([&] { return narrow(own) && narrow(own_too); })) return 1;
                stream.end();
                return eventually([&] { return !narrow(own_too); }) ? 0 : 2;
              }),
              0);
  }
  EXPECT_TRUE(eventually([&] { return narrow(first) && narrow(second); })) << "the parent's go on";
}

}  // namespace
