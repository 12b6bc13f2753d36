#include <psyne/core/completion/completer.hpp>
#include <psyne/core/completion/completion.hpp>
#include <psyne/core/executor/manual_executor.hpp>
#include <psyne/core/stop/stop_source.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::AnyCompletion;
using psyne::Clock;
using psyne::Code;
using psyne::Completer;
using psyne::Completion;
using psyne::CompletionStatus;
using psyne::Error;
using psyne::Exception;
using psyne::StopReason;
using psyne::StopSource;

TEST(Completion, IsPendingUntilItsProducerCompletesIt) {
  Completer<int> completer;
  const Completion<int> completion = completer.completion();
  EXPECT_FALSE(completion.test());
  EXPECT_EQ(completion.status(), CompletionStatus::pending);
  EXPECT_TRUE(completer.complete(7));
  EXPECT_TRUE(completion.test());
  EXPECT_EQ(completion.status(), CompletionStatus::completed);
  EXPECT_TRUE(completion.wait());
  EXPECT_EQ(*completion.result(), 7);
  EXPECT_EQ(completion.get(), 7);
}

TEST(Completion, CompletesOnce) {
  Completer<int> completer;
  const auto completion = completer.completion();
  EXPECT_TRUE(completer.complete(1));
  EXPECT_FALSE(completer.complete(2));
  EXPECT_FALSE(completer.complete(Code::closed));
  EXPECT_FALSE(completer.fail(std::make_exception_ptr(3)));
  EXPECT_EQ(completion.get(), 1);
}

TEST(Completion, TheValueIsMovedOutOnce) {
  Completer<std::unique_ptr<int>> completer({.what = "cannot receive from ipc://ticks"});
  const auto completion = completer.completion();
  completer.complete(std::make_unique<int>(5));
  EXPECT_EQ(**completion.result(), 5);
  EXPECT_EQ(*completion.get(), 5);
  const auto again = completion.take();
  ASSERT_FALSE(again);
  EXPECT_EQ(again.error(), Code::invalid_state);
  EXPECT_EQ(again.error().text(), "cannot receive from ipc://ticks: its value was taken before.");
}

TEST(Completion, AnErrorFailsItAndGoesToEveryone) {
  Completer<int> completer;
  const auto completion = completer.completion();
  completer.complete(Error(Code::peer_lost, "cannot receive from ipc://ticks"));
  EXPECT_EQ(completion.status(), CompletionStatus::failed);
  EXPECT_TRUE(completion.wait());  // the wait succeeded: it has finished
  EXPECT_EQ(completion.take().error(), Code::peer_lost);
  EXPECT_EQ(completion.take().error(), Code::peer_lost);
  try {
    static_cast<void>(completion.get());
    FAIL();
  } catch (const Exception& thrown) {
    EXPECT_EQ(thrown.error(), Code::peer_lost);
  }
}

TEST(Completion, WhatUserCodeThrewIsRethrownAsWhatItIs) {
  Completer<void> completer({.what = "cannot run job load"});
  const auto completion = completer.completion();
  completer.fail(std::make_exception_ptr(std::out_of_range("row 9")));
  EXPECT_EQ(completion.status(), CompletionStatus::failed);
  EXPECT_THROW(completion.get(), std::out_of_range);
  EXPECT_THROW(completion.get(), std::out_of_range);
  EXPECT_EQ(completion.take().error(), Code::thrown);
  EXPECT_EQ(completion.result().error().text(), "cannot run job load: row 9.");
}

TEST(Completion, AThrownPsyneExceptionKeepsItsError) {
  Completer<int> completer;
  const auto completion = completer.completion();
  completer.fail(std::make_exception_ptr(Exception(Error(Code::too_large, "cannot send"))));
  EXPECT_EQ(completion.take().error(), Code::too_large);
  EXPECT_THROW(completion.get(), Exception);
}

TEST(Completion, AnAbandonedOperationEndsCancelled) {
  std::optional<Completer<int>> completer(std::in_place, psyne::OperationOptions{.what = "cannot load"});
  const auto completion = completer->completion();
  completer.reset();
  EXPECT_EQ(completion.status(), CompletionStatus::cancelled);
  EXPECT_EQ(completion.take().error(), Code::cancelled);
  EXPECT_EQ(completion.take().error().text(), "cannot load: whoever was to complete it went away.");
}

TEST(Completion, ACompleterMovesWithItsDuty) {
  Completer<int> first, second;
  const auto one = first.completion(), two = second.completion();
  Completer<int> moved = std::move(first);
  EXPECT_FALSE(one.test());
  second = std::move(moved);
  EXPECT_EQ(two.status(), CompletionStatus::cancelled);
  second.complete(3);
  EXPECT_EQ(one.get(), 3);
}

TEST(Completion, WaitEndsByDeadlineAndStopAndNamesTheOperation) {
  Completer<int> completer({.what = "cannot receive from ipc://ticks"});
  const auto completion = completer.completion();
  const auto late = completion.wait(5ms);
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().text(), "cannot receive from ipc://ticks: the deadline passed.");

  const StopSource source;
  std::thread stopper([&] {
    std::this_thread::sleep_for(2ms);
    source.request_stop(StopReason::shutdown);
  });
  const auto stopped = completion.wait(source.token());
  stopper.join();
  ASSERT_FALSE(stopped);
  EXPECT_EQ(stopped.error(), Code::stopped);
  EXPECT_EQ(completion.wait(StopSource(Clock::now()).token()).error(), Code::timed_out);
  EXPECT_FALSE(completion.test());  // the operation itself goes on
  completer.complete(1);
  EXPECT_TRUE(completion.wait(psyne::Deadline{}));
}

