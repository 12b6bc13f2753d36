#include <psyne/pool/queue/injection_queue.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <deque>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Clock;
using psyne::Deadline;
using psyne::From;
using psyne::InjectionQueue;
using psyne::Priority;
using psyne::Work;

const Deadline start{100h};

struct Numbered : Work {
  explicit Numbered(int own = 0) : Work([](Work&) noexcept {}), number(own) {}
  const int number;
};

/// A queue, and jobs known by their numbers.
class Queue : public InjectionQueue<> {
 public:
  void put(int number, Priority level, Deadline now = start) { put(*own_, number, level, now); }
  void put(Producer& producer, int number, Priority level, Deadline now = start) {
    EXPECT_TRUE(push(producer, jobs_.emplace_back(number), level, now, From::outside));
  }
  /// The numbers that a take gave, 0 for none.
  int one(Deadline now = start, Priority at_least = Priority::background) {
    const std::vector<int> numbers = some(1, 1, now, at_least);
    return numbers.empty() ? 0 : numbers[0];
  }
  std::vector<int> some(std::size_t most, std::size_t share, Deadline now = start,
                        Priority at_least = Priority::background) {
    std::vector<Work*> out(most);
    const Taken taken = take(out, at_least, share, now, turn_++);
    taken_level = taken.level;
    std::vector<int> numbers;
    for (std::size_t place = 0; place < taken.count; ++place) {
      numbers.push_back(static_cast<Numbered*>(out[place])->number);
    }
    return numbers;
  }
  Priority taken_level{};  ///< of the last take

 private:
  std::deque<Numbered> jobs_;
  Producer* own_ = join();
  std::uint32_t turn_ = 0;
};

using Numbers = std::vector<int>;
constexpr std::array levels{Priority::background, Priority::low, Priority::normal, Priority::high, Priority::urgent};

TEST(InjectionQueue, TheHigherLevelIsFirst) {
  Queue queue;
  for (int number = 0; number < 5; ++number) queue.put(number + 1, levels[static_cast<std::size_t>(number)]);
  for (int number = 5; number > 0; --number) EXPECT_EQ(queue.one(), number);
  EXPECT_EQ(queue.one(), 0);
}

TEST(InjectionQueue, FirstComeFirstServedWithinALevel) {
  Queue queue;
  for (int number = 1; number <= 1000; ++number) queue.put(number, Priority::normal, start + number * 1ms);
  for (int number = 1; number <= 1000; ++number) ASSERT_EQ(queue.one(start + 1s), number);
}

TEST(InjectionQueue, SaysAtWhichLevelsSomethingWaits) {
  Queue queue;
  EXPECT_EQ(queue.waiting(), 0U);
  EXPECT_FALSE(queue.any());
  queue.put(1, Priority::low);
  queue.put(2, Priority::urgent);
  queue.put(3, Priority::urgent);
  EXPECT_EQ(queue.waiting(), 0b10010U);
  queue.one();
  EXPECT_EQ(queue.waiting(), 0b10010U) << "one of two is left";
  queue.one();
  EXPECT_TRUE(queue.any());
  EXPECT_EQ(queue.waiting(), 0b00010U) << "who looked has cleared what is empty";
  queue.one();
  EXPECT_FALSE(queue.any());
  EXPECT_EQ(queue.waiting(), 0U);
  queue.put(4, Priority::urgent);
  EXPECT_EQ(queue.waiting(), 0b10000U) << "and who posts has set it again";
}

TEST(InjectionQueue, WhoFindsAHigherLevelEmptyClearsItForOthers) {
  Queue queue;
  queue.put(1, Priority::high);
  queue.put(2, Priority::low);
  EXPECT_EQ(queue.one(), 1);
  EXPECT_EQ(queue.one(), 2);
  EXPECT_EQ(queue.waiting() & 0b01000U, 0U);
}

