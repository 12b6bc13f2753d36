#include <psyne/core/atomics/short_lock.hpp>
#include <psyne/core/channel/gate.hpp>

#include <gtest/gtest.h>

#include <array>

#include <explorer/atomics.hpp>
#include <explorer/checked.hpp>
#include <explorer/expectations.hpp>
#include <explorer/mutants.hpp>

namespace {

using namespace psyne::explorer;

template <class Atomics>
using Gate = psyne::Gate<Atomics, psyne::ShortLock<ExplorerAtomics, 0>>;

Search deep() {
  Search search;
  search.bounds.preemptions = 6;
  search.systematic = 100'000;
  search.random = 30'000;
  return search;
}

/// What the gate guards: changed by the owner inside and by visitors, counted in plain memory, so that two at once are
/// a race.
struct Guarded {
  Checked<int> owner{0};
  Checked<int> visits{0};

  void use() {
    owner = owner + 1;
    static_cast<void>(visits.get());
  }
  void visit() {
    visits = visits + 1;
    static_cast<void>(owner.get());
  }
};

/// An owner that comes and goes, `visitors` that come once each.
template <class Atomics, int turns = 2, int visitors = 1>
void come_and_go() {
  Gate<Atomics> gate;
  Guarded guarded;
  std::array<ExplorerAtomics::Thread, visitors> threads;
  for (auto& thread : threads) {
    thread = ExplorerAtomics::Thread([&] { gate.visit([&] { guarded.visit(); }); });
  }
  for (int turn = 0; turn < turns; ++turn) {
    gate.enter();
    guarded.use();
    gate.leave();
  }
  for (auto& thread : threads) thread.join();
  gate.close();
  require(guarded.owner == turns, "each use of the owner");
  require(guarded.visits == visitors, "each visit, once");
}

TEST(GateExplored, OwnerAndVisitorsAreNeverInsideTogether) {
  expect_sound("Gate, one visitor", come_and_go<ExplorerAtomics>, deep());
  expect_sound("Gate, one visitor, many turns", come_and_go<ExplorerAtomics, 4>, deep());
  Search search = deep();
  search.bounds.preemptions = 3;
  expect_sound("Gate, two visitors", come_and_go<ExplorerAtomics, 2, 2>, search);
}

/// An owner inside waits for what a visit brings, as a sender waits for a receiver: it steps out and looks, and is
/// rung for by the visitor after the visit.
template <class Atomics>
void wait_for_a_visit() {
  Gate<Atomics> gate;
  Checked<bool> brought(false);
  ExplorerAtomics::Atomic<std::uint32_t> bell{0};
  ExplorerAtomics::Thread visitor([&] {
    gate.visit([&] { brought = true; });
    bell.store(1, std::memory_order_release);
    ExplorerAtomics::wake(bell, 1, psyne::Sharing::process);
  });
  gate.enter();
  while (!brought) {
    gate.leave();
    while (bell.load(std::memory_order_acquire) == 0) {
      static_cast<void>(ExplorerAtomics::wait(bell, 0, psyne::Sharing::process, psyne::no_deadline));
    }
    gate.enter();
  }
  gate.leave();
  visitor.join();
}

TEST(GateExplored, AnOwnerThatStepsOutFindsWhatWasBrought) {
  expect_sound("Gate, waiting for a visit", wait_for_a_visit<ExplorerAtomics>, deep());
}

/// Something arrives at a socket, and whoever comes first reads it there: an owner inside, which waits for it, or a
/// visitor, which rings for the owner. The owner reads by itself when it does, on its way out, what the visitor left:
/// nobody rings for that, so it must not go to sleep then.
template <class Atomics, bool heeds = true>
void sleep_until_it_is_read() {
  static constexpr std::uint32_t readable = 1, rung = 2;
  Gate<Atomics> gate;
  ExplorerAtomics::Atomic<std::uint32_t> pending{0};  // what ends a sleep
  ExplorerAtomics::Atomic<std::uint32_t> news{0};
  const auto tell = [&](std::uint32_t what) {
    pending.fetch_or(what, std::memory_order_acq_rel);
    ExplorerAtomics::wake(pending, 1, psyne::Sharing::process);
  };
  const auto owner = ExplorerAtomics::this_thread();
  const auto read = [&] {
    if ((pending.fetch_and(~readable, std::memory_order_acq_rel) & readable) == 0) return;
    news.store(1, std::memory_order_release);
    if (ExplorerAtomics::this_thread() != owner) tell(rung);
  };
  ExplorerAtomics::Thread visitor([&] {
    tell(readable);
    gate.visit(read);
  });
  gate.enter();
  for (;;) {
    read();
    if (news.load(std::memory_order_acquire) != 0) break;
    const bool did = gate.leave();
    while ((!heeds || !did) && pending.load(std::memory_order_acquire) == 0) {
      static_cast<void>(ExplorerAtomics::wait(pending, 0, psyne::Sharing::process, psyne::no_deadline));
    }
    gate.enter();
  }
  gate.leave();
  visitor.join();
  gate.close();
}

TEST(GateExplored, AnOwnerDoesNotSleepForWhatItReadOnItsWayOut) {
  expect_sound("Gate, sleeping for what is read", sleep_until_it_is_read<ExplorerAtomics>, deep());
}

/// Work that was left runs when the owner leaves or enters next, not at the end only.
TEST(GateExplored, WhatIsLeftRunsAtTheOwnersNextStep) {
  const Report report = explore("Gate, work that is left", [] {
    Gate<ExplorerAtomics> gate;
    Checked<int> visits(0);
    gate.enter();
    ExplorerAtomics::Thread visitor([&] { gate.visit([&] { visits = visits + 1; }); });
    visitor.join();
    require(visits == 0, "the owner is inside");
    gate.leave();
    require(visits == 1, "at once when it leaves");
  });
  EXPECT_FALSE(report.failure) << *report.failure;
}

struct TwoVisitsAtOnce {
  void lock() noexcept {}
  void unlock() noexcept {}
};

TEST(GateExplored, SeededBugsAreFound) {
  expect_found("Gate without light barriers", come_and_go<LightBarrierMissing>, "race");
  expect_found("Gate without heavy barriers", come_and_go<HeavyBarrierMissing>, "race");
  expect_found("Gate without release", come_and_go<ReleaseMissing>, "race");
  expect_found("Gate without acquire", come_and_go<AcquireMissing>, "race");
  expect_found("Gate whose owner sleeps though it did what was left", sleep_until_it_is_read<ExplorerAtomics, false>,
               "every thread sleeps");
  expect_found(
      "Gate without its lock",
      [] {
        psyne::Gate<ExplorerAtomics, TwoVisitsAtOnce> gate;
        Guarded guarded;
        ExplorerAtomics::Thread visitor([&] { gate.visit([&] { guarded.visit(); }); });
        gate.enter();
        guarded.use();
        gate.leave();
        visitor.join();
      },
      "race");
  expect_found(
      "Gate whose owner goes without closing it",
      [] {
        Gate<ExplorerAtomics> gate;
        Checked<int> visits(0);
        ExplorerAtomics::Thread visitor([&] { gate.visit([&] { visits = visits + 1; }); });
        gate.enter();
        visitor.join();
        require(visits == 1, "each visit");
      },
      "required");
}

}  // namespace
