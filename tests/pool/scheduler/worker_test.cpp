#include <psyne/pool/scheduler/worker.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace {

using psyne::Errand;
using psyne::Priority;
using psyne::Work;
using Worker = psyne::BasicWorker<>;

struct Nothing : Work {
  Nothing() : Work([](Work&) noexcept {}) {}
};

TEST(Worker, AnErrandHasWhatWasPutAsideSinceItBegan) {
  Worker worker(0);
  Nothing before, part, other_level;
  worker.deque().push(&before);
  EXPECT_EQ(worker.errand().of, nullptr);
  int wait = 0;
  const Errand outside = worker.begin_errand(&wait);
  const Errand errand = worker.errand();
  EXPECT_EQ(errand.of, &wait);
  EXPECT_FALSE(worker.has_part_of(errand));
  worker.deque().push(&part);
  EXPECT_FALSE(worker.has_part_of(errand)) << "the oldest is no part of it";
  EXPECT_EQ(worker.steal_part_of(errand), nullptr);
  EXPECT_EQ(worker.steal(static_cast<std::size_t>(Priority::normal)), &before);
  worker.set_level(Priority::high);
  worker.deque().push(&other_level);
  EXPECT_TRUE(worker.has_part_of(errand));
  EXPECT_EQ(worker.steal_part_of(errand), &part);
  EXPECT_EQ(worker.steal_part_of(errand), nullptr);
  worker.end_errand(outside);
  EXPECT_EQ(worker.errand(), outside);
}

TEST(Worker, ShowsTheInnermostErrandAndTheOutermost) {
  Worker worker(0);
  int waits[3] = {};
  const auto none = worker.begin_errand(&waits[0]);
  const Errand outermost = worker.errand();
  const auto first = worker.begin_errand(&waits[1]);
  const auto second = worker.begin_errand(&waits[2]);
  EXPECT_EQ(worker.errand().of, &waits[2]);
  EXPECT_EQ(worker.outermost_errand(), outermost);
  EXPECT_EQ(worker.errands(), 3U);
  worker.end_errand(second);
  EXPECT_EQ(worker.errand().of, &waits[1]);
  worker.end_errand(first);
  EXPECT_EQ(worker.errand(), outermost);
  worker.end_errand(none);
  EXPECT_EQ(worker.errand().of, nullptr);
  EXPECT_EQ(worker.outermost_errand().of, nullptr);
  static_cast<void>(worker.begin_errand(&waits[0]));
  EXPECT_NE(worker.errand(), outermost) << "of the same wait, but another";
}

TEST(Worker, IsRecalledFromWhatItSleepsForOnce) {
  Worker worker(0);
  int wait = 0, other = 0;
  worker.lie_down();
  EXPECT_EQ(worker.asleep_for(), nullptr) << "for nothing that it could do";
  EXPECT_FALSE(worker.get_up());
  worker.will_sleep_for(&wait);
  EXPECT_FALSE(worker.recall(&wait)) << "it does not sleep yet";
  worker.lie_down();
  EXPECT_EQ(worker.asleep_for(), &wait);
  EXPECT_FALSE(worker.recall(&other));
  EXPECT_TRUE(worker.recall(&wait));
  EXPECT_FALSE(worker.recall(&wait));
  EXPECT_TRUE(worker.get_up());
  EXPECT_TRUE(worker.was_recalled());
  EXPECT_TRUE(worker.stop_searching());
  EXPECT_FALSE(worker.stop_searching());
  worker.forget_recall();
  worker.lie_down();
  EXPECT_FALSE(worker.get_up()) << "it woke by itself";
  EXPECT_FALSE(worker.recall(&wait));
  EXPECT_FALSE(worker.was_recalled());
}

TEST(Worker, EitherWakesByItselfOrIsRecalled) {
  Worker worker(0);
  int wait = 0, recalled = 0, rounds = 0;
  worker.will_sleep_for(&wait);
  std::atomic<bool> end{false};
  std::atomic<int> recalls{0};
  std::thread other([&] {
    while (!end) recalls += worker.recall(&wait) ? 1 : 0;
  });
  for (; rounds < 20'000; ++rounds) {
    worker.lie_down();
    recalled += worker.get_up() ? 1 : 0;
  }
  end = true;
  other.join();
  EXPECT_EQ(recalls, recalled);
}

}  // namespace