TEST(InjectionQueue, ServesThreadsByTurnsEachInItsOrder) {
  Queue queue;
  InjectionQueue<>::Producer* const other = queue.join();
  for (int number = 1; number <= 300; ++number) {
    queue.put(number, Priority::normal);
    queue.put(*other, -number, Priority::normal);
  }
  int last = 0, last_of_other = 0, turns = 0, before = 0;
  for (int count = 0; count < 600; ++count) {
    const int number = queue.one();
    ASSERT_NE(number, 0);
    turns += (number > 0) != (before > 0);
    before = number;
    int& expected = number > 0 ? last : last_of_other;
    ASSERT_EQ(number > 0 ? number : -number, expected + 1);
    ++expected;
  }
  EXPECT_GT(turns, 100);
}

TEST(InjectionQueue, AThreadThatGoesLeavesItsEndToTheNext) {
  Queue queue;
  InjectionQueue<>::Producer* const gone = queue.join();
  queue.put(*gone, 1, Priority::normal);
  queue.part(*gone);
  InjectionQueue<>::Producer* const next = queue.join();
  EXPECT_EQ(next, gone);
  EXPECT_NE(queue.join(), gone) << "taken";
  queue.put(*next, 2, Priority::normal);
  EXPECT_EQ(queue.one(), 1) << "what the first has posted is there";
  EXPECT_EQ(queue.one(), 2);
}

TEST(InjectionQueue, GivesAShareOfOneLevelButOneAtLeast) {
  Queue queue;
  for (int number = 1; number <= 10; ++number) queue.put(number, Priority::normal);
  queue.put(11, Priority::high);
  EXPECT_EQ(queue.some(32, 4), (Numbers{11})) << "of one level only";
  EXPECT_EQ(queue.taken_level, Priority::high);
  EXPECT_EQ(queue.some(32, 4), (Numbers{1, 2}));
  EXPECT_EQ(queue.taken_level, Priority::normal);
  EXPECT_EQ(queue.some(3, 1), (Numbers{3, 4, 5})) << "no more than there is room for";
  EXPECT_EQ(queue.some(32, 100), (Numbers{6}));
  EXPECT_EQ(queue.some(32, 1), (Numbers{7, 8, 9, 10}));
  EXPECT_EQ(queue.some(32, 1), Numbers{});
}

TEST(InjectionQueue, GivesNothingBelowWhatIsAskedFor) {
  Queue queue;
  queue.put(1, Priority::low);
  EXPECT_EQ(queue.one(start, Priority::normal), 0);
  EXPECT_EQ(queue.one(start + 999ms, Priority::normal), 0);
  EXPECT_EQ(queue.one(start + 1s, Priority::normal), 1) << "risen to it";
  queue.put(2, Priority::low);
  queue.put(3, Priority::background);
  EXPECT_EQ(queue.one(start, Priority::normal), 0) << "nor of two levels";
  EXPECT_EQ(queue.one(start, Priority::low), 2);
}

TEST(InjectionQueue, WhoWaitsRisesByALevelPerSecondAndByThreeAtMost) {
  for (const std::size_t level : {0U, 1U, 2U}) {
    for (std::size_t above = level + 1; above < levels.size(); ++above) {
      Queue queue;
      queue.put(1, levels[level], start);
      const auto seconds = std::chrono::seconds(above - level);
      const Deadline late = start + seconds;
      queue.put(2, levels[above], late - 1ms);
      EXPECT_EQ(queue.one(late - 1ms, levels[above]), 2) << "not before " << seconds.count() << " seconds";
      queue.put(3, levels[above], late);
      EXPECT_EQ(queue.one(late + 1ms), above - level <= 3 ? 1 : 3)
          << "from " << level << " to " << above << ": who waited longer is first";
    }
  }
}

TEST(InjectionQueue, AnHourIsNoMoreThanThreeSeconds) {
  Queue queue;
  queue.put(1, Priority::background);
  queue.put(2, Priority::urgent, start + 1h);
  EXPECT_EQ(queue.one(start + 1h), 2);
}

TEST(InjectionQueue, OfTwoThatHaveComeToOneLevelTheOlderIsFirst) {
  Queue queue;
  queue.put(1, Priority::background, start);
  queue.put(2, Priority::low, start + 500ms);
  queue.put(3, Priority::normal, start + 2s);
  EXPECT_EQ(queue.one(start + 2s), 1) << "normal since now";
  EXPECT_EQ(queue.one(start + 2s), 2) << "normal for half a second";
  EXPECT_EQ(queue.one(start + 2s), 3);
}

