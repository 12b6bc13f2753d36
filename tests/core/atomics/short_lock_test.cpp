#include <psyne/core/atomics/short_lock.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::ShortLock;

TEST(ShortLock, OneAtATime) {
  static_assert(sizeof(ShortLock<>) == 4);
  ShortLock<> lock;
  long count = 0;  // not atomic: the lock is all that keeps the additions apart
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < 50'000; ++turn) {
        const std::lock_guard guard(lock);
        ++count;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(count, 200'000);
}

// Several sleepers: each unlock must wake the next, though only one of them knows that it slept.
TEST(ShortLock, WakesEverySleeperInTheEnd) {
  for (int round = 0; round < 20; ++round) {
    ShortLock<> lock;
    std::atomic<int> through{0};
    std::vector<std::thread> threads;
    lock.lock();
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        const std::lock_guard guard(lock);
        ++through;
      });
    }
    std::this_thread::sleep_for(2ms);
    EXPECT_EQ(through, 0);
    lock.unlock();
    for (std::thread& thread : threads) thread.join();
    EXPECT_EQ(through, 4);
  }
}

}  // namespace
