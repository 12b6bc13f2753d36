#include <psyne/core/park/semaphore.hpp>

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::BlockingObserver;
using psyne::Clock;
using psyne::ObserveBlocking;
using psyne::Semaphore;
using psyne::Sleep;

TEST(Semaphore, RemembersWhatWasGivenBefore) {
  Semaphore<> tokens;
  tokens.give(2);
  tokens.give();
  for (int token = 0; token < 3; ++token) EXPECT_EQ(tokens.take(Clock::now() + 10s), Sleep::woken);
  EXPECT_EQ(tokens.take(Clock::now()), Sleep::timed_out) << "three, not four";
}

TEST(Semaphore, ATokenIsTakenThoughTheDeadlineHasPassed) {
  Semaphore<> tokens;
  tokens.give();
  EXPECT_EQ(tokens.take(Clock::now() - 1s), Sleep::woken);
}

TEST(Semaphore, ADeadlineEndsTheWaitAndNotBefore) {
  Semaphore<> tokens;
  const auto deadline = Clock::now() + 20ms;
  EXPECT_EQ(tokens.take(deadline), Sleep::timed_out);
  EXPECT_GE(Clock::now(), deadline);
}

TEST(Semaphore, AwaitedTokensAreTakenOnceEach) {
  constexpr int each = 20'000;
  Semaphore<> tokens;
  std::atomic<int> taken{0};
  std::vector<std::thread> threads;
  for (int taker = 0; taker < 4; ++taker) {
    threads.emplace_back([&] {
      for (int turn = 0; turn < each / 2 && tokens.take(Clock::now() + 30s) == Sleep::woken; ++turn) ++taken;
    });
  }
  std::thread other([&] {
    for (int round = 0; round < each; ++round) tokens.give();
  });
  for (int round = 0; round < each / 2; ++round) tokens.give(2);
  other.join();
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(taken.load(), 2 * each) << "none was lost";
  EXPECT_EQ(tokens.take(Clock::now()), Sleep::timed_out) << "none is left";
}

/// Two hand one token to and fro: each wakes the other, so one lost wake ends it.
TEST(Semaphore, NoWakeIsLost) {
  constexpr int turns = 20'000;
  std::array<Semaphore<>, 2> tokens;
  int ball = 0;
  const auto play = [&](std::size_t own) {
    for (int turn = 0; turn < turns; ++turn) {
      if (tokens[own].take(Clock::now() + 30s) == Sleep::timed_out) return false;
      ++ball;
      tokens[1 - own].give();
    }
    return true;
  };
  std::atomic<bool> played{false};
  std::thread other([&] { played = play(1); });
  tokens[0].give();
  EXPECT_TRUE(play(0));
  other.join();
  EXPECT_TRUE(played);
  EXPECT_EQ(ball, 2 * turns);
}

TEST(Semaphore, TellsOfASleepAndNotOfWhatIsThere) {
  struct Observer final : BlockingObserver {
    void blocking() noexcept override { ++told; }
    void resumed() noexcept override { ++ended; }
    int told = 0, ended = 0;
  } observer;
  const ObserveBlocking observe(&observer);
  Semaphore<> tokens;
  tokens.give();
  EXPECT_EQ(tokens.take(), Sleep::woken);
  EXPECT_EQ(observer.told, 0);
  EXPECT_EQ(tokens.take(Clock::now() + 1ms), Sleep::timed_out);
  EXPECT_GE(observer.told, 1);
  EXPECT_EQ(observer.told, observer.ended);
}

}  // namespace
