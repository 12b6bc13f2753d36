// Receiver::receive_async: a message taken for somebody who dropped his receive comes back before all later ones.
#include "schemes.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <future>
#include <thread>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Completion;
using psyne_test::ConnectedOverEveryScheme;
using psyne_test::Tick;
using Receive = Completion<psyne::Received<Tick>>;

// Two receives get their messages from a thread that then hangs in a callback of the first: the second has its message,
// and has not been told.
class AsyncOrder : public ConnectedOverEveryScheme {
 protected:
  void SetUp() override {
    ASSERT_NO_FATAL_FAILURE(ConnectedOverEveryScheme::SetUp());
    first = receiver->receive_async();
    second = receiver->receive_async();
    first.on_complete([this](const Receive&) {
      hanging.set_value();
      go_on.get_future().wait();
    });
    driver = std::thread([waiting = first] { EXPECT_TRUE(waiting.wait(10s)); });
    std::this_thread::sleep_for(20ms);  // so that it looks after the lanes, and calls back itself
    const std::array<Tick, 4> ticks{{{1, 0}, {2, 0}, {3, 0}, {4, 0}}};
    ASSERT_TRUE(sender->send_batch(ticks, 10s));
    ASSERT_EQ(hanging.get_future().wait_for(10s), std::future_status::ready);
  }
  void TearDown() override {
    release();
    first = {};
    second = {};
    receiver.reset();
  }
  void release() {
    if (!driver.joinable()) return;
    go_on.set_value();
    driver.join();
  }

  Receive first;
  Receive second;
  std::promise<void> hanging;
  std::promise<void> go_on;
  std::thread driver;
};
INSTANTIATE_TEST_SUITE_P(Schemes, AsyncOrder, testing::ValuesIn(psyne_test::schemes), psyne_test::scheme_name);

TEST_P(AsyncOrder, ALaterReceiveGetsTheMessageOfOneThatWasDroppedBeforeItWasTold) {
  second = {};
  auto third = receiver->receive_async();
  auto fourth = receiver->receive_async();
  release();
  EXPECT_EQ(third.take()->number, 2U);
  EXPECT_EQ(fourth.take()->number, 3U);
  EXPECT_EQ(receiver->receive(10s)->number, 4U);
  EXPECT_EQ(first.take()->number, 1U);
}

TEST_P(AsyncOrder, ASynchronousReceiveGetsItToo) {
  second = {};
  std::thread later([&] {
    std::this_thread::sleep_for(10ms);
    release();
  });
  EXPECT_EQ(receiver->receive(10s)->number, 2U);
  EXPECT_EQ(receiver->receive(10s)->number, 3U);
  EXPECT_EQ(receiver->receive(10s)->number, 4U);
  later.join();
  EXPECT_EQ(receiver->try_receive().error(), Code::would_block);
}

TEST_P(AsyncOrder, OneThatIsKeptHasItsMessageOnceItIsTold) {
  auto third = receiver->receive_async();
  release();
  EXPECT_EQ(second.take()->number, 2U);
  EXPECT_EQ(third.take()->number, 3U);
  EXPECT_EQ(receiver->receive(10s)->number, 4U);
}

TEST_P(AsyncOrder, MessagesThatCameBackAreGivenInTheirOrderWhateverTheOrderInWhichTheyWereDropped) {
  auto third = receiver->receive_async();
  auto fourth = receiver->receive_async();
  release();
  ASSERT_TRUE(fourth.wait(10s));
  fourth = {};
  second = {};
  third = {};
  for (std::uint64_t number = 2; number <= 4; ++number) EXPECT_EQ(receiver->receive(10s)->number, number);
}

TEST_P(AsyncOrder, WhatIsUnderWayGoesWithTheReceiver) {
  second = {};
  std::thread later([&] {
    std::this_thread::sleep_for(10ms);
    release();
  });
  receiver.reset();
  later.join();
  EXPECT_EQ(first.take()->number, 1U) << "a view outlives its receiver";
}

}  // namespace
