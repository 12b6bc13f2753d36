#include <psyne/pool/deque/work_deque.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <random>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Clock;
using psyne::StandardAtomics;

struct Item {
  int number = 0;
  std::atomic<int> taken{0};
};
template <std::size_t capacity = 256>
using Deque = psyne::WorkDeque<Item, StandardAtomics, capacity>;

std::vector<Item> items(std::size_t count) {
  std::vector<Item> all(count);
  for (std::size_t at = 0; at < count; ++at) all[at].number = static_cast<int>(at);
  return all;
}

TEST(WorkDeque, TheOwnerTakesTheNewestAndThievesTheOldest) {
  auto all = items(4);
  Deque<> deque;
  for (Item& item : all) EXPECT_TRUE(deque.push(&item));
  EXPECT_EQ(deque.pop()->number, 3);
  EXPECT_EQ(deque.steal()->number, 0);
  EXPECT_EQ(deque.steal()->number, 1);
  EXPECT_EQ(deque.pop()->number, 2);
  EXPECT_EQ(deque.pop(), nullptr);
  EXPECT_EQ(deque.steal(), nullptr);
}

TEST(WorkDeque, ThievesLeaveWhatLiesBelowTheLowestTheyWant) {
  auto all = items(3);
  Deque<> deque;
  EXPECT_FALSE(deque.any_from(0));
  deque.push(&all[0]);
  const std::uint64_t lowest = deque.position();
  EXPECT_FALSE(deque.any_from(lowest));
  deque.push(&all[1]);
  deque.push(&all[2]);
  EXPECT_FALSE(deque.any_from(lowest)) << "the oldest is not of those";
  EXPECT_EQ(deque.steal(lowest), nullptr);
  EXPECT_EQ(deque.steal()->number, 0);
  EXPECT_TRUE(deque.any_from(lowest));
  EXPECT_EQ(deque.steal(lowest)->number, 1);
  EXPECT_EQ(deque.pop()->number, 2);
  EXPECT_FALSE(deque.any_from(lowest));
}

TEST(WorkDeque, KnowsHowManyThereAre) {
  auto all = items(3);
  Deque<> deque;
  EXPECT_TRUE(deque.empty());
  EXPECT_EQ(deque.size(), 0U);
  for (std::size_t count = 1; count <= 3; ++count) {
    deque.push(&all[count - 1]);
    EXPECT_EQ(deque.size(), count);
    EXPECT_FALSE(deque.empty());
  }
  deque.steal();
  EXPECT_EQ(deque.size(), 2U);
  deque.pop();
  EXPECT_EQ(deque.size(), 1U);
  deque.pop();
  EXPECT_EQ(deque.size(), 0U);
  EXPECT_TRUE(deque.empty());
  deque.pop();
  EXPECT_EQ(deque.size(), 0U) << "nothing is taken from an empty one";
}

TEST(WorkDeque, SaysWhenItIsFull) {
  auto all = items(9);
  Deque<8> deque;
  for (int item = 0; item < 8; ++item) EXPECT_TRUE(deque.push(&all[static_cast<std::size_t>(item)])) << item;
  EXPECT_FALSE(deque.push(&all[8]));
  EXPECT_EQ(deque.size(), 8U);
  EXPECT_EQ(deque.steal()->number, 0) << "the oldest is there still";
  EXPECT_TRUE(deque.push(&all[8])) << "there is room again";
  EXPECT_FALSE(deque.push(&all[0]));
  for (const int expected : {8, 7, 6, 5, 4, 3, 2, 1}) EXPECT_EQ(deque.pop()->number, expected);
  EXPECT_EQ(deque.pop(), nullptr);
}

TEST(WorkDeque, GoesAroundItsEndManyTimes) {
  auto all = items(1000);
  Deque<8> deque;
  std::mt19937 random(3);
  std::vector<int> expected;  // what has to be inside, oldest first
  std::size_t next = 0;
  for (int turn = 0; turn < 100'000; ++turn) {
    switch (random() % 3) {
      case 0: {
        Item& item = all[next++ % all.size()];
        ASSERT_EQ(deque.push(&item), expected.size() < 8);
        if (expected.size() < 8) expected.push_back(item.number);
        break;
      }
      case 1: {
        const Item* item = deque.pop();
        ASSERT_EQ(item == nullptr, expected.empty());
        if (item == nullptr) break;
        ASSERT_EQ(item->number, expected.back());
        expected.pop_back();
        break;
      }
      default: {
        const Item* item = deque.steal();
        ASSERT_EQ(item == nullptr, expected.empty());
        if (item == nullptr) break;
        ASSERT_EQ(item->number, expected.front());
        expected.erase(expected.begin());
      }
    }
    ASSERT_EQ(deque.size(), expected.size());
  }
}

/// Two thieves and the owner, whose deque is mostly short, so that they meet at the last item.
TEST(WorkDeque, EachItemIsTakenOnceWhoeverWantsIt) {
  constexpr std::size_t count = 200'000;
  auto all = items(count);
  Deque<16> deque;
  std::atomic<bool> over{false};
  const auto patience = Clock::now() + 60s;
  std::vector<std::thread> thieves;
  for (int thief = 0; thief < 2; ++thief) {
    thieves.emplace_back([&] {
      while (!over.load() && Clock::now() < patience) {
        if (Item* item = deque.steal()) ++item->taken;
      }
    });
  }
  std::mt19937 random(5);
  for (Item& item : all) {
    if (!deque.push(&item)) ++item.taken;
    if (random() % 2 != 0) continue;
    if (Item* own = deque.pop()) ++own->taken;
  }
  while (Item* own = deque.pop()) ++own->taken;
  EXPECT_TRUE(deque.empty());
  over = true;
  for (std::thread& thief : thieves) thief.join();
  for (const Item& item : all) ASSERT_EQ(item.taken.load(), 1) << item.number;
}

}  // namespace
