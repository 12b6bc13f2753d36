#include <psyne/core/stop/subscribers.hpp>

#include <gtest/gtest.h>

#include <optional>

#include <explorer/atomics.hpp>
#include <explorer/checked.hpp>
#include <explorer/expectations.hpp>
#include <explorer/mutants.hpp>

namespace {

using psyne::EventSubscriber;
using psyne::Subscribers;
using namespace psyne::explorer;

/// Counts its notifications in plain memory, so that one which comes after remove() returned is a race.
struct Counting : EventSubscriber {
  Counting()
      : EventSubscriber([](EventSubscriber& self) noexcept {
          auto& own = static_cast<Counting&>(self);
          own.notified = own.notified + 1;
        }) {}
  Checked<int> notified{0};
};

Search deep() {
  Search search;
  search.systematic = 100'000;
  search.random = 20'000;
  return search;
}

/// One leaves, and goes, while another thread fires.
template <class Atomics, int spins = 0>
void leave_while_fired() {
  Subscribers<Atomics, spins> list;
  std::optional<Counting> leaving(std::in_place);
  Counting staying;
  require(list.add(*leaving) && list.add(staying), "added");
  ExplorerAtomics::Thread firing([&] { require(list.fire(), "the only one to fire"); });
  const bool in_time = list.remove(*leaving);
  require(leaving->notified == (in_time ? 0 : 1), "notified if it came too late, and before remove() returned");
  leaving.reset();
  firing.join();
  require(staying.notified == 1, "the other was notified");
}

TEST(SubscribersExplored, WhoLeavesIsNotTouchedAfterwards) {
  expect_sound(
      "Subscribers, remove while fired", [] { leave_while_fired<ExplorerAtomics>(); }, deep());
  expect_sound(
      "Subscribers, remove while fired, looking first", [] { leave_while_fired<ExplorerAtomics, 3>(); }, deep());
}

TEST(SubscribersExplored, TwoLeaveWhileFired) {
  expect_sound(
      "Subscribers, two remove",
      [] {
        Subscribers<ExplorerAtomics, 0> list;
        std::optional<Counting> one(std::in_place), other(std::in_place);
        require(list.add(*one) && list.add(*other), "added");
        const auto leave = [&](std::optional<Counting>& own) {
          const bool in_time = list.remove(*own);
          require(own->notified == (in_time ? 0 : 1), "notified if it came too late");
          own.reset();
        };
        ExplorerAtomics::Thread firing([&] { list.fire(); });
        ExplorerAtomics::Thread second([&] { leave(other); });
        leave(one);
        firing.join(), second.join();
      },
      deep());
}

TEST(SubscribersExplored, WhoComesWhileItIsFiredIsToldOneWayOrTheOther) {
  expect_sound(
      "Subscribers, add while fired",
      [] {
        Subscribers<ExplorerAtomics, 0> list;
        Counting early, late;
        require(list.add(early), "added");
        ExplorerAtomics::Thread firing([&] { list.fire(); });
        const bool added = list.add(late);
        firing.join();
        require(early.notified == 1, "the early one");
        require(late.notified == (added ? 1 : 0), "the late one, if it was added");
      },
      deep());
}

TEST(SubscribersExplored, OneOfTwoWhoFireDoesIt) {
  expect_sound(
      "Subscribers, fired twice",
      [] {
        Subscribers<ExplorerAtomics, 0> list;
        Counting one;
        require(list.add(one), "added");
        ExplorerAtomics::Atomic<int> fired{0};
        const auto fire = [&] {
          if (list.fire()) fired.fetch_add(1, std::memory_order_relaxed);
        };
        ExplorerAtomics::Thread first(fire), second(fire);
        first.join(), second.join();
        require(fired.load(std::memory_order_relaxed) == 1 && one.notified == 1, "once");
      },
      deep());
}

/// A subscriber that takes itself out, and another, from within its notification.
TEST(SubscribersExplored, LeavingFromWithinDoesNotWait) {
  expect_sound("Subscribers, remove from within", [] {
    struct Leaving : EventSubscriber {
      explicit Leaving(Subscribers<ExplorerAtomics, 0>& own, Counting& another)
          : EventSubscriber([](EventSubscriber& self) noexcept {
              auto& leaving = static_cast<Leaving&>(self);
              require(!leaving.list.remove(leaving), "too late for itself");
              require(leaving.list.remove(leaving.other), "in time for the other");
            }),
            list(own),
            other(another) {}
      Subscribers<ExplorerAtomics, 0>& list;
      Counting& other;
    };
    Subscribers<ExplorerAtomics, 0> list;
    Counting other;
    Leaving leaving(list, other);
    require(list.add(leaving) && list.add(other), "added");
    ExplorerAtomics::Thread firing([&] { list.fire(); });
    list.fire();
    firing.join();
    require(other.notified == 0, "never notified");
  });
}

TEST(SubscribersExplored, SeededBugsAreFound) {
  expect_found(
      "Subscribers without release", [] { leave_while_fired<ReleaseMissing>(); }, "race");
  expect_found(
      "Subscribers without acquire", [] { leave_while_fired<AcquireMissing>(); }, "race");
  expect_found(
      "Subscribers without wake", [] { leave_while_fired<WakeMissing>(); }, "sleeps");
}

}  // namespace