TEST(InjectionQueue, OnlyTheFirstOfALevelLetsItRise) {
  Queue queue;
  queue.put(1, Priority::low, start);
  queue.put(2, Priority::low, start + 1s);
  queue.put(3, Priority::normal, start + 1s);
  EXPECT_EQ(queue.one(start + 1s), 1);
  EXPECT_EQ(queue.one(start + 1s), 3) << "the second came just now";
}

TEST(InjectionQueue, NobodyStarvesBehindAStreamOfMoreUrgentOnes) {
  for (std::size_t level = 0; level < levels.size() - 1; ++level) {
    Queue queue;
    queue.put(-1, levels[level]);
    const Priority above = levels[std::min(level + 3, levels.size() - 1)];
    Clock::duration waited{};
    for (;; waited += 10ms) {
      ASSERT_LT(waited, 4s) << "level " << level;
      queue.put(1, above, start + waited);
      if (queue.one(start + waited) == -1) break;
    }
    EXPECT_GE(waited, 1s);
  }
}

/// A thread may have been held up between its look at the clock and the lock.
TEST(InjectionQueue, ATakerWithAnOldTimeGetsWhatIsThere) {
  Queue queue;
  queue.put(1, Priority::normal, start + 10s);
  queue.put(2, Priority::high, start + 10s);
  EXPECT_EQ(queue.one(start, Priority::high), 2) << "at the level that was asked for";
  queue.put(3, Priority::high, start + 10s);
  queue.put(4, Priority::background, start + 10s);
  EXPECT_EQ(queue.one(start), 3) << "what has come later has not risen";
}

TEST(InjectionQueue, ClosedItTakesFromInsideOnly) {
  Queue queue;
  Numbered outside, inside;
  InjectionQueue<>::Producer& producer = *queue.join();
  EXPECT_FALSE(queue.closed());
  EXPECT_TRUE(queue.close());
  EXPECT_FALSE(queue.close()) << "the second time";
  EXPECT_TRUE(queue.closed());
  EXPECT_FALSE(queue.push(producer, outside, Priority::normal, start, From::outside));
  EXPECT_EQ(queue.waiting(), 0U);
  EXPECT_TRUE(queue.push(producer, inside, Priority::normal, start, From::inside));
  EXPECT_TRUE(queue.any());
}

TEST(InjectionQueue, ThreadsPushAndTakeEachOnce) {
  constexpr int each = 20'000;
  InjectionQueue<> queue;
  std::deque<Numbered> jobs;
  for (int number = 0; number < 2 * each; ++number) jobs.emplace_back(number);
  std::vector<std::atomic<int>> taken(2 * each);
  std::atomic<int> count{0};
  const Deadline patience = Clock::now() + 60s;
  std::vector<std::thread> threads;
  for (int own = 0; own < 2; ++own) {
    threads.emplace_back([&, own] {
      InjectionQueue<>::Producer& producer = *queue.join();
      for (int number = own; number < 2 * each; number += 2) {
        ASSERT_TRUE(queue.push(producer, jobs[static_cast<std::size_t>(number)],
                               levels[static_cast<std::size_t>(number) % 5], Clock::now(), From::outside));
      }
    });
    threads.emplace_back([&, own] {
      std::array<Work*, 8> out{};
      while (count.load() < 2 * each && Clock::now() < patience) {
        const auto got = queue.take(out, Priority::background, 2, Clock::now(), static_cast<std::uint32_t>(own));
        for (std::size_t place = 0; place < got.count; ++place) {
          const int number = static_cast<Numbered*>(out[place])->number;
          EXPECT_EQ(levels[static_cast<std::size_t>(number) % 5], got.level);
          ++taken[static_cast<std::size_t>(number)];
          ++count;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::atomic<int>& times : taken) ASSERT_EQ(times.load(), 1);
}

}  // namespace
