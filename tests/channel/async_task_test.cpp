// co_await over channels: tasks that receive, on one thread or several, with stops, deadlines and timers.
#include <psyne/core/completion/sleep_async.hpp>

#include "schemes.hpp"

#include <array>
#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Clock;
using psyne::Code;
using psyne::Error;
using psyne::ManualExecutor;
using psyne::Receiver;
using psyne::Sender;
using psyne::Task;
using psyne_test::OverEveryScheme;
using psyne_test::Tick;

class AsyncTask : public OverEveryScheme {};
INSTANTIATE_TEST_SUITE_P(Schemes, AsyncTask, testing::ValuesIn(psyne_test::schemes), psyne_test::scheme_name);

// The sum of all that comes until the senders close; -1 when something is missing.
Task<std::int64_t> total(Receiver<Tick>& receiver) {
  std::int64_t sum = 0;
  for (std::uint64_t next = 0;; ++next) {
    auto tick = co_await receiver.receive_async();
    if (!tick) co_return tick.error() == Code::closed ? sum : -1;
    if (tick->number != next) co_return -1;
    sum += static_cast<std::int64_t>(tick->number);
  }
}

TEST_P(AsyncTask, TenThousandMessagesComeThroughCoAwait) {
  constexpr std::int64_t count = 10'000;
  const std::string name = uri();
  auto receiver = Receiver<Tick>::open(to(name)).value();
  std::thread sending([&] {
    auto sender = Sender<Tick>::open(name, {.capacity_bytes = 4096}).value();
    for (std::uint64_t i = 0; i < count; ++i) {
      if (!sender.send({i, 0}, 20s)) return;
      if (i % 500 == 0) std::this_thread::sleep_for(1ms);
    }
  });
  EXPECT_EQ(psyne::sync_wait(total(receiver)), count * (count - 1) / 2);
  sending.join();
}

TEST_P(AsyncTask, TwoTasksShareOneThread) {
  ManualExecutor executor;
  std::array<std::optional<Sender<Tick>>, 2> senders;
  std::array<std::optional<Receiver<Tick>>, 2> receivers;
  std::vector<psyne::Completion<std::int64_t>> totals;
  for (std::size_t i = 0; i < 2; ++i) {
    const std::string name = uri() + (i == 0 ? "-left" : "-right");
    receivers[i].emplace(Receiver<Tick>::open(to(name)).value());
    senders[i].emplace(Sender<Tick>::open(name).value());
    totals.push_back(psyne::start(executor, total(*receivers[i])));
  }
  std::thread sending([&] {
    for (std::uint64_t n = 0; n < 1000; ++n) {
      for (auto& sender : senders) sender->send({n, 0}, 20s).value();
    }
    for (auto& sender : senders) sender.reset();
  });
  const auto done = [&] { return totals[0].test() && totals[1].test(); };
  EXPECT_EQ(executor.run_until(done, Clock::now() + 60s), psyne::WaitEnd::ready);
  sending.join();
  for (auto& sum : totals) EXPECT_EQ(sum.take().value(), 1000 * 999 / 2);
}

TEST_P(AsyncTask, ResumesOnTheExecutorOnWhichItWasSuspended) {
  const std::string name = uri();
  auto receiver = Receiver<Tick>::open(to(name)).value();
  auto sender = Sender<Tick>::open(name).value();
  const auto here = std::this_thread::get_id();
  const auto task = [](Receiver<Tick>& from, std::thread::id thread) -> Task<bool> {
    bool stayed = true;
    for (int i = 0; i < 20; ++i) {
      auto tick = co_await from.receive_async();
      stayed = stayed && tick && std::this_thread::get_id() == thread;
    }
    co_return stayed;
  };
  std::thread sending([&] {
    for (std::uint64_t i = 0; i < 20; ++i) {
      std::this_thread::sleep_for(1ms);
      sender.send({i, 0}).value();
    }
  });
  EXPECT_TRUE(psyne::sync_wait(task(receiver, here)));
  sending.join();
}

Task<Code> one_code(Receiver<Tick>& receiver) {
  auto tick = co_await receiver.receive_async();
  co_return tick ? Code::in_use : tick.error().code();
}

