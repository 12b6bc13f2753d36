#include <psyne/pool/queue/chunked_queue.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <deque>
#include <new>
#include <random>
#include <vector>

namespace {

// What the queue asks the system for: counted, and refused while there is none.
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

using psyne::ChunkedQueue;
using psyne::Work;

struct Numbered : Work {
  Numbered() : Work([](Work&) noexcept {}) {}
  std::size_t number = 0;
};

std::deque<Numbered> numbered(std::size_t count) {
  std::deque<Numbered> works(count);
  for (std::size_t number = 0; number < count; ++number) works[number].number = number;
  return works;
}

std::size_t number(const Work* work) { return static_cast<const Numbered*>(work)->number; }

TEST(ChunkedQueue, IsEmptyAtFirst) {
  ChunkedQueue queue;
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.pop(), nullptr);
  EXPECT_EQ(queue.taken(), 0U) << "nothing was taken";
}

TEST(ChunkedQueue, KeepsTheOrderOverManyChunks) {
  auto works = numbered(1000);
  ChunkedQueue queue;
  for (Numbered& work : works) queue.push(work);
  EXPECT_EQ(queue.size(), 1000U);
  for (std::size_t next = 0; next < 1000; ++next) {
    ASSERT_EQ(number(queue.pop()), next);
    EXPECT_EQ(queue.taken(), next + 1);
  }
  EXPECT_EQ(queue.pop(), nullptr);
  EXPECT_EQ(queue.pushed(), 1000U);
}

/// Every fill at which a chunk begins or ends, and every place within one to begin at.
TEST(ChunkedQueue, IsEmptiedAndFilledAnywhere) {
  auto works = numbered(300);
  ChunkedQueue queue;
  for (std::size_t count = 1; count <= 300; ++count) {
    for (std::size_t next = 0; next < count; ++next) queue.push(works[next]);
    for (std::size_t next = 0; next < count; ++next) ASSERT_EQ(number(queue.pop()), next) << "of " << count;
    ASSERT_EQ(queue.pop(), nullptr);
  }
}

TEST(ChunkedQueue, AShortQueueAllocatesOnce) {
  auto works = numbered(3);
  ChunkedQueue queue;
  const std::size_t before = allocated;
  for (int round = 0; round < 10'000; ++round) {
    for (Numbered& work : works) queue.push(work);
    while (queue.pop() != nullptr) {
    }
  }
  EXPECT_LE(allocated - before, 2U);
}

TEST(ChunkedQueue, GivesBackWhatAFloodTook) {
  auto works = numbered(12'700);
  ChunkedQueue queue;
  const std::size_t before = allocated;
  for (Numbered& work : works) queue.push(work);
  const std::size_t flood = allocated - before;
  EXPECT_LE(flood, 101U) << "one chunk for 127 entries";
  while (queue.pop() != nullptr) {
  }
  for (Numbered& work : works) queue.push(work);
  EXPECT_GE(allocated - before, 2 * flood - 2) << "it had kept more than it may";
}  // and the leak checker sees the rest

TEST(ChunkedQueue, DoesWithoutMemory) {
  auto works = numbered(500);
  ChunkedQueue queue;
  none_left = true;
  for (std::size_t next = 0; next < 100; ++next) queue.push(works[next]);
  none_left = false;
  for (std::size_t next = 100; next < 500; ++next) queue.push(works[next]);
  EXPECT_EQ(queue.size(), 500U);
  for (std::size_t next = 0; next < 500; ++next) ASSERT_EQ(number(queue.pop()), next);
  EXPECT_EQ(queue.pop(), nullptr);
}

TEST(ChunkedQueue, KeepsTheOrderWhereMemoryComesAndGoes) {
  auto works = numbered(20'000);
  std::mt19937 random(7);
  ChunkedQueue queue;
  std::size_t pushed = 0, taken = 0;
  while (taken < works.size()) {
    none_left = random() % 2 == 0;
    for (std::size_t count = random() % 400; count > 0 && pushed < works.size(); --count) queue.push(works[pushed++]);
    for (std::size_t count = random() % 400; count > 0 && taken < pushed; --count) {
      ASSERT_EQ(number(queue.pop()), taken++);
    }
    ASSERT_EQ(queue.size(), pushed - taken);
  }
  none_left = false;
}

TEST(ChunkedQueue, AQueueThatGoesForgetsWhatIsInIt) {
  auto works = numbered(400);
  ChunkedQueue queue;
  for (Numbered& work : works) queue.push(work);
  for (int count = 0; count < 200; ++count) queue.pop();
}

}  // namespace
