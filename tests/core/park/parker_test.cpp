#include <psyne/core/park/parker.hpp>

#include "core/park/within.hpp"

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <new>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using park_test::within;
using psyne::Clock;
using psyne::Deadline;
using psyne::no_patience;
using psyne::Parker;
using psyne::Patience;
using psyne::Sharing;
using psyne::Sleep;

TEST(Parker, DoesNotSleepWhenReady) {
  Parker<> parker;
  EXPECT_TRUE(parker.wait([] { return true; }, Deadline::min()));
}

TEST(Parker, ADeadlineInThePastLooksOnceAndReturns) {
  Parker<> parker;
  int looks = 0;
  EXPECT_FALSE(parker.wait([&] { return ++looks > 1; }, Deadline::min()));
  EXPECT_EQ(looks, 1);
}

TEST(Parker, SleepsUntilTheDeadlineAndNotLess) {
  Parker<> parker;
  const auto start = Clock::now();
  EXPECT_FALSE(parker.wait([] { return false; }, start + 30ms));
  EXPECT_GE(Clock::now() - start, 30ms);
}

/// Where time passes only asleep: on a busy machine 20 ms may be over before seven looks are.
struct TimeStandsStill : psyne::StandardAtomics {
  static psyne::Deadline now() noexcept { return psyne::Deadline{1h}; }
  static psyne::Sleep wait(const Atomic<std::uint32_t>& /*word*/, std::uint32_t /*while_equal*/, psyne::Sharing /*who*/,
                           psyne::Deadline /*deadline*/) noexcept {
    return psyne::Sleep::timed_out;
  }
};

TEST(Parker, LooksAsOftenAsPatienceSaysBeforeItSleeps) {
  for (const Patience patience : {Patience{0, 0, 0}, Patience{3, 0, 0}, Patience{0, 5, 0}, Patience{0, 0, 7}}) {
    Parker<TimeStandsStill> parker;
    std::uint32_t looks = 0;
    EXPECT_FALSE(parker.wait([&] { return ++looks, false; }, psyne::Deadline{2h}, patience));
    // one before anything else, one between announcement and sleep, one after
    EXPECT_EQ(looks, patience.spins + patience.pauses + patience.yields + 3);
  }
}

TEST(Parker, YieldingEndsAtTheDeadline) {
  Parker<> parker;
  const Patience forever{0, 0, ~0U};
  EXPECT_FALSE(parker.wait([] { return false; }, within(5ms), forever));
}

TEST(Parker, AWakeWithoutASleeperLeavesNoTrace) {
  Parker<> parker;
  parker.wake();
  EXPECT_FALSE(parker.claim());
  EXPECT_FALSE(parker.wait([] { return false; }, within(10ms), no_patience));
}

TEST(Parker, AnAnnouncementIsClaimedOnce) {
  Parker<> parker;
  parker.prepare();
  EXPECT_TRUE(parker.claim());
  EXPECT_FALSE(parker.claim());
  EXPECT_TRUE(parker.cancel());
}

TEST(Parker, AnAnnouncementTakenBackIsNotClaimed) {
  Parker<> parker;
  parker.prepare();
  EXPECT_FALSE(parker.cancel());
  EXPECT_FALSE(parker.claim());
}

TEST(Parker, CommitReturnsAtOnceWhenClaimedBefore) {
  Parker<> parker;
  parker.prepare();
  EXPECT_TRUE(parker.claim());
  EXPECT_EQ(parker.commit(psyne::no_deadline), Sleep::woken);
}

TEST(Parker, CommitThatTimedOutLeavesNoAnnouncement) {
  Parker<> parker;
  parker.prepare();
  EXPECT_EQ(parker.commit(within(5ms)), Sleep::timed_out);
  EXPECT_FALSE(parker.claim());
}

// Two threads hand a number to and fro; a lost wake would end in the deadline.
void ping_pong(Sharing sharing, const Patience& patience, int rounds) {
  Parker<> here(sharing), there(sharing);
  std::atomic<int> ball{0};
  std::atomic<bool> failed{false};
  std::thread other([&] {
    for (int round = 1; round < 2 * rounds && !failed; round += 2) {
      if (!there.wait([&] { return ball.load(std::memory_order_acquire) == round; }, within(60s), patience))
        failed = true;
      ball.store(round + 1, std::memory_order_release);
      here.wake();
    }
  });
  for (int round = 0; round < 2 * rounds && !failed; round += 2) {
    ball.store(round + 1, std::memory_order_release);
    there.wake();
    if (!here.wait([&] { return ball.load(std::memory_order_acquire) == round + 2; }, within(60s), patience))
      failed = true;
  }
  other.join();
  EXPECT_FALSE(failed);
}

