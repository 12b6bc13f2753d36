// Receiver::on_message: order, back-pressure, where callbacks run, and every end that a subscription may have.
#include <psyne/core/executor/thread_executor.hpp>
#include <psyne/core/service/service.hpp>

#include "eventually.hpp"
#include "schemes.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Clock;
using psyne::Code;
using psyne::Received;
using psyne::Receiver;
using psyne::Sender;
using psyne::Subscription;
using psyne_test::eventually;
using psyne_test::OverEveryScheme;
using psyne_test::Tick;

class OnMessage : public OverEveryScheme {
 protected:
  void SetUp() override {
    const std::string name = uri();
    sender.emplace(Sender<Tick>::open(name, {.capacity_bytes = 4096, .linger = 0s}).value());
    receiver.emplace(Receiver<Tick>::open(to(name)).value());
    sender->send({0, 0}).value();
    ASSERT_TRUE(receiver->receive(10s));
    worker.start().value();
  }
  void send(std::uint64_t number) { sender->send({number, 0}, 10s).value(); }

  std::optional<Sender<Tick>> sender;
  std::optional<Receiver<Tick>> receiver;
  psyne::ThreadExecutor worker;
};
INSTANTIATE_TEST_SUITE_P(Schemes, OnMessage, testing::ValuesIn(psyne_test::schemes), psyne_test::scheme_name);

TEST_P(OnMessage, EveryMessageComesOnceInOrderAndOneAtATime) {
  constexpr std::uint64_t count = 10'000;
  for (psyne::Executor* executor : {static_cast<psyne::Executor*>(nullptr), static_cast<psyne::Executor*>(&worker)}) {
    std::atomic<std::uint64_t> next{0};
    std::atomic<int> running{0};
    std::atomic<bool> on_service{false};
    auto subscription = receiver->on_message(
        [&](const Tick& tick) {
          EXPECT_EQ(running.fetch_add(1), 0);
          EXPECT_EQ(tick.number, next);
          if (psyne::Service::process().value()->here()) on_service = true;
          --running;
          ++next;
        },
        {.executor = executor});
    ASSERT_TRUE(subscription) << subscription.error().text();
    for (std::uint64_t i = 0; i < count; ++i) {
      send(i);
      if (i % 1000 == 0) std::this_thread::sleep_for(1ms);  // lets it fall asleep now and then
    }
    EXPECT_TRUE(eventually([&] { return next == count; })) << next;
    EXPECT_FALSE(on_service);
  }
}

TEST_P(OnMessage, RunsWhereAndWhenAManualExecutorIsRun) {
  psyne::ManualExecutor executor;
  std::vector<std::uint64_t> got;
  auto subscription =
      receiver->on_message([&](const Tick& tick) { got.push_back(tick.number); }, {.executor = &executor}).value();
  send(1);
  send(2);
  EXPECT_TRUE(got.empty());
  EXPECT_EQ(executor.run_until([&] { return got.size() == 2; }, Clock::now() + 10s), psyne::WaitEnd::ready);
  std::this_thread::sleep_for(5ms);
  send(3);
  EXPECT_EQ(executor.run_until([&] { return got.size() == 3; }, Clock::now() + 10s), psyne::WaitEnd::ready);
  EXPECT_EQ(got, (std::vector<std::uint64_t>{1, 2, 3}));
}

TEST_P(OnMessage, GivesOthersOnTheExecutorTheirTurn) {
  for (std::uint64_t i = 0; i < 150; ++i) send(i);
  psyne::ManualExecutor executor;
  std::atomic<std::uint64_t> got{0};
  std::uint64_t when_other_ran = 0;
  auto subscription = receiver->on_message([&](const Tick&) { ++got; }, {.executor = &executor}).value();
  struct Other : psyne::Work {
    Other(std::uint64_t& to, std::atomic<std::uint64_t>& from)
        : Work([](Work& self) noexcept { static_cast<Other&>(self).when = static_cast<Other&>(self).count.load(); }),
          when(to),
          count(from) {}
    std::uint64_t& when;
    std::atomic<std::uint64_t>& count;
  } other(when_other_ran, got);
  executor.post(other);
  EXPECT_EQ(executor.run_until([&] { return got == 150; }, Clock::now() + 10s), psyne::WaitEnd::ready);
  EXPECT_LT(when_other_ran, 150U);
}

TEST_P(OnMessage, ACallbackThatTakesTheMessageMayKeepIt) {
  std::mutex mutex;
  std::vector<Received<Tick>> kept;
  const auto count = [&] {
    const std::lock_guard lock(mutex);
    return kept.size();
  };
  auto subscription = receiver
                          ->on_message([&](Received<Tick> tick) {
                            const std::lock_guard lock(mutex);
                            kept.push_back(std::move(tick));
                          })
                          .value();
  for (std::uint64_t i = 0; i < 10; ++i) send(i);
  ASSERT_TRUE(eventually([&] { return count() == 10; }));
  subscription.stop();
  receiver.reset();
  for (std::uint64_t i = 0; i < 10; ++i) EXPECT_EQ(kept[i]->number, i);
}

