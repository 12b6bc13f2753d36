#include <psyne/core/executor/inline_executor.hpp>
#include <psyne/core/executor/manual_executor.hpp>
#include <psyne/core/timer/timer_queue.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <deque>
#include <map>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Deadline;
using psyne::inline_executor;
using psyne::no_deadline;
using psyne::Timer;
using psyne::TimerQueue;
using psyne::Work;

const Deadline start(1000s);  // virtual time

// A timer that writes down that it fired.
struct Bell : Work {
  Bell(int number, std::vector<int>& rung, psyne::Executor& executor = inline_executor())
      : Work(&ring), timer(*this, executor), number_(number), rung_(&rung) {}
  Timer timer;

 private:
  static void ring(Work& self) noexcept {
    auto& bell = static_cast<Bell&>(self);
    bell.rung_->push_back(bell.number_);
  }
  int number_;
  std::vector<int>* rung_;
};

struct TimerQueues : testing::Test {
  TimerQueue<> queue;
  std::vector<int> rung;
};

TEST_F(TimerQueues, NothingFiresBeforeItsTime) {
  Bell bell(1, rung);
  EXPECT_EQ(queue.next_deadline(), no_deadline);
  EXPECT_EQ(queue.expire(start), 0u);
  EXPECT_TRUE(queue.add(bell.timer, start + 1s));
  EXPECT_EQ(queue.next_deadline(), start + 1s);
  EXPECT_EQ(queue.expire(start + 1s - 1ns), 0u);
  EXPECT_TRUE(rung.empty());
  EXPECT_EQ(queue.expire(start + 1s), 1u);
  EXPECT_EQ(rung, std::vector<int>{1});
  EXPECT_EQ(queue.next_deadline(), no_deadline);
  EXPECT_EQ(queue.expire(start + 5s), 0u);
}

TEST_F(TimerQueues, FiresByDeadlineAndEqualOnesInTheOrderOfAdding) {
  Bell a(1, rung), b(2, rung), c(3, rung), d(4, rung), e(5, rung);
  EXPECT_TRUE(queue.add(a.timer, start + 3s));
  EXPECT_TRUE(queue.add(b.timer, start + 1s));
  EXPECT_FALSE(queue.add(c.timer, start + 1s));
  EXPECT_FALSE(queue.add(d.timer, start + 2s));
  EXPECT_FALSE(queue.add(e.timer, start + 1s));
  EXPECT_EQ(queue.expire(start + 2s), 4u);
  EXPECT_EQ(queue.next_deadline(), start + 3s);
  EXPECT_EQ(queue.expire(start + 9s), 1u);
  EXPECT_EQ(rung, (std::vector<int>{2, 3, 5, 4, 1}));
}

TEST_F(TimerQueues, CancelSaysWhetherItCameInTime) {
  Bell a(1, rung), b(2, rung), c(3, rung);
  EXPECT_FALSE(queue.cancel(a.timer));  // never added
  static_cast<void>(queue.add(a.timer, start + 1s));
  static_cast<void>(queue.add(b.timer, start + 2s));
  static_cast<void>(queue.add(c.timer, start + 3s));
  EXPECT_TRUE(queue.cancel(a.timer));
  EXPECT_FALSE(queue.cancel(a.timer));
  EXPECT_EQ(queue.next_deadline(), start + 2s);
  EXPECT_EQ(queue.expire(start + 2s), 1u);
  EXPECT_FALSE(queue.cancel(b.timer));  // fired
  EXPECT_TRUE(queue.cancel(c.timer));
  EXPECT_EQ(queue.next_deadline(), no_deadline);
  EXPECT_EQ(rung, std::vector<int>{2});
}

TEST_F(TimerQueues, ATimerMayBeAddedAgain) {
  Bell bell(1, rung);
  static_cast<void>(queue.add(bell.timer, start));
  queue.expire(start);
  static_cast<void>(queue.add(bell.timer, start + 1s));
  EXPECT_TRUE(queue.cancel(bell.timer));
  static_cast<void>(queue.add(bell.timer, start + 2s));
  queue.expire(start + 2s);
  EXPECT_EQ(rung.size(), 2u);
}

TEST_F(TimerQueues, OneWithoutADeadlineWaitsToBeCancelled) {
  Bell bell(1, rung);
  static_cast<void>(queue.add(bell.timer, no_deadline));
  EXPECT_EQ(queue.next_deadline(), no_deadline);
  EXPECT_EQ(queue.expire(no_deadline - 1ns), 0u);
  EXPECT_TRUE(queue.cancel(bell.timer));
}

