#include <psyne/core/park/blocking_observer.hpp>
#include <psyne/core/transport/bell.hpp>

#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;
using psyne::Bell;
using psyne::Clock;
using psyne::Sleep;

TEST(Bell, ARingBeforeTheSleepEndsIt) {
  auto bell = Bell::make().value();
  bell->ring();
  EXPECT_EQ(bell->sleep(Clock::now() + 10s), Sleep::woken);
  EXPECT_EQ(bell->sleep(Clock::now() + 10ms), Sleep::timed_out) << "a ring is consumed by one sleep";
}

TEST(Bell, TimesOutAtItsDeadline) {
  auto bell = Bell::make().value();
  const auto start = Clock::now();
  EXPECT_EQ(bell->sleep(start + 20ms), Sleep::timed_out);
  EXPECT_GE(Clock::now() - start, 20ms);
  EXPECT_EQ(bell->sleep(psyne::Deadline{}), Sleep::timed_out);
}

struct Recorder : psyne::BlockingObserver {
  void blocking() noexcept override { calls += '('; }
  void resumed() noexcept override { calls += ')'; }
  std::string calls;
};

TEST(Bell, TellsTheThreadsBlockingObserverOfEachSleep) {
  Recorder recorder;
  const psyne::ObserveBlocking observe(&recorder);
  auto bell = Bell::make().value();
  EXPECT_EQ(bell->sleep(Clock::now() + 1ms), Sleep::timed_out);
  EXPECT_EQ(recorder.calls, "()");
  bell->ring();
  bell->clear();
  EXPECT_EQ(recorder.calls, "()") << "neither is a sleep";
}

TEST(Bell, RingsFromManyThreadsAreNotLost) {
  auto bell = Bell::make().value();
  for (int round = 0; round < 200; ++round) {
    std::thread ringer([&] { bell->ring(); });
    EXPECT_EQ(bell->sleep(Clock::now() + 10s), Sleep::woken);
    ringer.join();
  }
}

TEST(Bell, WakesForWatchedDescriptorsAndForTheirEnd) {
  auto bell = Bell::make().value();
  std::array<int, 2> ends{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM, 0, ends.data()), 0);
  bell->watch(ends[0]).value();
  EXPECT_EQ(bell->sleep(Clock::now() + 1ms), Sleep::timed_out);
  ASSERT_EQ(write(ends[1], "x", 1), 1);
  EXPECT_EQ(bell->sleep(Clock::now() + 10s), Sleep::woken);
  EXPECT_EQ(bell->sleep(Clock::now() + 10s), Sleep::woken) << "stays readable until its owner drains it";
  char byte = 0;
  ASSERT_EQ(read(ends[0], &byte, 1), 1);
  EXPECT_EQ(bell->sleep(Clock::now() + 1ms), Sleep::timed_out);
  close(ends[1]);
  EXPECT_EQ(bell->sleep(Clock::now() + 10s), Sleep::woken);
  bell->unwatch(ends[0]);
  EXPECT_EQ(bell->sleep(Clock::now() + 1ms), Sleep::timed_out);
  close(ends[0]);
}

TEST(Bell, ItsDescriptorJoinsAPollLoop) {
  auto bell = Bell::make().value();
  pollfd entry{bell->descriptor(), POLLIN, 0};
  EXPECT_EQ(poll(&entry, 1, 0), 0);
  bell->ring();
  EXPECT_EQ(poll(&entry, 1, 10'000), 1);
  bell->clear();
  EXPECT_EQ(poll(&entry, 1, 0), 0);
}

}  // namespace