TEST_P(OnMessage, ASlowCallbackSlowsTheSenderDownAndQueuesNothing) {
  std::atomic<bool> go{false};
  std::atomic<std::uint64_t> got{0};
  auto subscription = receiver
                          ->on_message([&](const Tick&) {
                            while (!go) std::this_thread::sleep_for(1ms);
                            ++got;
                          })
                          .value();
  std::uint64_t sent = 0;
  for (; sent < 1000; ++sent) {
    if (!sender->send({sent, 0}, 50ms)) break;
  }
  EXPECT_LT(sent, 4096 / sizeof(Tick) + 2) << "what the ring holds, and the one that is being handed over";
  go = true;
  EXPECT_TRUE(eventually([&] { return got == sent; }));
}

TEST_P(OnMessage, OtherReceivingIsRefusedUntilItIsStopped) {
  auto subscription = receiver->on_message([](const Tick&) {});
  ASSERT_TRUE(subscription);
  EXPECT_EQ(receiver->try_receive().error(), Code::invalid_state);
  EXPECT_EQ(receiver->receive_async().take().error(), Code::invalid_state);
  EXPECT_EQ(receiver->on_message([](const Tick&) {}).error(), Code::invalid_state);
  EXPECT_FALSE(receiver->arm());
  subscription->stop();
  EXPECT_EQ(subscription->ended().take().error(), Code::stopped);
  send(7);
  EXPECT_EQ(receiver->receive(10s)->number, 7U);
  auto pending = receiver->receive_async();
  EXPECT_EQ(receiver->on_message([](const Tick&) {}).error(), Code::invalid_state);
  send(8);
  EXPECT_EQ(pending.take()->number, 8U);
  std::atomic<std::uint64_t> got{0};
  auto again = receiver->on_message([&](const Tick& tick) { got = tick.number; }).value();
  send(9);
  EXPECT_TRUE(eventually([&] { return got == 9; }));
}

TEST_P(OnMessage, AMessageThatCameBackIsHandedOverFirst) {
  send(1);
  send(2);
  { auto unseen = receiver->receive_async(); }
  std::mutex mutex;
  std::vector<std::uint64_t> got;
  auto subscription = receiver
                          ->on_message([&](const Tick& tick) {
                            const std::lock_guard lock(mutex);
                            got.push_back(tick.number);
                          })
                          .value();
  EXPECT_TRUE(eventually([&] {
    const std::lock_guard lock(mutex);
    return got == std::vector<std::uint64_t>{1, 2};
  }));
}

TEST_P(OnMessage, EndsWithAValueWhenAllSendersClosedAndEverythingWasHandedOver) {
  for (psyne::Executor* executor : {static_cast<psyne::Executor*>(nullptr), static_cast<psyne::Executor*>(&worker)}) {
    const std::string name = uri();
    auto out = std::make_optional(Sender<Tick>::open(name).value());
    auto in = Receiver<Tick>::open(to(name)).value();
    std::atomic<std::uint64_t> got{0};
    auto subscription = in.on_message([&](const Tick&) { ++got; }, {.executor = executor}).value();
    for (std::uint64_t i = 0; i < 100; ++i) out->send({i, 0}).value();
    out.reset();
    auto ended = subscription.ended();
    ASSERT_TRUE(ended.wait(10s));
    EXPECT_TRUE(ended.take()) << ended.result().error().text();
    EXPECT_EQ(got, 100U);
    EXPECT_EQ(in.receive(10s).error(), Code::closed);
  }
}

TEST_P(OnMessage, WhatTheCallbackThrowsEndsItAndIsTold) {
  for (psyne::Executor* executor : {static_cast<psyne::Executor*>(nullptr), static_cast<psyne::Executor*>(&worker)}) {
    auto subscription = receiver
                            ->on_message(
                                [](const Tick& tick) {
                                  if (tick.number == 2) throw std::runtime_error("two is too much");
                                },
                                {.executor = executor})
                            .value();
    send(1);
    send(2);
    send(3);
    auto ended = subscription.ended();
    ASSERT_TRUE(ended.wait(10s));
    EXPECT_EQ(ended.result().error(), Code::thrown);
    EXPECT_THROW(ended.get(), std::runtime_error);
    EXPECT_EQ(receiver->receive(10s)->number, 3U) << "the rest is still there";
  }
}

TEST_P(OnMessage, StopWaitsForTheCallbackThatRuns) {
  for (psyne::Executor* executor : {static_cast<psyne::Executor*>(nullptr), static_cast<psyne::Executor*>(&worker)}) {
    std::atomic<bool> inside{false};
    auto subscription = receiver
                            ->on_message(
                                [&](const Tick&) {
                                  inside = true;
                                  std::this_thread::sleep_for(20ms);
                                  inside = false;
                                },
                                {.executor = executor})
                            .value();
    for (std::uint64_t i = 0; i < 5; ++i) send(i);
    ASSERT_TRUE(eventually([&] { return inside.load(); }));
    subscription.stop();
    EXPECT_FALSE(inside);
    subscription.stop();
    while (receiver->try_receive()) {
    }
  }
}