TEST_P(AsyncTask, AStopAndADeadlineOfItsTokenEndTheAwait) {
  const std::string name = uri();
  auto receiver = Receiver<Tick>::open(to(name)).value();
  const psyne::StopSource source;
  std::thread stopping([&] {
    std::this_thread::sleep_for(10ms);
    source.request_stop();
  });
  EXPECT_EQ(psyne::sync_wait(one_code(receiver), source.token()), Code::stopped);
  stopping.join();
  const psyne::StopSource late(Clock::now() + 20ms);
  EXPECT_EQ(psyne::sync_wait(one_code(receiver), late.token()), Code::timed_out);
  auto sender = Sender<Tick>::open(name).value();
  sender.send({5, 0}).value();
  EXPECT_EQ(receiver.receive(10s)->number, 5U) << "no await that ended took it";
}

TEST_P(AsyncTask, NoMessageIsLostWhenStopsRaceWithArrival) {
  constexpr std::uint64_t count = 500;
  const std::string name = uri();
  auto receiver = Receiver<Tick>::open(to(name), {.wait_for_senders = true}).value();
  auto sender = Sender<Tick>::open(name, {.linger = 0s}).value();
  std::jthread sending([&] {
    for (std::uint64_t i = 0; i < count; ++i) {
      sender.send({i, 0}, 20s).value();
      std::this_thread::sleep_for(100us);
    }
  });
  const auto task = [](Receiver<Tick>& from) -> Task<std::optional<std::uint64_t>> {
    auto tick = co_await from.receive_async();
    if (!tick) co_return std::nullopt;
    co_return tick->number;
  };
  std::uint64_t next = 0;
  for (int turn = 0; next < count; ++turn) {
    ASSERT_LT(turn, 1'000'000);
    const psyne::StopSource source(Clock::now() + std::chrono::microseconds(turn % 150));
    if (auto number = psyne::sync_wait(task(receiver), source.token())) {
      ASSERT_EQ(*number, next++);
    }
  }
  sending.join();
}

TEST_P(AsyncTask, AReceiveAndATimerAreWaitedForTogether) {
  const std::string name = uri();
  auto receiver = Receiver<Tick>::open(to(name)).value();
  auto sender = Sender<Tick>::open(name).value();
  auto receive = receiver.receive_async();
  auto timer = psyne::sleep_async(30ms);
  EXPECT_EQ(psyne::wait_any({receive, timer}, 20s).value(), 1U);
  EXPECT_TRUE(timer.take());
  EXPECT_FALSE(receive.test());
  auto never = psyne::sleep_async(1h);
  std::thread sending([&] { sender.send({3, 0}).value(); });
  EXPECT_EQ(psyne::wait_any({never, receive}, 20s).value(), 1U);
  sending.join();
  EXPECT_EQ(receive.take()->number, 3U);
  EXPECT_TRUE(never.cancel());
  EXPECT_EQ(never.take().error(), Code::stopped);
}

TEST(SleepAsync, EndsAtItsTimeByItsTokenOrByCancel) {
  const auto start = Clock::now();
  EXPECT_TRUE(psyne::sleep_async(20ms).take());
  EXPECT_GE(Clock::now() - start, 20ms);
  EXPECT_TRUE(psyne::sleep_async(-1s).take());
  const psyne::StopSource source;
  auto stopped = psyne::sleep_async(source.token());
  EXPECT_FALSE(stopped.test());
  source.request_stop();
  EXPECT_EQ(stopped.take().error(), Code::stopped);
  for (int round = 0; round < 200; ++round) {
    auto races = psyne::sleep_async(std::chrono::microseconds(round % 40));
    const bool cancelled = races.cancel();
    auto ended = races.take();
    if (!cancelled) {
      EXPECT_TRUE(ended);
    }
    if (!ended) {
      EXPECT_EQ(ended.error(), Code::stopped);
    }
  }
  { auto dropped = psyne::sleep_async(5ms); }
  const auto task = []() -> Task<int> {
    int turns = 0;
    for (; turns < 5; ++turns) (co_await psyne::sleep_async(1ms)).value();
    co_return turns;
  };
  EXPECT_EQ(psyne::sync_wait(task()), 5);
}

TEST(SleepAsync, ACompletersDeadlineCallsItsStopCallbacksThoughNobodyWaits) {
  psyne::Completer<int> completer({.what = "cannot load", .deadline = Clock::now() + 20ms});
  auto completion = completer.completion();
  std::optional<psyne::StopCallback<std::function<void()>>> on_stop;
  on_stop.emplace(completer.stop_token(), [&] { completer.complete(completer.stop_token().error("cannot load")); });
  for (int i = 0; i < 10'000 && !completion.test(); ++i) std::this_thread::sleep_for(1ms);
  ASSERT_TRUE(completion.test());
  EXPECT_EQ(completion.take().error(), Code::timed_out);
}

}  // namespace
