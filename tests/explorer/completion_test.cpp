#include <psyne/core/completion/arrivals.hpp>
#include <psyne/core/completion/result_state.hpp>
#include <psyne/core/executor/inline_executor.hpp>
#include <psyne/core/stop/stop_source.hpp>
#include <psyne/core/task/resume_gate.hpp>
#include <psyne/core/timer/timer_queue.hpp>

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include <explorer/atomics.hpp>
#include <explorer/checked.hpp>
#include <explorer/expectations.hpp>
#include <explorer/mutants.hpp>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::CompletionStatus;
using psyne::EventSubscriber;
using psyne::no_deadline;
using psyne::no_patience;
using psyne::ResumeGate;
using psyne::StopReason;
using psyne::WaitEnd;
using namespace psyne::explorer;

Search deep() {
  Search search;
  search.systematic = 100'000;
  search.random = 20'000;
  return search;
}

/// An operation whose producer ends it as soon as it is cancelled.
template <class Atomics>
struct Operation final : psyne::ResultState<int, Atomics> {
  Checked<int> payload{0};  // what the result refers to

  void produce() {
    payload = 7;
    this->complete(1);
  }
  void cancel_requested(StopReason, std::string) override { this->complete(Code::cancelled); }
};

template <class State>
struct Releasing {
  void operator()(State* state) const { state->release(); }
};
template <class Atomics>
using Kept = std::unique_ptr<Operation<Atomics>, Releasing<Operation<Atomics>>>;

template <class Atomics>
Kept<Atomics> another_reference(const Kept<Atomics>& kept) {
  kept->retain();
  return Kept<Atomics>(kept.get());
}

template <class Atomics>
void wait_for_result() {
  const Kept<Atomics> consumer(new Operation<Atomics>);
  ExplorerAtomics::Thread producer([own = another_reference<Atomics>(consumer).release()] {
    const Kept<Atomics> kept(own);
    kept->produce();
  });
  const auto end = consumer->wait(no_deadline, psyne::BasicStopToken<Atomics>(), no_patience);
  require(end == WaitEnd::ready, "finished");
  require(consumer->payload == 7, "all that the producer wrote");
  require(consumer->take().value() == 1, "its value");
  producer.join();
}

TEST(CompletionExplored, TheWaiterWakesAndSeesTheResult) {
  expect_sound("Completion, wait", wait_for_result<ExplorerAtomics>, deep());
  expect_found("Completion without release", wait_for_result<ReleaseMissing>);
  expect_found("Completion without acquire", wait_for_result<AcquireMissing>);
  expect_found("Completion without wake", wait_for_result<WakeMissing>, "sleeps");
}

TEST(CompletionExplored, TwoWaitersWake) {
  Search search = deep();
  search.bounds.preemptions = 2;
  expect_sound(
      "Completion, two waiters",
      [] {
        Operation<ExplorerAtomics>& state = *new Operation<ExplorerAtomics>;
        const auto wait = [&] {
          require(state.wait(no_deadline, {}, no_patience) == WaitEnd::ready && state.payload == 7, "finished");
        };
        ExplorerAtomics::Thread first(wait), second(wait);
        state.produce();
        first.join(), second.join();
        state.release();
      },
      search);
}

/// The waiter gives up, and its parker with it, while the producer finishes.
TEST(CompletionExplored, GivingUpWhileItFinishes) {
  expect_sound(
      "Completion, deadline",
      [] {
        const Kept<ExplorerAtomics> consumer(new Operation<ExplorerAtomics>);
        ExplorerAtomics::Thread producer([&] { consumer->produce(); });
        const auto end = consumer->wait(ExplorerAtomics::now() + 1s, {}, no_patience);
        if (end == WaitEnd::ready) require(consumer->payload == 7, "finished");
        producer.join();
      },
      deep());
}

TEST(CompletionExplored, ItEndsOnceWhenCancelledWhileItFinishes) {
  expect_sound(
      "Completion, cancel",
      [] {
        const Kept<ExplorerAtomics> consumer(new Operation<ExplorerAtomics>);
        ExplorerAtomics::Thread producer([&] { consumer->produce(); });
        static_cast<void>(consumer->cancel(StopReason::user));
        require(consumer->wait(no_deadline, {}, no_patience) == WaitEnd::ready, "finished by one of the two");
        const auto result = consumer->take();
        require(result ? *result == 1 : result.error() == Code::cancelled, "one result, whole");
        require((consumer->status() == CompletionStatus::completed) == result.has_value(), "and its status");
        producer.join();
      },
      deep());
}

TEST(CompletionExplored, TheValueIsTakenOnce) {
  expect_sound(
      "Completion, two takers",
      [] {
        const Kept<ExplorerAtomics> consumer(new Operation<ExplorerAtomics>);
        consumer->produce();
        bool other = false;
        ExplorerAtomics::Thread taker([&] { other = consumer->take().has_value(); });
        const bool own = consumer->take().has_value();
        taker.join();
        require(own != other, "by one of them");
      },
      deep());
}

