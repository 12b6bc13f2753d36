// Asynchronous receiving while other processes live and die.
#include <psyne/core/executor/thread_executor.hpp>

#include "eventually.hpp"
#include "process.hpp"
#include "schemes.hpp"

#include <atomic>
#include <chrono>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Receiver;
using psyne::Sender;
using psyne_test::eventually;
using psyne_test::fresh_uri;
using psyne_test::Process;
using psyne_test::Tick;
using psyne_test::wait_to_be_killed;

Process victim(const std::string& uri, std::uint64_t messages) {
  return Process([=] {
    auto out = Sender<Tick>::open(uri, {.name = "victim"}).value();
    for (std::uint64_t i = 0; i < messages; ++i) out.send({i, 0}).value();
    wait_to_be_killed();
    return 0;
  });
}

TEST(AsyncProcesses, APendingReceiveLearnsOfTheDeathOfItsSender) {
  for (const bool waiting : {true, false}) {
    const std::string uri = fresh_uri();
    auto receiver = Receiver<Tick>::open(uri).value();
    Process sender = victim(uri, 1);
    EXPECT_EQ(receiver.receive_async().take()->number, 0U);
    auto pending = receiver.receive_async();
    std::thread killing([&] {
      std::this_thread::sleep_for(30ms);
      sender.kill();
    });
    if (!waiting) {
      EXPECT_TRUE(eventually([&] { return pending.test(); }));
    }
    auto end = pending.take();
    EXPECT_EQ(end.error(), Code::peer_lost) << end.error().text();
    EXPECT_NE(end.error().text().find("victim"), std::string::npos) << end.error().text();
    EXPECT_EQ(receiver.receive_async().take().error(), Code::closed) << "the death is told once";
    killing.join();
  }
}

TEST(AsyncProcesses, WhatADeadSenderCommittedIsDeliveredToThoseWhoWaitInTheirOrder) {
  const std::string uri = fresh_uri();
  auto receiver = Receiver<Tick>::open(uri).value();
  std::vector<psyne::Completion<psyne::Received<Tick>>> receives;
  for (int i = 0; i < 6; ++i) receives.push_back(receiver.receive_async());
  Process sender = victim(uri, 4);
  ASSERT_TRUE(receives[3].wait(10s));
  sender.kill();
  for (std::uint64_t i = 0; i < 4; ++i) EXPECT_EQ(receives[i].take()->number, i);
  EXPECT_EQ(receives[4].take().error(), Code::peer_lost);
  EXPECT_EQ(receives[5].take().error(), Code::closed);
}

TEST(AsyncProcesses, ASubscriptionIsToldOfADeathAndGoesOnWithTheOthers) {
  const std::string uri = fresh_uri();
  auto receiver = Receiver<Tick>::open(uri, {.wait_for_senders = true}).value();
  psyne::ThreadExecutor worker;
  worker.start().value();
  for (psyne::Executor* executor : {static_cast<psyne::Executor*>(nullptr), static_cast<psyne::Executor*>(&worker)}) {
    std::mutex mutex;
    std::string told;
    std::atomic<std::uint64_t> got{0};
    auto subscription = receiver
                            .on_message([&](const Tick&) { ++got; }, {.executor = executor,
                                                                      .on_error =
                                                                          [&](const psyne::Error& error) {
                                                                            const std::lock_guard lock(mutex);
                                                                            told += error.text();
                                                                          }})
                            .value();
    Process sender = victim(uri, 3);
    EXPECT_TRUE(eventually([&] { return got == 3; }));
    sender.kill();
    EXPECT_TRUE(eventually([&] {
      const std::lock_guard lock(mutex);
      return told.find("victim") != std::string::npos;
    })) << told;
    Process next = victim(uri, 2);
    EXPECT_TRUE(eventually([&] { return got == 5; }));
    EXPECT_FALSE(subscription.ended().test());
    next.kill();
    EXPECT_TRUE(eventually([&] {
      const std::lock_guard lock(mutex);
      return told.find("victim") != told.rfind("victim");
    }));
  }
}

TEST(AsyncProcesses, APendingSendLearnsOfTheDeathOfItsReceiver) {
  for (const bool waiting : {true, false}) {
    const std::string uri = fresh_uri();
    auto sender = Sender<Tick>::open(uri, {.capacity_bytes = 1024, .linger = 0s}).value();
    Process receiver([=] {
      auto in = Receiver<Tick>::open(uri, {.name = "victim"}).value();
      if (!in.receive()) return 1;
      wait_to_be_killed();
      return 0;
    });
    ASSERT_TRUE(sender.wait_for_receiver(10s));
    while (sender.send({0, 0}, 50ms)) {
    }
    auto pending = sender.send_async({1, 0});
    std::thread killing([&] {
      std::this_thread::sleep_for(30ms);
      receiver.kill();
    });
    if (!waiting) {
      EXPECT_TRUE(eventually([&] { return pending.test(); }));
    }
    const auto end = pending.take();
    EXPECT_EQ(end.error(), Code::peer_lost) << end.error().text();
    EXPECT_NE(end.error().text().find("victim"), std::string::npos) << end.error().text();
    killing.join();
  }
}

}  // namespace
