#include <psyne/core/stop/stop_callback.hpp>
#include <psyne/core/stop/stop_source.hpp>
#include <psyne/core/stop/wait_or_stop.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include <explorer/atomics.hpp>
#include <explorer/checked.hpp>
#include <explorer/expectations.hpp>
#include <explorer/mutants.hpp>

namespace {

using namespace std::chrono_literals;
using psyne::no_deadline;
using psyne::no_patience;
using psyne::StopReason;
using psyne::WaitEnd;
using namespace psyne::explorer;

template <class Atomics>
using Source = psyne::BasicStopSource<Atomics>;
using Token = psyne::BasicStopToken<ExplorerAtomics>;

Search deep() {
  Search search;
  search.systematic = 100'000;
  search.random = 20'000;
  return search;
}

/// Whoever sees the stop sees what its requester wrote before, and a cause that stays.
template <class Atomics>
void see_the_cause() {
  const Source<Atomics> source;
  Checked<int> written(0);
  ExplorerAtomics::Thread requester([&] {
    written = 1;
    source.request_stop(StopReason::shutdown, "closing");
  });
  const auto token = source.token();
  if (token.stop_requested()) {
    require(written == 1, "seen with the stop");
    require(token.reason() == StopReason::shutdown && token.text() == "closing", "the cause is whole");
  }
  requester.join();
}

TEST(StopExplored, TheCauseIsWholeWhenItIsSeen) {
  expect_sound("Stop, cause", see_the_cause<ExplorerAtomics>, deep());
  expect_found("Stop without release", see_the_cause<ReleaseMissing>, "race");
  expect_found("Stop without acquire", see_the_cause<AcquireMissing>, "race");
}

TEST(StopExplored, OneOfTwoReasonsWins) {
  expect_sound(
      "Stop, two requests",
      [] {
        const Source<ExplorerAtomics> source;
        bool first_won = false;
        ExplorerAtomics::Thread first([&] { first_won = source.request_stop(StopReason::error, "a failed"); });
        const bool second_won = source.request_stop(StopReason::user);
        require(source.stop_requested(), "stopped when either returned");
        first.join();
        require(first_won != second_won, "one of them");
        require(source.token().reason() == (first_won ? StopReason::error : StopReason::user), "his reason");
      },
      deep());
}

TEST(StopExplored, ACallbackIsNeverTouchedAfterItsDestructor) {
  expect_sound(
      "StopCallback, destroyed while stopped",
      [] {
        const Source<ExplorerAtomics> source;
        Checked<int> called(0);
        ExplorerAtomics::Thread requester([&] { source.request_stop(); });
        {
          const psyne::StopCallback callback(source.token(), [&] { called = called + 1; });
        }
        require(called <= 1, "once at most");
        called = 5;  // a call that comes later is a race
        requester.join();
        require(called == 5, "not called afterwards");
      },
      deep());
}

TEST(StopExplored, ACallbackThatStaysIsCalledOnce) {
  expect_sound(
      "StopCallback, made while stopped",
      [] {
        const Source<ExplorerAtomics> source;
        Checked<int> called(0);
        ExplorerAtomics::Thread requester([&] { source.request_stop(); });
        {
          const psyne::StopCallback callback(source.token(), [&] { called = called + 1; });
          requester.join();
        }
        require(called == 1, "once");
      },
      deep());
}

TEST(StopExplored, AChildComesAndGoesWhileItsParentStops) {
  expect_sound(
      "Stop, child made and dropped",
      [] {
        const Source<ExplorerAtomics> parent;
        ExplorerAtomics::Thread requester([&] { parent.request_stop(StopReason::shutdown, "closing"); });
        {
          std::optional<Source<ExplorerAtomics>> child(std::in_place, parent.token());
          const Source<ExplorerAtomics> grandchild(child->token());
          child.reset();
          if (grandchild.stop_requested()) {
            require(grandchild.token().reason() == StopReason::parent, "by the parent");
            require(grandchild.token().text() == "closing", "with its words");
          }
        }
        requester.join();
      },
      deep());
}

TEST(StopExplored, AChildThatStaysIsStoppedByItsParent) {
  expect_sound(
      "Stop, child made while stopped",
      [] {
        const Source<ExplorerAtomics> parent;
        ExplorerAtomics::Thread requester([&] { parent.request_stop(); });
        const Source<ExplorerAtomics> child(parent.token());
        const Source<ExplorerAtomics> grandchild(child.token());
        requester.join();
        require(child.stop_requested() && grandchild.stop_requested(), "both stopped");
      },
      deep());
}

/// Parent and child are stopped at once: the child's callbacks run once, whoever calls them.
TEST(StopExplored, ParentAndChildStoppedAtOnce) {
  expect_sound(
      "Stop, parent and child at once",
      [] {
        const Source<ExplorerAtomics> parent;
        const Source<ExplorerAtomics> child(parent.token());
        Checked<int> called(0);
        {
          const psyne::StopCallback callback(child.token(), [&] { called = called + 1; });
          ExplorerAtomics::Thread requester([&] { parent.request_stop(); });
          child.request_stop(StopReason::user);
          requester.join();
        }
        require(called == 1, "once");
      },
      deep());
}

/// The last token goes while the source stops.
TEST(StopExplored, TheLastReferenceGoesWhileItStops) {
  expect_sound(
      "Stop, last reference",
      [] {
        std::optional<Source<ExplorerAtomics>> source(std::in_place);
        Token token = source->token();
        ExplorerAtomics::Thread holder([own = std::move(token)]() mutable { own = Token(); });
        source->request_stop();
        source.reset();
        holder.join();
      },
      deep());
}

TEST(StopExplored, TheDeadlineIsSeenByAllAlike) {
  expect_sound(
      "Stop, deadline against request",
      [] {
        const Source<ExplorerAtomics> source(ExplorerAtomics::now() + 1s);
        std::optional<StopReason> seen;
        ExplorerAtomics::Thread looker([&] { seen = source.token().reason(); });
        source.request_stop(StopReason::user);
        looker.join();
        require(!seen || seen == source.token().reason(), "the reason stays");
      },
      deep());
}

/// A sleeper, a stop and what it waits for, all at once.
template <class Atomics>
void wait_for_either(bool also_ready) {
  const Source<Atomics> source;
  psyne::Parker<Atomics> parker;
  typename Atomics::template Atomic<bool> ready{false};
  ExplorerAtomics::Thread stopper([&] { source.request_stop(); });
  ExplorerAtomics::Thread waker;
  if (also_ready) {
    waker = ExplorerAtomics::Thread([&] {
      ready.store(true, std::memory_order_release);
      parker.wake();
    });
  }
  const auto look = [&] { return ready.load(std::memory_order_acquire); };
  const WaitEnd end = psyne::wait_or_stop(parker, look, no_deadline, source.token(), no_patience);
  require(end == WaitEnd::stopped || (also_ready && end == WaitEnd::ready), "ended by one of them");
  stopper.join();
  if (also_ready) waker.join();
}

TEST(StopExplored, AStopWakesASleeperAndLeavesItsParkerAlone) {
  expect_sound(
      "wait_or_stop, stop", [] { wait_for_either<ExplorerAtomics>(false); }, deep());
  expect_sound(
      "wait_or_stop, stop and wake", [] { wait_for_either<ExplorerAtomics>(true); }, deep());
  expect_found(
      "wait_or_stop without wake", [] { wait_for_either<WakeMissing>(false); }, "sleeps");
  expect_found(
      "wait_or_stop without the light barrier", [] { wait_for_either<LightBarrierMissing>(false); }, "sleeps");
}

}  // namespace