TEST_F(TimerQueues, PostsToTheExecutorAndRunsNothingItself) {
  psyne::ManualExecutor executor;
  Bell bell(1, rung, executor);
  static_cast<void>(queue.add(bell.timer, start));
  EXPECT_EQ(queue.expire(start), 1u);
  EXPECT_TRUE(rung.empty());
  EXPECT_FALSE(queue.cancel(bell.timer));
  executor.run_all();
  EXPECT_EQ(rung, std::vector<int>{1});
}

// Work that adds its own timer for a time that is past already must not keep expire() for ever.
TEST_F(TimerQueues, WhatIsAddedMeanwhileWaitsForTheNextCall) {
  struct Again : Work {
    explicit Again(TimerQueue<>& own) : Work(&run_again), timer(*this, inline_executor()), queue(&own) {}
    static void run_again(Work& self) noexcept {
      auto& again = static_cast<Again&>(self);
      ++again.count;
      static_cast<void>(again.queue->add(again.timer, start));
    }
    Timer timer;
    TimerQueue<>* queue;
    int count = 0;
  };
  Again again(queue);
  static_cast<void>(queue.add(again.timer, start));
  EXPECT_EQ(queue.expire(start), 1u);
  EXPECT_EQ(queue.expire(start), 1u);
  EXPECT_EQ(again.count, 2);
  EXPECT_TRUE(queue.cancel(again.timer));
}

// Work may destroy what has a timer that is due as well.
TEST_F(TimerQueues, WhatIsDueMayBeCancelledUntilItsTurn) {
  struct Canceller : Work {
    Canceller(TimerQueue<>& own, Timer& victim)
        : Work(&run_cancel), timer(*this, inline_executor()), queue(&own), other(&victim) {}
    static void run_cancel(Work& self) noexcept {
      auto& canceller = static_cast<Canceller&>(self);
      canceller.in_time = canceller.queue->cancel(*canceller.other);
    }
    Timer timer;
    TimerQueue<>* queue;
    Timer* other;
    bool in_time = false;
  };
  for (std::size_t victim = 0; victim < 7; ++victim) {
    rung.clear();
    std::deque<Bell> bells;
    for (int number = 0; number < 7; ++number) bells.emplace_back(number, rung);
    Canceller canceller(queue, bells[victim].timer);
    static_cast<void>(queue.add(canceller.timer, start));
    std::vector<int> others;
    for (std::size_t place = 0; place < bells.size(); ++place) {
      static_cast<void>(queue.add(bells[place].timer, start));
      if (place != victim) others.push_back(static_cast<int>(place));
    }
    EXPECT_EQ(queue.expire(start), 7U);
    EXPECT_TRUE(canceller.in_time);
    EXPECT_FALSE(queue.cancel(bells[victim].timer));
    EXPECT_EQ(rung, others);
  }
}

TEST_F(TimerQueues, TellsWhoseWorkIsBeingPosted) {
  struct Looking : Work {
    explicit Looking(TimerQueue<>& own)
        : Work([](Work& self) noexcept {
            auto& looking = static_cast<Looking&>(self);
            looking.saw_itself = looking.queue->posting(looking.timer);
            looking.saw_other = looking.queue->posting(*looking.other);
          }),
          timer(*this, inline_executor()),
          queue(&own) {}
    Timer timer;
    TimerQueue<>* queue;
    Timer* other = nullptr;
    bool saw_itself = false, saw_other = true;
  };
  Looking one(queue), two(queue);
  one.other = &two.timer;
  two.other = &one.timer;
  static_cast<void>(queue.add(one.timer, start));
  static_cast<void>(queue.add(two.timer, start));
  int posted = 0;
  EXPECT_EQ(queue.expire(start,
                         [&] {
                           ++posted;
                           EXPECT_FALSE(queue.posting(one.timer) || queue.posting(two.timer));
                         }),
            2U);
  EXPECT_EQ(posted, 2);
  EXPECT_TRUE(one.saw_itself && two.saw_itself);
  EXPECT_FALSE(one.saw_other || two.saw_other);
}

