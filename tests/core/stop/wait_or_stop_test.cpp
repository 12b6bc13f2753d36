#include <psyne/core/stop/stop_source.hpp>
#include <psyne/core/stop/wait_or_stop.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <thread>

namespace {

using namespace std::chrono_literals;
using psyne::Clock;
using psyne::no_deadline;
using psyne::StopReason;
using psyne::StopSource;
using psyne::StopToken;
using psyne::wait_or_stop;
using psyne::WaitEnd;

template <class Sleeper>
struct WaitOrStop : testing::Test {
  Sleeper sleeper;
  std::atomic<bool> condition{false};

  WaitEnd wait(psyne::Deadline deadline, const StopToken& stop, psyne::Patience patience = {}) {
    return wait_or_stop(
        sleeper, [&] { return condition.load(); }, deadline, stop, patience);
  }
};
using Sleepers = testing::Types<psyne::Parker<>, psyne::EventCount<>>;
TYPED_TEST_SUITE(WaitOrStop, Sleepers);

TYPED_TEST(WaitOrStop, WhatIsReadyWinsOverEverything) {
  const StopSource source;
  source.request_stop();
  this->condition = true;
  EXPECT_EQ(this->wait(psyne::Deadline{}, source.token()), WaitEnd::ready);
}

TYPED_TEST(WaitOrStop, AStopBeforehandEndsItAtOnce) {
  const StopSource source;
  source.request_stop();
  EXPECT_EQ(this->wait(no_deadline, source.token()), WaitEnd::stopped);
}

TYPED_TEST(WaitOrStop, ADeadlineEndsItWithAndWithoutAToken) {
  EXPECT_EQ(this->wait(psyne::Deadline{}, StopToken()), WaitEnd::timed_out);
  EXPECT_EQ(this->wait(psyne::Deadline{}, StopSource().token()), WaitEnd::timed_out);
  const auto start = Clock::now();
  EXPECT_EQ(this->wait(start + 20ms, StopSource().token()), WaitEnd::timed_out);
  EXPECT_GE(Clock::now(), start + 20ms);
}

TYPED_TEST(WaitOrStop, TheTokensDeadlineEndsItAsAStop) {
  const auto start = Clock::now();
  const StopSource source(start + 20ms);
  EXPECT_EQ(this->wait(no_deadline, source.token()), WaitEnd::stopped);
  EXPECT_GE(Clock::now(), start + 20ms);
  EXPECT_EQ(source.token().reason(), StopReason::deadline);
}

TYPED_TEST(WaitOrStop, AStopWakesTheSleeper) {
  for (int round = 0; round < 50; ++round) {
    const StopSource source;
    std::thread stopper([&] {
      if (round % 2 == 0) std::this_thread::sleep_for(1ms);
      source.request_stop();
    });
    EXPECT_EQ(this->wait(no_deadline, source.token(), round % 3 == 0 ? psyne::no_patience : psyne::Patience{}),
              WaitEnd::stopped);
    stopper.join();
  }
}

TYPED_TEST(WaitOrStop, TheConditionStillWakesASleeperWithAToken) {
  const StopSource source;
  std::thread waker([&] {
    std::this_thread::sleep_for(5ms);
    this->condition = true;
    this->sleeper.wake();
  });
  EXPECT_EQ(this->wait(no_deadline, source.token(), psyne::no_patience), WaitEnd::ready);
  waker.join();
}

TYPED_TEST(WaitOrStop, AParentsStopWakesTheSleeperOfAGrandchild) {
  const StopSource parent;
  const StopSource child(parent.token());
  const StopSource grandchild(child.token());
  std::thread stopper([&] {
    std::this_thread::sleep_for(5ms);
    parent.request_stop(StopReason::shutdown);
  });
  EXPECT_EQ(this->wait(no_deadline, grandchild.token()), WaitEnd::stopped);
  stopper.join();
}

}  // namespace