/// The operation goes with its last reference, whoever drops it.
TEST(CompletionExplored, DetachingWhileItFinishes) {
  expect_sound(
      "Completion, detach",
      [] {
        Kept<ExplorerAtomics> consumer(new Operation<ExplorerAtomics>);
        ExplorerAtomics::Thread producer([own = another_reference<ExplorerAtomics>(consumer).release()] {
          const Kept<ExplorerAtomics> kept(own);
          kept->produce();
        });
        consumer.reset();
        producer.join();
      },
      deep());
}

template <class Atomics>
void any_of_two() {
  Operation<Atomics>& one = *new Operation<Atomics>;
  Operation<Atomics>& other = *new Operation<Atomics>;
  ExplorerAtomics::Thread first([&] { one.produce(); });
  ExplorerAtomics::Thread second([&] { other.produce(); });
  {
    psyne::Arrivals<Atomics> arrivals;
    arrivals.add(one, 0);
    arrivals.add(other, 1);
    std::size_t number = 2;
    require(arrivals.next(number, no_deadline, psyne::BasicStopToken<Atomics>(), no_patience) == WaitEnd::ready,
            "one of them");
    require(number < 2 && (number == 0 ? one : other).payload == 7, "and it has finished");
  }  // leaves while the other may be finishing
  first.join(), second.join();
  one.release(), other.release();
}

TEST(ArrivalsExplored, OneOfTwoArrivesAndTheOtherMayBeLeft) {
  Search search = deep();
  search.bounds.preemptions = 2;
  expect_sound("Arrivals, any of two", any_of_two<ExplorerAtomics>, search);
  expect_found("Arrivals without release", any_of_two<ReleaseMissing>);
  expect_found("Arrivals without wake", any_of_two<WakeMissing>, "sleeps");
}

TEST(ArrivalsExplored, BothArriveInTheEnd) {
  Search search = deep();
  search.bounds.preemptions = 2;
  expect_sound(
      "Arrivals, both",
      [] {
        Operation<ExplorerAtomics>& one = *new Operation<ExplorerAtomics>;
        Operation<ExplorerAtomics>& other = *new Operation<ExplorerAtomics>;
        ExplorerAtomics::Thread first([&] { one.produce(); });
        ExplorerAtomics::Thread second([&] { other.produce(); });
        {
          psyne::Arrivals<ExplorerAtomics> arrivals;
          arrivals.add(one, 0);
          arrivals.add(other, 1);
          std::size_t sum = 0;
          for (std::size_t number = 0; arrivals.waiting() > 0; sum += number) {
            require(arrivals.next(number, no_deadline, {}, no_patience) == WaitEnd::ready, "the next");
          }
          require(sum == 1, "each once");
        }
        first.join(), second.join();
        one.release(), other.release();
      },
      search);
}

/// A coroutine that is suspended while two things happen, either of which is to resume it.
template <class Atomics>
void resume_once() {
  ResumeGate<Atomics> gate;
  Checked<int> frame(0);
  ExplorerAtomics::Atomic<int> resumed{0};
  const auto go_on = [&] {
    require(frame == 1, "the frame is whole");
    frame = 2;
    resumed.fetch_add(1, std::memory_order_relaxed);
  };
  const auto happen = [&] {
    if (gate.trigger()) go_on();
  };
  ExplorerAtomics::Thread one(happen), other(happen);
  frame = 1;
  if (!gate.arm()) go_on();
  one.join(), other.join();
  require(resumed.load(std::memory_order_relaxed) == 1, "exactly once");
}

/// What happened before the trigger is seen by the coroutine.
template <class Atomics>
void see_what_triggered() {
  ResumeGate<Atomics> gate;
  Checked<int> event(0);
  ExplorerAtomics::Thread one([&] {
    event = 1;
    if (gate.trigger()) require(event == 1, "here");
  });
  if (!gate.arm()) require(event == 1, "there");
  one.join();
}

TEST(ResumeGateExplored, OneResumes) {
  expect_sound("ResumeGate, two triggers", resume_once<ExplorerAtomics>, deep());
  expect_found("ResumeGate without release", resume_once<ReleaseMissing>, "race");
  expect_found("ResumeGate without acquire", resume_once<AcquireMissing>, "race");
  expect_sound("ResumeGate, what triggered", see_what_triggered<ExplorerAtomics>, deep());
  expect_found("ResumeGate trigger without release", see_what_triggered<ReleaseMissing>, "race");
  expect_found("ResumeGate arm without acquire", see_what_triggered<AcquireMissing>, "race");
}

TEST(TimerQueueExplored, ATimerFiresOrIsCancelled) {
  expect_sound(
      "TimerQueue, cancel against expire",
      [] {
        struct Ringing : psyne::Work {
          Ringing()
              : Work([](Work& self) noexcept { ++static_cast<Ringing&>(self).rung; }),
                timer(*this, psyne::inline_executor()) {}
          psyne::Timer timer;
          int rung = 0;
        };
        psyne::TimerQueue<ExplorerAtomics> queue;
        Ringing one, other;
        const psyne::Deadline due(1s);
        static_cast<void>(queue.add(one.timer, due));
        ExplorerAtomics::Thread driver([&] { queue.expire(due); });
        static_cast<void>(queue.add(other.timer, due));
        const bool cancelled = queue.cancel(one.timer);
        driver.join();
        queue.expire(due);
        require(one.rung == (cancelled ? 0 : 1), "one or the other");
        require(other.rung == 1, "not lost");
      },
      deep());
}

}  // namespace