TEST(Completion, OfNoOperationIsAnErrorNotACrash) {
  const Completion<int> none;
  EXPECT_FALSE(none);
  EXPECT_FALSE(none.test());
  EXPECT_FALSE(none.cancel());
  EXPECT_EQ(none.wait().error(), Code::invalid_state);
  EXPECT_EQ(none.take().error(), Code::invalid_state);
  EXPECT_THROW(none.get(), Exception);
}

TEST(Completion, WakesEveryWaiter) {
  for (int round = 0; round < 100; ++round) {
    Completer<std::string> completer;
    std::vector<std::thread> waiters;
    for (int i = 0; i < 3; ++i) {
      waiters.emplace_back([completion = completer.completion()] {
        EXPECT_TRUE(completion.wait(60s));
        EXPECT_EQ(*completion.result(), "done");
      });
    }
    if (round % 2 == 0) std::this_thread::sleep_for(1ms);
    completer.complete("done");
    for (std::thread& waiter : waiters) waiter.join();
  }
}

TEST(Completion, DroppingItDetaches) {
  Completer<std::shared_ptr<int>> completer;
  { const auto completion = completer.completion(); }
  const auto value = std::make_shared<int>(1);
  EXPECT_TRUE(completer.complete(value));
  EXPECT_EQ(value.use_count(), 2);
  completer = Completer<std::shared_ptr<int>>();
  EXPECT_EQ(value.use_count(), 1);  // nobody wants it any more
}

TEST(Completion, CancelTellsTheProducerAndWaitsForNothing) {
  Completer<int> completer;
  const auto completion = completer.completion();
  EXPECT_FALSE(completer.stop_token().stop_requested());
  EXPECT_TRUE(completion.cancel(StopReason::error, "sibling failed"));
  EXPECT_TRUE(completer.stop_token().stop_requested());
  EXPECT_EQ(completer.stop_token().reason(), StopReason::error);
  EXPECT_EQ(completer.stop_token().text(), "sibling failed");
  EXPECT_FALSE(completion.test());
  completer.complete(completer.stop_token().error("cannot load"));
  EXPECT_EQ(completion.status(), CompletionStatus::cancelled);
  EXPECT_FALSE(completion.cancel());
}

TEST(Completion, StopsWithTheTokenOfItsOptions) {
  const StopSource source;
  Completer<int> completer({.stop = source.token()});
  source.request_stop();
  EXPECT_EQ(completer.stop_token().reason(), StopReason::parent);
  Completer<int> late({.deadline = Clock::now()});
  EXPECT_EQ(late.stop_token().reason(), StopReason::deadline);
}

TEST(OnComplete, RunsOnTheThreadThatCompletesAndInOrder) {
  Completer<int> completer;
  const auto completion = completer.completion();
  std::string order;
  std::thread::id ran_on;
  completion.on_complete([&](Completion<int> done) {
    order += std::to_string(done.get());
    ran_on = std::this_thread::get_id();
  });
  completion.on_complete([&](const Completion<int>&) { order += 'b'; });
  std::thread([&] { completer.complete(4); }).join();
  EXPECT_EQ(order, "4b");
  EXPECT_NE(ran_on, std::this_thread::get_id());
  completion.on_complete([&](const AnyCompletion& done) { order += done.test() ? 'c' : '?'; });
  EXPECT_EQ(order, "4bc");
}

TEST(OnComplete, IsPostedToAnExecutor) {
  psyne::ManualExecutor executor;
  Completer<std::unique_ptr<int>> completer;
  int got = 0;
  completer.completion().on_complete([&](const auto& done) { got = *done.get(); }, executor);
  completer.complete(std::make_unique<int>(6));
  EXPECT_EQ(got, 0);
  EXPECT_EQ(executor.run_all(), 1u);
  EXPECT_EQ(got, 6);
}

// Whatever a callback does with the very same operation, no lock of ours is held.
TEST(OnComplete, RunsWithoutAnyLock) {
  Completer<int> completer;
  auto completion = completer.completion();
  int ran = 0;
  completion.on_complete([&](const Completion<int>& done) {
    EXPECT_TRUE(done.wait());
    EXPECT_FALSE(done.cancel());
    done.on_complete([&](const Completion<int>&) { ++ran; });
    std::thread([&] { done.on_complete([&](const Completion<int>&) { ++ran; }); }).join();
    completion = Completion<int>();
    ++ran;
  });
  completer.complete(1);
  EXPECT_EQ(ran, 3);
}

TEST(OnComplete, AnAbandonedOperationCallsToo) {
  auto state = CompletionStatus::pending;
  {
    Completer<int> completer;
    completer.completion().on_complete([&](const auto& done) { state = done.status(); });
  }
  EXPECT_EQ(state, CompletionStatus::cancelled);
}

TEST(OnComplete, EachRunsOnceWhenAttachedWhileItCompletes) {
  for (int round = 0; round < 500; ++round) {
    Completer<int> completer;
    std::atomic<int> ran{0};
    std::thread attacher([&, completion = completer.completion()] {
      for (int i = 0; i < 4; ++i) completion.on_complete([&](const auto&) { ++ran; });
    });
    completer.complete(1);
    attacher.join();
    EXPECT_EQ(ran, 4);
  }
}

}  // namespace