TEST(Parker, LosesNoWakeWhenItSleepsEveryTime) { ping_pong(Sharing::process, no_patience, 5'000); }
TEST(Parker, LosesNoWakeOnTheEdgeOfSleep) { ping_pong(Sharing::process, {.spins = 8, .pauses = 8}, 5'000); }
TEST(Parker, LosesNoWakeWithTheDefaultPatience) { ping_pong(Sharing::process, {}, 5'000); }
TEST(Parker, LosesNoWakeWhileYielding) { ping_pong(Sharing::process, {0, 0, 4}, 5'000); }
TEST(Parker, LosesNoWakeOnASharedWord) { ping_pong(Sharing::machine, no_patience, 5'000); }

TEST(Parker, ManyWakersOneSleeper) {
  constexpr std::uint64_t wakers = 4, each = 5'000;
  Parker<> parker;
  std::atomic<std::uint64_t> posted{0};
  std::vector<std::thread> threads;
  for (std::uint64_t waker = 0; waker < wakers; ++waker) {
    threads.emplace_back([&] {
      for (std::uint64_t post = 0; post < each; ++post) {
        posted.fetch_add(1, std::memory_order_release);
        parker.wake();
      }
    });
  }
  std::uint64_t seen = 0;
  while (seen < wakers * each) {
    ASSERT_TRUE(parker.wait([&] { return posted.load(std::memory_order_acquire) != seen; }, within(60s), no_patience));
    seen = posted.load(std::memory_order_acquire);
  }
  for (auto& thread : threads) thread.join();
}

TEST(Parker, WakesAcrossProcesses) {
  struct Shared {
    Parker<> parent{Sharing::machine};
    Parker<> child{Sharing::machine};
    std::atomic<int> ball{0};
  };
  void* memory = mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  ASSERT_NE(memory, MAP_FAILED);
  auto* shared = new (memory) Shared;
  constexpr int rounds = 2'000;
  const pid_t child = fork();
  if (child == 0) {
    for (int round = 0; round < rounds; ++round) {
      if (!shared->child.wait([&] { return shared->ball.load() == 2 * round + 1; }, within(30s), no_patience)) _exit(1);
      shared->ball.store(2 * round + 2);
      shared->parent.wake();
    }
    _exit(0);
  }
  for (int round = 0; round < rounds; ++round) {
    shared->ball.store(2 * round + 1);
    shared->child.wake();
    ASSERT_TRUE(shared->parent.wait([&] { return shared->ball.load() == 2 * round + 2; }, within(30s), no_patience));
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  munmap(memory, sizeof(Shared));
}

// A sleeper in epoll announces itself like any other; who claims it writes the descriptor.
TEST(Parker, ComposesWithADescriptor) {
  constexpr int posts = 3'000;
  Parker<> parker;
  std::atomic<int> posted{0};
  const int events = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  const int poll = epoll_create1(EPOLL_CLOEXEC);
  epoll_event interest{.events = EPOLLIN, .data = {}};
  ASSERT_EQ(epoll_ctl(poll, EPOLL_CTL_ADD, events, &interest), 0);
  std::thread waker([&] {
    for (int post = 0; post < posts; ++post) {
      posted.fetch_add(1, std::memory_order_release);
      if (parker.claim()) {
        EXPECT_EQ(eventfd_write(events, 1), 0);
      }
    }
  });
  int seen = 0;
  while (seen < posts) {
    parker.prepare();
    if (posted.load(std::memory_order_acquire) == seen) {
      epoll_event ready;
      ASSERT_EQ(epoll_wait(poll, &ready, 1, 30'000), 1) << "lost wake after " << seen;
    }
    if (parker.cancel()) {
      eventfd_t count = 0;
      while (eventfd_read(events, &count) != 0) std::this_thread::yield();  // claimed, and written any moment now
    }
    seen = posted.load(std::memory_order_acquire);
  }
  waker.join();
  close(poll);
  close(events);
}

}  // namespace
