#include <psyne/core/channel/gathering.hpp>

#include <gtest/gtest.h>

namespace {

using namespace std::chrono_literals;
using psyne::Deadline;
using psyne::Gathering;
using Verdict = Gathering::Verdict;

/// Commits of 64 bytes at times that the test says.
struct Commits {
  explicit Commits(std::chrono::nanoseconds post_cost) : gathering(post_cost) {}
  Verdict commit(std::chrono::nanoseconds after, std::uint64_t waiting = 64) {
    now += after;
    return gathering.judge(waiting, [&] { return now; });
  }
  Gathering gathering;
  Deadline now{1h};
};

TEST(Gathering, WhatCostsNothingIsNeverGathered) {
  Commits commits(0ns);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(commits.commit(0ns), Verdict::post);
}

TEST(Gathering, SingleMessagesGoAtOnce) {
  Commits commits(2us);
  for (int i = 0; i < 100; ++i) EXPECT_EQ(commits.commit(5us), Verdict::post) << i;
}

TEST(Gathering, AStreamCallsOnceUntilItHasBeenPosted) {
  Commits commits(2us);
  for (std::uint32_t i = 0; i < Gathering::few; ++i) EXPECT_EQ(commits.commit(30ns), Verdict::post) << i;
  for (int round = 0; round < 3; ++round) {
    EXPECT_EQ(commits.commit(30ns), Verdict::call);
    for (int i = 0; i < 100; ++i) EXPECT_EQ(commits.commit(30ns), Verdict::called);
    commits.gathering.posted();
  }
}

TEST(Gathering, WhatIsEnoughIsPostedInTheMiddleOfAStream) {
  Commits commits(2us);
  for (int i = 0; i < 10; ++i) static_cast<void>(commits.commit(30ns));
  EXPECT_EQ(commits.commit(30ns, Gathering::enough - 1), Verdict::called);
  EXPECT_EQ(commits.commit(30ns, Gathering::enough), Verdict::post);
}

TEST(Gathering, AfterAPauseItGoesAtOnceAgain) {
  Commits commits(2us);
  for (int i = 0; i < 10; ++i) static_cast<void>(commits.commit(30ns));
  commits.gathering.posted();
  EXPECT_EQ(commits.commit(5us), Verdict::post);
  EXPECT_EQ(commits.commit(30ns), Verdict::post) << "the second of a few";
}

TEST(Gathering, AWriterWithoutRoomAsksNowAndThenAndBeforeItSleeps) {
  Gathering gathering(2us);
  int asked = 0;
  for (std::uint32_t look = 0; look < 10 * Gathering::looks_between_asks; ++look) asked += gathering.ask(false) ? 1 : 0;
  EXPECT_EQ(asked, 10);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(gathering.ask(true));
  Gathering free(0ns);
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(free.ask(false)) << "where it costs nothing";
}

// Whoever is called comes: until then nothing is posted, however long it takes, and nobody is called twice.
TEST(Gathering, APauseDoesNotPostAheadOfWhoWasCalled) {
  Commits commits(2us);
  for (int i = 0; i < 10; ++i) static_cast<void>(commits.commit(30ns));
  EXPECT_EQ(commits.commit(1ms), Verdict::called);
}

}  // namespace
