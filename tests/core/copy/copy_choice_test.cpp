#include <psyne/core/copy/copy_choice.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>
#include <random>

namespace {

using namespace std::chrono_literals;
using psyne::Clock;
using psyne::CopyChoice;
using psyne::Stores;

/// A writer of 64 KiB payloads on a machine of which is known how long each way takes; time is made up.
struct Writer {
  explicit Writer(std::uint64_t capacity = 2 << 20) : choice(capacity) {}

  void send(Clock::duration cached, Clock::duration streamed, Clock::duration beside = 0ns,
            std::uint64_t bytes = 64 * 1024) {
    const bool is_streamed = choice.stores() == Stores::streamed;
    const Clock::duration took = is_streamed ? streamed : cached;
    position += bytes;
    now += took + beside;
    streamed_ones += is_streamed ? 1 : 0;
    if (choice.timed(bytes)) choice.copied(bytes, position, took, now);
  }

  CopyChoice choice;
  std::uint64_t position = 0;
  Clock::time_point now{};
  int streamed_ones = 0;
};

TEST(CopyChoice, BeginsWithOrdinaryStores) { EXPECT_EQ(CopyChoice(1 << 20).stores(), Stores::cached); }

TEST(CopyChoice, FindsTheWayThatIsQuickerAndKeepsIt) {
  for (const bool streamed_is_quicker : {true, false}) {
    Writer writer;
    const auto quick = 4us, slow = 10us;
    const auto send = [&] { writer.send(streamed_is_quicker ? slow : quick, streamed_is_quicker ? quick : slow); };
    for (int i = 0; i < 2'000; ++i) send();
    writer.streamed_ones = 0;
    for (int i = 0; i < 20'000; ++i) send();
    if (streamed_is_quicker) {
      EXPECT_GT(writer.streamed_ones, 18'000);
    } else {
      EXPECT_LT(writer.streamed_ones, 2'000);
      EXPECT_GT(writer.streamed_ones, 0) << "never tries again";
    }
  }
}

TEST(CopyChoice, FollowsAMachineThatChanges) {
  Writer writer;
  for (int i = 0; i < 50'000; ++i) writer.send(4us, 8us);
  writer.streamed_ones = 0;
  for (int i = 0; i < 5'000; ++i) writer.send(30us, 8us);  // the other core was moved far away
  EXPECT_GT(writer.streamed_ones, 4'000);
  for (int i = 0; i < 10'000; ++i) writer.send(4us, 8us);  // and back: seen at the next trial
  writer.streamed_ones = 0;
  for (int i = 0; i < 5'000; ++i) writer.send(4us, 8us);
  EXPECT_LT(writer.streamed_ones, 1'000);
}

TEST(CopyChoice, IsNotMisledByDisturbancesOfAMillisecond) {
  Writer writer;
  std::mt19937 random(3);
  for (int i = 0; i < 4'000; ++i) writer.send(4us, 8us, random() % 50 == 0 ? 1ms : 0ns);
  writer.streamed_ones = 0;
  for (int i = 0; i < 20'000; ++i) writer.send(4us, 8us, random() % 50 == 0 ? 1ms : 0ns);
  EXPECT_LT(writer.streamed_ones, 4'000);
}

TEST(CopyChoice, AWriterThatSendsNowAndThenUsesOrdinaryStores) {
  Writer writer;
  std::mt19937 random(3);
  for (int i = 0; i < 20'000; ++i) writer.send(4us, 4us, std::chrono::microseconds(random() % 10'000));
  EXPECT_EQ(writer.streamed_ones, 0);
}

TEST(CopyChoice, AWriterThatWaitsForItsReaderIsMeasuredByThat) {
  Writer writer;
  for (int i = 0; i < 10'000; ++i) {
    writer.choice.held_up();
    writer.send(1us, 1us, writer.choice.stores() == Stores::streamed ? 20us : 100us);
  }
  EXPECT_GT(writer.streamed_ones, 8'000);
}

TEST(CopyChoice, ReadsTheClockForOneInEightOfTheShortCopies) {
  CopyChoice choice(1 << 20);
  int timed = 0;
  for (int i = 0; i < 800; ++i) timed += choice.timed(4096) ? 1 : 0;
  EXPECT_EQ(timed, 100);
  EXPECT_TRUE(choice.timed(64 * 1024));
  EXPECT_FALSE(choice.timed(256));
}

TEST(CopyChoice, ShortCopiesCountForThoseThatAreNotTimed) {
  Writer writer;
  for (int i = 0; i < 400'000; ++i) writer.send(1us, 400ns, 600ns, 4096);
  writer.streamed_ones = 0;
  for (int i = 0; i < 100'000; ++i) writer.send(1us, 400ns, 600ns, 4096);
  EXPECT_GT(writer.streamed_ones, 80'000);
}

}  // namespace
