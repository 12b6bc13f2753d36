#include <psyne/pool/queue/outbox.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <deque>
#include <new>
#include <random>
#include <thread>
#include <vector>

namespace {

// What this thread asks the system for: counted, and refused while there is none.
thread_local std::size_t allocated = 0;
thread_local bool none_left = false;

}  // namespace

void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  if (none_left) return nullptr;
  ++allocated;
  return std::malloc(bytes);
}
void* operator new(std::size_t bytes) {
  if (void* memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using namespace std::chrono_literals;
using psyne::Clock;
using psyne::Deadline;
using psyne::Outbox;
using psyne::Work;

const Deadline epoch{100h};

struct Entry : Work {
  Entry() : Work([](Work&) noexcept {}) {}
  std::size_t number = 0;
};

std::deque<Entry> numbered(std::size_t count) {
  std::deque<Entry> works(count);
  for (std::size_t number = 0; number < count; ++number) works[number].number = number;
  return works;
}

std::size_t number(const Work* work) { return static_cast<const Entry*>(work)->number; }

/// Takes up to `most` entries, a `share`-th of what there is.
std::vector<std::size_t> take(Outbox<>& box, std::size_t most, std::size_t share = 1) {
  std::vector<Work*> out(most);
  std::vector<std::size_t> numbers;
  EXPECT_TRUE(box.take_turn());
  const std::size_t count = box.take(out, share);
  box.end_turn();
  for (std::size_t place = 0; place < count; ++place) numbers.push_back(number(out[place]));
  return numbers;
}

TEST(Outbox, IsEmptyAtFirst) {
  Outbox<> box;
  EXPECT_TRUE(box.empty());
  EXPECT_EQ(take(box, 3), std::vector<std::size_t>{});
}

TEST(Outbox, KeepsTheOrderOverManyChunks) {
  auto works = numbered(1000);
  Outbox<> box;
  for (Entry& work : works) ASSERT_TRUE(box.push(work, epoch));
  EXPECT_EQ(box.size(), 1000U);
  std::size_t next = 0;
  for (std::size_t most = 1; next < works.size(); most = most % 200 + 1) {
    for (const std::size_t one : take(box, most)) ASSERT_EQ(one, next++);
    ASSERT_EQ(box.size(), works.size() - next);
  }
  EXPECT_TRUE(box.empty());
}

/// Every fill at which a chunk begins or ends, and every place within one to begin at.
TEST(Outbox, IsEmptiedAndFilledAnywhere) {
  auto works = numbered(300);
  Outbox<> box;
  for (std::size_t count = 1; count <= 300; ++count) {
    for (std::size_t next = 0; next < count; ++next) ASSERT_TRUE(box.push(works[next], epoch));
    const auto taken = take(box, 1000);
    ASSERT_EQ(taken.size(), count);
    for (std::size_t next = 0; next < count; ++next) ASSERT_EQ(taken[next], next) << "of " << count;
    ASSERT_TRUE(box.empty());
  }
}

TEST(Outbox, GivesAShareButOneAtLeast) {
  auto works = numbered(12);
  Outbox<> box;
  for (Entry& work : works) ASSERT_TRUE(box.push(work, epoch));
  EXPECT_EQ(take(box, 32, 4), (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(take(box, 1, 4), (std::vector<std::size_t>{3})) << "no more than there is room for";
  EXPECT_EQ(take(box, 32, 100), (std::vector<std::size_t>{4}));
  EXPECT_EQ(take(box, 32, 1).size(), 7U);
}

TEST(Outbox, KnowsWhenItsOldestCame) {
  auto works = numbered(300);
  Outbox<> box;
  EXPECT_EQ(box.oldest(epoch), epoch) << "none";
  for (Entry& work : works) ASSERT_TRUE(box.push(work, epoch + work.number * 1ms));
  for (std::size_t next = 0; next < works.size(); ++next) {
    ASSERT_EQ(box.oldest(epoch), epoch + next * 1ms);
    take(box, 1);
  }
  EXPECT_EQ(box.oldest(epoch + 1h), epoch + 1h);
}

TEST(Outbox, OneHasTheTurn) {
  Outbox<> box;
  EXPECT_TRUE(box.take_turn());
  EXPECT_FALSE(box.take_turn());
  box.end_turn();
  EXPECT_TRUE(box.take_turn());
}

TEST(Outbox, AShortOneAllocatesTwiceAndNeverAgain) {
  auto works = numbered(3);
  Outbox<> box;
  const std::size_t before = allocated;
  for (int round = 0; round < 10'000; ++round) {
    for (Entry& work : works) ASSERT_TRUE(box.push(work, epoch));
    ASSERT_EQ(take(box, 3).size(), 3U);
  }
  EXPECT_LE(allocated - before, 3U);
}

TEST(Outbox, GivesBackWhatAFloodTook) {
  auto works = numbered(12'700);
  Outbox<> box;
  const auto flood = [&] {
    const std::size_t before = allocated;
    for (Entry& work : works) EXPECT_TRUE(box.push(work, epoch));
    while (!box.empty()) take(box, 100);
    return allocated - before;
  };
  EXPECT_EQ(flood(), 100U) << "a chunk for 127 entries";
  EXPECT_GE(flood(), 97U) << "it had kept more than it may";
}

TEST(Outbox, SaysWhenThereIsNoMemoryAndGoesOn) {
  auto works = numbered(200);
  Outbox<> box;
  none_left = true;
  EXPECT_FALSE(box.push(works[0], epoch));
  none_left = false;
  EXPECT_TRUE(box.empty());
  for (std::size_t next = 0; next < 127; ++next) ASSERT_TRUE(box.push(works[next], epoch));
  none_left = true;
  EXPECT_FALSE(box.push(works[127], epoch));
  EXPECT_FALSE(box.push(works[127], epoch));
  none_left = false;
  EXPECT_EQ(box.size(), 127U) << "nothing was done";
  for (std::size_t next = 127; next < 200; ++next) ASSERT_TRUE(box.push(works[next], epoch));
  const auto taken = take(box, 1000);
  ASSERT_EQ(taken.size(), 200U);
  for (std::size_t next = 0; next < 200; ++next) EXPECT_EQ(taken[next], next);
}

TEST(Outbox, OneThatGoesForgetsWhatIsInIt) {
  auto works = numbered(400);
  Outbox<> box;
  for (Entry& work : works) ASSERT_TRUE(box.push(work, epoch));
  take(box, 200);
}

TEST(Outbox, TwoTakersGetEachOnceAndInOrder) {
  constexpr std::size_t count = 200'000;
  auto works = numbered(count);
  Outbox<> box;
  std::vector<std::size_t> order;  // of who has the turn
  order.reserve(count);
  std::atomic<std::size_t> taken{0};
  const auto patience = Clock::now() + 60s;
  std::vector<std::thread> takers;
  for (int taker = 0; taker < 2; ++taker) {
    takers.emplace_back([&] {
      std::array<Work*, 8> out{};
      while (taken.load() < count && Clock::now() < patience) {
        if (box.empty() || !box.take_turn()) continue;
        const std::size_t got = box.take(out, 2);
        for (std::size_t place = 0; place < got; ++place) order.push_back(number(out[place]));
        box.end_turn();
        taken += got;
      }
    });
  }
  for (Entry& work : works) ASSERT_TRUE(box.push(work, epoch));
  for (std::thread& taker : takers) taker.join();
  ASSERT_EQ(order.size(), count);
  for (std::size_t next = 0; next < count; ++next) ASSERT_EQ(order[next], next);
}

}  // namespace
