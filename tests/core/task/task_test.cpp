#include <psyne/core/completion/completer.hpp>
#include <psyne/core/executor/inline_executor.hpp>
#include <psyne/core/executor/manual_executor.hpp>
#include <psyne/core/stop/stop_source.hpp>
#include <psyne/core/task/start.hpp>
#include <psyne/core/task/sync_wait.hpp>
#include <psyne/core/task/task.hpp>
#include <psyne/core/task/this_task.hpp>

#include "core/task/thread_executor.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Completer;
using psyne::Completion;
using psyne::CompletionStatus;
using psyne::current_executor;
using psyne::current_stop_token;
using psyne::ManualExecutor;
using psyne::Result;
using psyne::resume_on;
using psyne::start;
using psyne::StopReason;
using psyne::StopSource;
using psyne::sync_wait;
using psyne::Task;
using psyne_test::ThreadExecutor;

Task<int> give(int value) { co_return value; }
Task<> nothing() { co_return; }

Task<long> sum_up_to(int count) {
  long sum = 0;
  for (int i = 1; i <= count; ++i) sum += co_await give(i);
  co_return sum;
}

Task<int> wait_for(Completion<int> completion) {
  auto result = co_await completion;
  co_return result ? *result : -static_cast<int>(result.error().code());
}

TEST(Task, BeginsOnlyWhenAwaited) {
  bool began = false;
  const auto body = [&]() -> Task<int> {
    began = true;
    co_return 3;
  };
  Task<int> task = body();
  EXPECT_FALSE(began);
  EXPECT_EQ(sync_wait(std::move(task)), 3);
  EXPECT_TRUE(began);
}

TEST(Task, ThatNeverBeganMayBeDropped) {
  const auto value = std::make_shared<int>(1);
  {
    const auto body = [](std::shared_ptr<int> own) -> Task<int> { co_return *own; };
    Task<int> dropped = body(value);
    EXPECT_EQ(value.use_count(), 2);
    Task<int> replaced = give(1);
    replaced = std::move(dropped);
  }
  EXPECT_EQ(value.use_count(), 1);
}

TEST(Task, ValuesMoveThrough) {
  const auto make = []() -> Task<std::unique_ptr<int>> { co_return std::make_unique<int>(8); };
  const auto pass = [&]() -> Task<std::unique_ptr<int>> { co_return co_await make(); };
  EXPECT_EQ(*sync_wait(pass()), 8);
  sync_wait(nothing());
}

TEST(Task, ExceptionsReachTheOneThatAwaits) {
  const auto throws = []() -> Task<int> {
    co_await nothing();
    throw std::out_of_range("row 9");
  };
  const auto passes = [&]() -> Task<int> { co_return co_await throws(); };
  const auto catches = [&]() -> Task<std::string> {
    try {
      static_cast<void>(co_await passes());
    } catch (const std::out_of_range& thrown) {
      co_return thrown.what();
    }
    co_return "";
  };
  EXPECT_THROW(sync_wait(passes()), std::out_of_range);
  EXPECT_EQ(sync_wait(catches()), "row 9");
  const auto throws_nothing = []() -> Task<> {
    throw 5;
    co_return;
  };
  EXPECT_THROW(sync_wait(throws_nothing()), int);
}

