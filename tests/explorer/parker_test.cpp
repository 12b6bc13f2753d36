#include <psyne/core/park/parker.hpp>

#include <gtest/gtest.h>

#include <explorer/atomics.hpp>
#include <explorer/checked.hpp>
#include <explorer/expectations.hpp>
#include <explorer/mutants.hpp>

namespace {

using namespace std::chrono_literals;
using psyne::no_deadline;
using psyne::no_patience;
using psyne::Parker;
using psyne::Patience;
using psyne::Sleep;
using namespace psyne::explorer;

constexpr auto relaxed = std::memory_order_relaxed;
constexpr auto acquire = std::memory_order_acquire;
constexpr auto release = std::memory_order_release;

/// One value handed to a sleeper.
template <class Atomics>
void hand_over(const Patience& patience = no_patience) {
  Parker<Atomics> parker;
  typename Atomics::template Atomic<std::uint32_t> posted{0};
  Checked<int> payload(0);
  typename Atomics::Thread waker([&] {
    payload = 7;
    posted.store(1, release);
    parker.wake();
  });
  require(parker.wait([&] { return posted.load(acquire) == 1; }, no_deadline, patience), "ready without a deadline");
  require(payload == 7, "payload");
  waker.join();
}

TEST(ParkerExplored, LosesNoWake) {
  expect_sound("Parker", [] { hand_over<ExplorerAtomics>(); });
}

TEST(ParkerExplored, LosesNoWakeAfterLooking) {
  expect_sound("Parker, looking first", [] { hand_over<ExplorerAtomics>({.spins = 1, .pauses = 1, .yields = 1}); });
}

TEST(ParkerExplored, LosesNoWakeWithSymmetricBarriers) {
  Search search;
  search.bounds.asymmetric_barriers = false;
  expect_sound(
      "Parker, symmetric barriers", [] { hand_over<ExplorerAtomics>(); }, search);
}

TEST(ParkerExplored, LosesNoWakeWhenSleepsEndForNothing) {
  Search search;
  search.bounds.spurious = 2;
  expect_sound(
      "Parker, spurious", [] { hand_over<ExplorerAtomics>(); }, search);
}

TEST(ParkerExplored, LosesNoWakeOfTwoWakersInTwoRounds) {
  Search search;
  search.random = 100'000;
  expect_sound(
      "Parker, two wakers",
      [] {
        Parker<ExplorerAtomics> parker;
        ExplorerAtomics::Atomic<std::uint32_t> posted{0};
        const auto post = [&] {
          posted.fetch_add(1, release);
          parker.wake();
        };
        ExplorerAtomics::Thread first(post), second(post);
        for (std::uint32_t round = 1; round <= 2; ++round) {
          parker.wait([&] { return posted.load(acquire) >= round; }, no_deadline, no_patience);
        }
        first.join(), second.join();
      },
      search);
}

TEST(ParkerExplored, TwoThreadsHandABallToAndFro) {
  Search search;
  search.random = 100'000;
  expect_sound(
      "Parker, ping-pong",
      [] {
        Parker<ExplorerAtomics> here, there;
        ExplorerAtomics::Atomic<std::uint32_t> ball{0};
        Checked<int> payload(0);
        const auto play = [&](auto& own, auto& other, std::uint32_t turn, std::uint32_t turns) {
          for (; turn < turns; turn += 2) {
            own.wait([&] { return ball.load(acquire) == turn; }, no_deadline, no_patience);
            payload = payload + 1;
            ball.store(turn + 1, release);
            other.wake();
          }
        };
        ExplorerAtomics::Thread second([&] { play(there, here, 1, 4); });
        play(here, there, 0, 4);
        second.join();
        require(payload == 4, "every turn was played");
      },
      search);
}

TEST(ParkerExplored, ADeadlineEndsTheWaitAndTheNextOneWorks) {
  Search search;
  search.random = 100'000;
  expect_sound(
      "Parker, deadline",
      [] {
        Parker<ExplorerAtomics> parker;
        ExplorerAtomics::Atomic<std::uint32_t> posted{0};
        ExplorerAtomics::Thread waker([&] {
          posted.store(1, release);
          parker.wake();
        });
        const auto ready = [&] { return posted.load(acquire) == 1; };
        const auto deadline = ExplorerAtomics::now() + 1s;
        if (!parker.wait(ready, deadline, no_patience)) {
          require(ExplorerAtomics::now() >= deadline, "not early");
          require(parker.wait(ready, no_deadline, no_patience), "the second wait is woken");
        }
        waker.join();
      },
      search);
}

/// After commit the condition is seen without a barrier: what the release in claim and the acquire in commit are for.
template <class Atomics>
void look_after_commit() {
  Parker<Atomics> parker;
  ExplorerAtomics::Atomic<std::uint32_t> posted{0};
  ExplorerAtomics::Thread waker([&] {
    posted.store(1, relaxed);
    parker.wake();
  });
  parker.prepare();
  if (posted.load(relaxed) == 0) {
    require(parker.commit(no_deadline) == Sleep::woken, "woken");
    require(posted.load(relaxed) == 1, "seen after the wake");
  }
  waker.join();
}

TEST(ParkerExplored, WhatWasStoredBeforeTheWakeIsSeenAfterIt) {
  expect_sound("Parker, look after commit", look_after_commit<ExplorerAtomics>);
  expect_found("Parker without release", look_after_commit<ReleaseMissing>, "seen after the wake");
  expect_found("Parker without acquire", look_after_commit<AcquireMissing>, "seen after the wake");
}

/// A sleeper in epoll: its descriptor, another word here, is written by who claims the announcement.
template <class Atomics>
void claim_by_descriptor() {
  using Word = typename Atomics::template Atomic<std::uint32_t>;
  Parker<Atomics> parker;
  Word posted{0}, descriptor{0};
  typename Atomics::Thread waker([&] {
    for (int post = 0; post < 2; ++post) {
      posted.fetch_add(1, release);
      if (!parker.claim()) continue;
      descriptor.exchange(1, std::memory_order_acq_rel);
      ExplorerAtomics::wake(descriptor, 1, psyne::Sharing::process);
    }
  });
  const auto drain = [&] {
    while (descriptor.load(acquire) == 0) {
      static_cast<void>(ExplorerAtomics::wait(descriptor, 0, psyne::Sharing::process, no_deadline));
    }
    descriptor.exchange(0, std::memory_order_acq_rel);
  };
  for (std::uint32_t seen = 0; seen < 2; seen = posted.load(acquire)) {
    parker.prepare();
    if (posted.load(acquire) == seen || parker.cancel()) drain();
  }
  waker.join();
}

TEST(ParkerExplored, ComposesWithADescriptor) {
  expect_sound("Parker, descriptor", claim_by_descriptor<ExplorerAtomics>);
}

TEST(ParkerExplored, EachBarrierAndEachWakeIsNeeded) {
  expect_found(
      "Parker without its light barrier", [] { hand_over<LightBarrierMissing>(); }, "sleeps");
  expect_found(
      "Parker without its heavy barrier", [] { hand_over<HeavyBarrierMissing>(); }, "sleeps");
  expect_found(
      "Parker without its wake", [] { hand_over<WakeMissing>(); }, "sleeps");
}

TEST(ParkerExplored, WrongOrdersOfThePayloadAreFound) {
  expect_found(
      "release store made relaxed", [] { hand_over<ReleaseMissing>(); }, "race");
  expect_found(
      "acquire load made relaxed", [] { hand_over<AcquireMissing>(); }, "race");
  expect_found(
      "published before written",
      [] {
        Parker<ExplorerAtomics> parker;
        ExplorerAtomics::Atomic<std::uint32_t> posted{0};
        Checked<int> payload(0);
        ExplorerAtomics::Thread waker([&] {
          posted.store(1, release);
          payload = 7;
          parker.wake();
        });
        parker.wait([&] { return posted.load(acquire) == 1; }, no_deadline, no_patience);
        require(payload == 7, "payload");
        waker.join();
      },
      "race");
}

/// `sleep` and `wake` are wrong ways to use a Parker.
template <class Sleeper, class Waker>
void misuse(Sleeper&& sleep, Waker&& wake) {
  Parker<ExplorerAtomics> parker;
  ExplorerAtomics::Atomic<std::uint32_t> posted{0};
  ExplorerAtomics::Thread waker([&] { wake(parker, posted); });
  sleep(parker, posted);
  waker.join();
}

TEST(ParkerExplored, WrongUsesAreFound) {
  const auto post_and_wake = [](auto& parker, auto& posted) {
    posted.store(1, release);
    parker.wake();
  };
  expect_found(
      "no look between announcement and sleep",
      [&] {
        misuse(
            [](auto& parker, auto& posted) {
              if (posted.load(acquire) == 1) return;
              parker.prepare();
              parker.commit(no_deadline);
            },
            post_and_wake);
      },
      "sleeps");
  expect_found(
      "woken before it is posted",
      [&] {
        misuse([](auto& parker,
                  auto& posted) { parker.wait([&] { return posted.load(acquire) == 1; }, no_deadline, no_patience); },
               [](auto& parker, auto& posted) {
                 parker.wake();
                 posted.store(1, release);
               });
      },
      "sleeps");
  expect_found(
      "two sleepers",
      [&] {
        const auto sleep = [](auto& parker, auto& posted) {
          parker.wait([&] { return posted.load(acquire) == 1; }, no_deadline, no_patience);
        };
        misuse(
            [&](auto& parker, auto& posted) {
              ExplorerAtomics::Thread second([&] { sleep(parker, posted); });
              sleep(parker, posted);
              second.join();
            },
            post_and_wake);
      },
      "sleeps");
}

}  // namespace