TEST_P(OnMessage, ACallbackMayStopAndDestroyItsSubscription) {
  for (psyne::Executor* executor : {static_cast<psyne::Executor*>(nullptr), static_cast<psyne::Executor*>(&worker)}) {
    for (const bool destroy : {true, false}) {
      std::optional<Subscription> subscription;
      std::atomic<int> calls{0};
      psyne::Completion<void> ended;
      std::mutex made;
      {
        const std::lock_guard lock(made);  // the callback waits until it is there
        subscription.emplace(receiver
                                 ->on_message(
                                     [&](const Tick&) {
                                       const std::lock_guard there(made);
                                       ++calls;
                                       if (destroy) {
                                         subscription.reset();
                                       } else {
                                         subscription->stop();
                                       }
                                     },
                                     {.executor = executor})
                                 .value());
        ended = subscription->ended();
      }
      send(1);
      send(2);
      ASSERT_TRUE(ended.wait(10s));
      EXPECT_EQ(ended.take().error(), Code::stopped);
      EXPECT_EQ(calls, 1);
      EXPECT_EQ(receiver->receive(10s)->number, 2U);
    }
  }
}

TEST_P(OnMessage, ACallbackMayDestroyTheReceiver) {
  for (psyne::Executor* executor : {static_cast<psyne::Executor*>(nullptr), static_cast<psyne::Executor*>(&worker)}) {
    const std::string name = uri();
    auto out = Sender<Tick>::open(name, {.linger = 0s}).value();
    auto in = std::make_optional(Receiver<Tick>::open(to(name)).value());
    std::mutex made;
    std::uint64_t seen = 0;
    auto subscription = [&] {
      const std::lock_guard lock(made);
      return in
          ->on_message(
              [&](const Tick& tick) {
                const std::lock_guard there(made);
                in.reset();
                seen = tick.number;  // the view outlives it
              },
              {.executor = executor})
          .value();
    }();
    out.send({1, 0}).value();
    out.send({2, 0}).value();
    ASSERT_TRUE(subscription.ended().wait(10s));
    EXPECT_EQ(subscription.ended().take().error(), Code::stopped);
    EXPECT_EQ(seen, 1U);
  }
}

TEST_P(OnMessage, TheReceiverMayMoveAndGoWhileSubscribed) {
  for (psyne::Executor* executor : {static_cast<psyne::Executor*>(nullptr), static_cast<psyne::Executor*>(&worker)}) {
    const std::string name = uri();
    auto out = Sender<Tick>::open(name, {.linger = 0s}).value();
    std::atomic<std::uint64_t> got{0};
    auto in = Receiver<Tick>::open(to(name)).value();
    auto subscription = in.on_message([&](const Tick&) { ++got; }, {.executor = executor}).value();
    {
      const Receiver<Tick> moved(std::move(in));
      out.send({1, 0}).value();
      EXPECT_TRUE(eventually([&] { return got == 1; }));
    }
    EXPECT_EQ(subscription.ended().take().error(), Code::stopped);
  }
}

TEST_P(OnMessage, StoppingRacesWithArrival) {
  std::atomic<std::uint64_t> next{0};
  std::atomic<bool> done{false};
  std::thread sending([&] {
    std::uint64_t number = 0;
    for (; !done; ++number) {
      ASSERT_TRUE(sender->send({number, 0}, 20s));
      if (number % 5 == 0) std::this_thread::sleep_for(20us);
    }
    EXPECT_TRUE(sender->send({number, 1}, 20s));
  });
  for (int round = 0; round < 150; ++round) {
    auto subscription = receiver
                            ->on_message(
                                [&](const Tick& tick) {
                                  EXPECT_EQ(tick.number, next);
                                  next = tick.number + 1;
                                },
                                {.executor = round % 2 == 0 ? &worker : nullptr})
                            .value();
    std::this_thread::sleep_for(std::chrono::microseconds(round * 5));
    if (round % 3 == 0) subscription.ended().cancel();
    if (round % 3 == 1) subscription.stop();
  }
  done = true;
  for (bool last = false; !last;) {
    auto tick = receiver->receive(20s);
    if (!tick) {
      ADD_FAILURE() << tick.error().text();
      break;
    }
    EXPECT_EQ(tick->number, next);
    next = tick->number + 1;
    last = tick->price == 1;
  }
  sending.join();
}

TEST_P(OnMessage, AnExecutorMayGoAfterItsSubscriptionWasStopped) {
  for (int round = 0; round < 50; ++round) {
    auto executor = std::make_unique<psyne::ThreadExecutor>();
    executor->start().value();
    auto subscription = receiver->on_message([](const Tick&) {}, {.executor = executor.get()}).value();
    send(1);
    if (round % 2 == 0) std::this_thread::sleep_for(100us);
    subscription.stop();
    executor.reset();  // a late post would be a use after free, which the sanitizers see
    while (receiver->try_receive()) {
    }
  }
}

}  // namespace