// Random adds, cancels and expiries against an ordered map that cannot be wrong.
TEST_F(TimerQueues, AgreesWithAnOrderedMap) {
  std::mt19937 random(7);
  std::deque<Bell> bells;
  for (int i = 0; i < 300; ++i) bells.emplace_back(i, rung);
  std::multimap<Deadline, int> waiting;  // equal keys stay in the order of insertion
  Deadline now = start;
  for (int step = 0; step < 40'000; ++step) {
    const int number = static_cast<int>(random() % bells.size());
    Timer& timer = bells[static_cast<std::size_t>(number)].timer;
    const auto found =
        std::find_if(waiting.begin(), waiting.end(), [&](auto& entry) { return entry.second == number; });
    const auto kind = random() % 8;
    if (kind == 0) {
      now += std::chrono::nanoseconds(random() % 50);
      rung.clear();
      const std::size_t fired = queue.expire(now);
      std::vector<int> expected;
      while (!waiting.empty() && waiting.begin()->first <= now) {
        expected.push_back(waiting.begin()->second);
        waiting.erase(waiting.begin());
      }
      ASSERT_EQ(rung, expected);
      ASSERT_EQ(fired, expected.size());
    } else if (found != waiting.end()) {
      if (kind < 4) {
        ASSERT_TRUE(queue.cancel(timer));
        waiting.erase(found);
      }
    } else {
      const Deadline deadline = now + std::chrono::nanoseconds(random() % 200);
      const bool first = waiting.empty() || deadline < waiting.begin()->first;
      waiting.emplace(deadline, number);
      ASSERT_EQ(queue.add(timer, deadline), first);
    }
    ASSERT_EQ(queue.next_deadline(), waiting.empty() ? no_deadline : waiting.begin()->first);
  }
  for (Bell& bell : bells) queue.cancel(bell.timer);
  EXPECT_EQ(queue.next_deadline(), no_deadline);
}

// A tree that degenerates would need a stack as deep as it has timers.
TEST_F(TimerQueues, HoldsManyTimersInAnyOrder) {
  std::deque<Bell> bells;
  for (int i = 0; i < 200'000; ++i) bells.emplace_back(i, rung);
  const auto deadline_of = [](std::size_t i) {
    if (i % 3 == 0) return start + std::chrono::nanoseconds(i);            // rising
    if (i % 3 == 1) return start + std::chrono::nanoseconds(200'000 - i);  // falling
    return start + 100us;                                                  // all the same
  };
  for (std::size_t i = 0; i < bells.size(); ++i) static_cast<void>(queue.add(bells[i].timer, deadline_of(i)));
  for (std::size_t i = 0; i < bells.size(); i += 2) EXPECT_TRUE(queue.cancel(bells[i].timer));
  EXPECT_EQ(queue.expire(start + 1s), bells.size() / 2);
  EXPECT_TRUE(std::is_sorted(rung.begin(), rung.end(), [&](int a, int b) {
    return deadline_of(static_cast<std::size_t>(a)) < deadline_of(static_cast<std::size_t>(b));
  }));
}

TEST_F(TimerQueues, EachFiresOrIsCancelledNeverBothUnderContention) {
  struct Counting : Work {
    Counting() : Work(&count), timer(*this, inline_executor()) {}
    static void count(Work& self) noexcept { ++static_cast<Counting&>(self).fired; }
    Timer timer;
    std::atomic<int> fired{0};
  };
  std::vector<Counting> timers(4'000);
  std::atomic<bool> done{false};
  std::thread driver([&] {
    Deadline now = start;
    while (!done) queue.expire(now += 1ns);
    queue.expire(start + 1h);
  });
  std::vector<std::thread> owners;
  std::atomic<int> cancelled{0};
  for (std::size_t owner = 0; owner < 2; ++owner) {
    owners.emplace_back([&, owner] {
      std::mt19937 random(static_cast<unsigned>(owner));
      for (std::size_t i = owner; i < timers.size(); i += 2) {
        static_cast<void>(queue.add(timers[i].timer, start + std::chrono::nanoseconds(random() % 20'000)));
        if (random() % 2 == 0 && queue.cancel(timers[i].timer)) {
          ++cancelled;
          timers[i].fired += 100;
        }
      }
    });
  }
  for (std::thread& owner : owners) owner.join();
  done = true;
  driver.join();
  int fired = 0;
  for (const Counting& timer : timers) {
    EXPECT_TRUE(timer.fired == 1 || timer.fired == 100) << timer.fired;
    fired += timer.fired == 1;
  }
  EXPECT_EQ(fired + cancelled, 4'000);
}

}  // namespace
