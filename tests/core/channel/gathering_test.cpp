#include <psyne/core/channel/gathering.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <cstdint>

namespace {

using namespace std::chrono_literals;
using psyne::Deadline;
using psyne::Gathering;

enum class Went : std::uint8_t { at_once, gathered, gathered_and_called };

/// A sender's thread that commits records of 64 bytes at times that the test says, and whose posts take 3 us.
struct Thread {
  Thread() { gathering.begin(); }

  Went commit(std::chrono::nanoseconds after) {
    now += after;
    waiting += 64;
    if (gathering.leave(waiting, false)) return Went::gathered;
    if (!gathering.due(waiting, false, behind, now))
      return gathering.call() ? Went::gathered_and_called : Went::gathered;
    const Deadline began = now;
    now += post;
    posting += post;
    gathering.posted(began, now);
    waiting = 0;
    ++posts;
    return Went::at_once;
  }
  /// So many commits; how many posts they came to.
  int stream(int commits, std::chrono::nanoseconds after) {
    const int before = posts;
    for (int i = 0; i < commits; ++i) static_cast<void>(commit(after));
    return posts - before;
  }

  Gathering gathering{std::uint64_t{1} << 20U};
  Deadline now{1h};
  std::chrono::nanoseconds post = 3us;
  std::chrono::nanoseconds posting{0};
  std::uint64_t waiting = 0;
  bool behind = false;  // its reader
  int posts = 0;
};

TEST(Gathering, WhereAPostIsAStoreNothingIsGathered) {
  Gathering gathering(4096);
  EXPECT_FALSE(gathering.gathers());
  gathering.begin();
  EXPECT_TRUE(gathering.gathers());
}

TEST(Gathering, WhatComesMoreSlowlyThanPostsTakeGoesAtOnce) {
  Thread thread;
  EXPECT_EQ(thread.stream(1000, 4us), 1000);
}

TEST(Gathering, AFewInARowGoAtOnce) {
  Thread thread;
  for (int i = 0; i < 8; ++i) EXPECT_EQ(thread.commit(30ns), Went::at_once) << i;
}

TEST(Gathering, InAStreamPostingHasAFifthOfTheTime) {
  for (const auto post : {1us, 3us, 20us}) {
    Thread thread;
    thread.post = post;
    static_cast<void>(thread.stream(10'000, 30ns));
    const Deadline began = thread.now;
    thread.posting = 0ns;
    static_cast<void>(thread.stream(100'000, 30ns));
    const double share = std::chrono::duration<double>(thread.posting) / (thread.now - began);
    EXPECT_GT(share, 0.15) << post.count();
    EXPECT_LT(share, 0.25) << post.count();
  }
}

// The posts of a thread come one after another, whichever lane they are for: eight lanes have a fifth together.
TEST(Gathering, ManyLanesShareTheFifth) {
  Thread thread;
  static_cast<void>(thread.stream(10'000, 30ns));
  const int posts = thread.stream(8 * 10'000, 30ns);
  EXPECT_LT(posts, 80'000 / 200);
}

TEST(Gathering, WhatIsEnoughIsPostedInTheMiddleOfAStream) {
  Thread thread;
  thread.post = 20us;
  static_cast<void>(thread.stream(1000, 30ns));
  while (thread.commit(30ns) != Went::at_once) {
  }
  EXPECT_NE(thread.commit(30ns), Went::at_once);
  thread.waiting = thread.gathering.enough() - 64;
  EXPECT_EQ(thread.commit(30ns), Went::at_once);
}

TEST(Gathering, WhatIsEnoughIsAnEighthOfTheRingWithinBounds) {
  EXPECT_EQ(Gathering(4096).enough(), Gathering::least_enough);
  EXPECT_EQ(Gathering(std::uint64_t{1} << 20U).enough(), std::uint64_t{128} << 10U);
  EXPECT_EQ(Gathering(std::uint64_t{1} << 30U).enough(), Gathering::most_enough);
}

// The first of a burst go at once, for so much time posting has; but not while their reader has others before it.
TEST(Gathering, WhatItsReaderWouldNotSeeSoonerWaitsForMore) {
  Thread thread;
  EXPECT_EQ(thread.commit(30ns), Went::at_once);
  const auto& gathering = thread.gathering;
  for (const bool lent : {false, true}) {
    EXPECT_TRUE(gathering.posts(64, lent, false, thread.now));
    EXPECT_FALSE(gathering.posts(64, lent, true, thread.now));
    EXPECT_TRUE(gathering.posts(gathering.enough(lent), lent, true, thread.now));
    EXPECT_TRUE(gathering.posts(64, lent, true, thread.now + Gathering::longest_gap + 1us))
        << "it is no burst any more";
  }
}

// Who waits for its reader makes no pause: what follows belongs to the same stream.
TEST(Gathering, WaitingForTheReaderIsNoPause) {
  Thread thread;
  static_cast<void>(thread.stream(1000, 30ns));
  while (thread.commit(30ns) != Went::at_once) {
  }
  EXPECT_TRUE(thread.gathering.streams(thread.now + 1us));
  EXPECT_FALSE(thread.gathering.streams(thread.now + 1ms));
  for (int look = 0; look < 100; ++look) thread.gathering.waited(thread.now += 1us);
  thread.behind = true;
  EXPECT_NE(thread.commit(1us), Went::at_once);
}

TEST(Gathering, SaysWhatItWouldPostAndCountsNothingByIt) {
  Thread thread;
  static_cast<void>(thread.stream(1000, 30ns));
  while (thread.commit(30ns) != Went::at_once) {
  }
  const auto& gathering = thread.gathering;
  for (int look = 0; look < 100; ++look) ASSERT_FALSE(gathering.posts(64, false, false, thread.now));
  EXPECT_TRUE(gathering.posts(gathering.enough(), false, false, thread.now));
  EXPECT_FALSE(gathering.posts(gathering.enough(), true, false, thread.now)) << "what is lent leaves more at once";
  EXPECT_TRUE(gathering.posts(gathering.enough(true), true, false, thread.now));
  EXPECT_TRUE(gathering.posts(64, false, false, thread.now + 1ms)) << "after a pause";
  EXPECT_FALSE(gathering.posts(64, false, false, thread.now));
}

TEST(Gathering, WhatComesFurtherApartThanAStreamGoesAtOnceHoweverLongPostsTake) {
  Thread thread;
  thread.post = 20us;
  EXPECT_EQ(thread.stream(1000, Gathering::longest_gap + 1us), 1000);
}

TEST(Gathering, AfterAPauseAFewGoAtOnceAgain) {
  Thread thread;
  static_cast<void>(thread.stream(1000, 30ns));
  EXPECT_NE(thread.commit(30ns), Went::at_once);
  thread.gathering.rest();
  for (int i = 0; i < 8; ++i) EXPECT_EQ(thread.commit(i == 0 ? 1ms : 30ns), Went::at_once) << i;
}

// A post that was interrupted for long must not silence the sender for twice as long.
TEST(Gathering, APostThatWasInterruptedCostsNoMoreThanALongOne) {
  Thread thread;
  static_cast<void>(thread.stream(1000, 30ns));
  thread.post = 10ms;
  while (thread.commit(30ns) != Went::at_once) {
  }
  thread.post = 3us;
  const Deadline began = thread.now;
  while (thread.commit(30ns) != Went::at_once) {
  }
  EXPECT_LE(thread.now - began, Gathering::share * Gathering::longest_post + 1us);
}

TEST(Gathering, TheServiceThreadIsCalledOnceAndAgainAfterItRests) {
  Thread thread;
  int calls = 0;
  const auto stream = [&] {
    for (int i = 0; i < 1000; ++i) calls += thread.commit(30ns) == Went::gathered_and_called ? 1 : 0;
  };
  stream();
  EXPECT_EQ(calls, 1);
  stream();
  EXPECT_EQ(calls, 1);
  thread.gathering.rest();
  stream();
  EXPECT_EQ(calls, 2);
}

TEST(Gathering, NothingIsLeftBeforeTheServiceThreadWasCalled) {
  Thread thread;
  for (int i = 0; i < 100; ++i) {
    const Went went = thread.commit(30ns);
    if (went == Went::gathered_and_called) return;
    EXPECT_EQ(went, Went::at_once) << i;
  }
  FAIL() << "a stream gathers";
}

TEST(Gathering, WhileTheThreadGoesOnTheServiceThreadComesLessAndLessOften) {
  Thread thread;
  static_cast<void>(thread.stream(1000, 30ns));
  std::chrono::nanoseconds last = Gathering::first_look;
  for (int look = 0; look < 10; ++look) {
    static_cast<void>(thread.stream(look % 2 == 0 ? 1000 : 1, 30ns));
    const auto pause = thread.gathering.goes_on(false);
    ASSERT_TRUE(pause) << look;
    EXPECT_EQ(*pause, std::min<std::chrono::nanoseconds>(2 * last, Gathering::last_look));
    last = *pause;
  }
  EXPECT_FALSE(thread.gathering.goes_on(false)) << "nothing was done since";
  thread.gathering.rest();
  static_cast<void>(thread.stream(1000, 30ns));
  EXPECT_EQ(thread.gathering.goes_on(false), 2 * Gathering::first_look) << "a new stream is looked after soon";
}

// A post of 1 MiB takes longer than the first looks are apart, and so does waiting for room: neither is an end.
TEST(Gathering, WhoPostsOrLooksForRoomGoesOn) {
  Thread thread;
  static_cast<void>(thread.stream(1000, 30ns));
  static_cast<void>(thread.gathering.goes_on(false));
  EXPECT_TRUE(thread.gathering.goes_on(true)) << "it posts";
  static_cast<void>(thread.gathering.ask(false));
  EXPECT_TRUE(thread.gathering.goes_on(false)) << "it has looked for room";
  EXPECT_FALSE(thread.gathering.goes_on(false));
}

TEST(Gathering, AWriterWithoutRoomAsksNowAndThenAndBeforeItSleeps) {
  Gathering gathering(4096);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(gathering.ask(false)) << "where it costs nothing";
  gathering.begin();
  int asked = 0;
  for (std::uint32_t look = 0; look < 10 * Gathering::looks_between_asks; ++look) asked += gathering.ask(false) ? 1 : 0;
  EXPECT_EQ(asked, 10);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(gathering.ask(true));
}

}  // namespace