TEST(Task, AMillionSynchronousAwaitsNeedNoStack) { EXPECT_EQ(sync_wait(sum_up_to(1'000'000)), 500'000'500'000); }

// Each waits for an operation that has already finished.
TEST(Task, AMillionFinishedCompletionsNeedNoStack) {
  Completer<int> completer;
  completer.complete(1);
  const auto loop = [&]() -> Task<int> {
    int count = 0;
    for (int i = 0; i < 1'000'000; ++i) count += (co_await completer.completion()).has_value() ? 1 : 0;
    co_return count;
  };
  EXPECT_EQ(sync_wait(loop()), 1);  // the value itself is taken once
}

// Each is suspended in earnest and resumed by the loop.
TEST(Task, AHundredThousandSuspensionsNeedNoStack) {
  const auto hop = []() -> Task<> { co_await resume_on(co_await current_executor()); };
  const auto loop = [&]() -> Task<int> {
    int count = 0;
    for (int i = 0; i < 100'000; ++i) {
      co_await hop();
      ++count;
    }
    co_return count;
  };
  EXPECT_EQ(sync_wait(loop()), 100'000);
  ManualExecutor executor;
  const auto inline_loop = start(psyne::inline_executor(), loop());
  EXPECT_EQ(inline_loop.get(), 100'000);
}

// A chain of waiting tasks that all end at once, the innermost first.
Task<int> chain(int depth, Completion<int> end) {
  if (depth == 0) co_return co_await wait_for(std::move(end));
  co_return 1 + co_await chain(depth - 1, std::move(end));
}

TEST(Task, AChainThatWaitsEndsFromTheInside) {
  ManualExecutor executor;
  Completer<int> completer;
  const auto result = start(executor, chain(1'000, completer.completion()));
  executor.run_all();
  EXPECT_FALSE(result.test());
  completer.complete(5);
  executor.run_all();
  EXPECT_EQ(result.get(), 1'005);
}

TEST(Task, ResumesOnTheExecutorItWasSuspendedOn) {
  ManualExecutor executor;
  Completer<int> completer;
  const auto result = start(executor, wait_for(completer.completion()));
  executor.run_all();
  std::thread([&] { completer.complete(4); }).join();
  EXPECT_FALSE(result.test());  // not on the thread that completed it
  executor.run_all();
  EXPECT_EQ(result.get(), 4);
}

TEST(Task, MayMoveToAnotherExecutorAndItsAwaiterStaysHome) {
  ThreadExecutor other;
  std::thread::id inside, after;
  const auto moves = [&]() -> Task<> {
    co_await resume_on(other);
    inside = std::this_thread::get_id();
    EXPECT_EQ(&co_await current_executor(), &other);
  };
  const auto outer = [&]() -> Task<> {
    co_await moves();
    after = std::this_thread::get_id();
  };
  for (int round = 0; round < 200; ++round) {
    sync_wait(outer());
    EXPECT_EQ(inside, other.id());
    EXPECT_EQ(after, std::this_thread::get_id());
  }
}

TEST(Task, StopTokenIsReachedAtAnyDepth) {
  const StopSource source;
  const auto inner = [&]() -> Task<bool> { co_return co_await current_stop_token() == source.token(); };
  const auto outer = [&]() -> Task<bool> { co_return co_await inner(); };
  EXPECT_TRUE(sync_wait(outer(), source.token()));
  EXPECT_FALSE(sync_wait(outer()));
}

TEST(Task, AwaitingACompletionEndsWhenTheTaskIsStopped) {
  Completer<int> never({.what = "cannot receive"});
  const auto body = [&]() -> Task<std::string> {
    const auto result = co_await never.completion();
    co_return result ? "?" : result.error().text();
  };
  const StopSource early;
  early.request_stop(StopReason::user, "Ctrl-C");
  EXPECT_EQ(sync_wait(body(), early.token()), "cannot receive: stop was requested (Ctrl-C).");

  for (int round = 0; round < 100; ++round) {
    const StopSource source;
    std::thread stopper([&] {
      if (round % 2 == 0) std::this_thread::sleep_for(100us);
      source.request_stop(StopReason::shutdown);
    });
    EXPECT_EQ(sync_wait(body(), source.token()), "cannot receive: it is being shut down.");
    stopper.join();
  }
}

// End and stop come together from two threads, and neither may resume the coroutine a second time or not at all.
TEST(Task, CompletionAndStopAtOnceResumeItOnce) {
  ThreadExecutor executor;
  for (int round = 0; round < 500; ++round) {
    const StopSource source;
    Completer<int> completer;
    const auto result = start(executor, wait_for(completer.completion()), {.stop = source.token()});
    std::thread stopper([&] { source.request_stop(); });
    completer.complete(1);
    const int got = result.get();
    EXPECT_TRUE(got == 1 || got == -static_cast<int>(Code::stopped)) << got;
    stopper.join();
  }
}

TEST(Task, AwaitingNoOperationIsAnError) {
  EXPECT_EQ(sync_wait(wait_for(Completion<int>())), -static_cast<int>(Code::invalid_state));
}

TEST(Task, AwaitedUserExceptionsAreRethrown) {
  Completer<int> completer;
  completer.fail(std::make_exception_ptr(std::out_of_range("x")));
  EXPECT_THROW(sync_wait(wait_for(completer.completion())), std::out_of_range);
}

TEST(Start, GivesValuesErrorsAndExceptions) {
  ManualExecutor executor;
  const auto value = start(executor, give(3));
  const auto error = start(executor, []() -> Task<Result<int>> { co_return Code::closed; }());
  const auto fine = start(executor, []() -> Task<Result<int>> { co_return 4; }());
  const auto done = start(executor, nothing());
  const auto thrown = start(executor, []() -> Task<> {
    throw std::out_of_range("x");
    co_return;
  }());
  EXPECT_FALSE(value.test());
  executor.run_all();
  EXPECT_EQ(value.get(), 3);
  EXPECT_EQ(error.take().error(), Code::closed);
  EXPECT_EQ(fine.get(), 4);
  EXPECT_EQ(done.status(), CompletionStatus::completed);
  EXPECT_THROW(thrown.get(), std::out_of_range);
}

TEST(Start, CancelStopsTheTasksToken) {
  ManualExecutor executor;
  Completer<int> never;
  const auto result =
      start(executor, [](Completion<int> waits) -> Task<Result<int>> { co_return co_await waits; }(never.completion()));
  executor.run_all();
  EXPECT_TRUE(result.cancel(StopReason::user));
  executor.run_all();
  EXPECT_EQ(result.status(), CompletionStatus::cancelled);
  EXPECT_EQ(result.take().error(), Code::stopped);
}

TEST(Start, DroppingTheReferenceLetsItRunOn) {
  ManualExecutor executor;
  bool ran = false;
  const auto body = [&]() -> Task<> {
    ran = true;
    co_return;
  };
  { const auto dropped = start(executor, body()); }
  executor.run_all();
  EXPECT_TRUE(ran);
}

// Whoever waits may destroy what the task refers to as soon as he hears of its end.
TEST(Start, TheFrameIsGoneBeforeAnybodyHearsOfTheEnd) {
  ManualExecutor executor;
  const auto value = std::make_shared<int>(1);
  long owners = 0;
  const auto body = [](std::shared_ptr<int> own) -> Task<int> { co_return *own; };
  start(executor, body(value)).on_complete([&](const auto&) { owners = value.use_count(); });
  EXPECT_EQ(value.use_count(), 2);
  executor.run_all();
  EXPECT_EQ(owners, 1);
}

// A coroutine of another library, which knows no executor, names one.
struct Foreign {
  struct promise_type {  // NOLINT(readability-identifier-naming): the language's name for it
    Foreign get_return_object() const noexcept { return {}; }
    std::suspend_never initial_suspend() const noexcept { return {}; }
    std::suspend_never final_suspend() const noexcept { return {}; }
    void return_void() const noexcept {}
    void unhandled_exception() const noexcept { std::terminate(); }
  };
};

TEST(Completion, IsAwaitedByForeignCoroutinesOnANamedExecutor) {
  ManualExecutor executor;
  Completer<int> completer;
  int got = 0;
  const auto body = [&]() -> Foreign { got = (co_await completer.completion().on(executor)).value(); };
  body();
  completer.complete(9);
  EXPECT_EQ(got, 0);
  executor.run_all();
  EXPECT_EQ(got, 9);
}

}  // namespace
