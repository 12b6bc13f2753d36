// Channels over a socket, where what is committed is gathered, and posted by the sender's thread or the service thread.
#include <psyne.hpp>

#include "directory.hpp"
#include "eventually.hpp"

#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Delivery;
using psyne::Receiver;
using psyne::Sender;

struct Numbered {
  std::uint64_t number = 0;
};
struct Long {
  std::uint64_t number = 0;
  std::array<std::uint64_t, 1279> rest{};
};

class ChannelOverASocket : public testing::Test {
 protected:
  std::string listens(const std::string& query = "") const {
    return "unix://*" + directory_.path() + "/socket//stream" + query;
  }
  std::string connects() const { return "unix://" + directory_.path() + "/socket//stream"; }

 private:
  psyne_test::Directory directory_;
};

/// Receives the numbers from `first` to before `end`; false when they do not come, or not in order.
template <class T>
bool receive_in_order(Receiver<T>& receiver, std::uint64_t first, std::uint64_t end) {
  for (; first != end; ++first) {
    auto message = receiver.receive(20s);
    if (!message || message->number != first) return false;
  }
  return true;
}

TEST_F(ChannelOverASocket, TheEndOfAStreamArrivesThoughItsSenderNeverCallsAgain) {
  auto receiver = Receiver<Numbered>::open(listens()).value();
  auto sender = Sender<Numbered>::open(connects(), {.linger = 0s}).value();
  std::uint64_t sent = 0;
  for (const std::uint64_t length : {1, 2, 13, 20, 100, 3000, 20'000}) {
    for (int round = 0; round < 5; ++round) {
      std::thread stream([&, first = sent] {
        for (std::uint64_t i = 0; i < length; ++i) sender.send({first + i}, 20s).value();
      });
      EXPECT_TRUE(receive_in_order(receiver, sent, sent + length)) << length;
      stream.join();
      sent += length;
    }
  }
}

TEST_F(ChannelOverASocket, AStreamThatSlowsDownIsNotHeldBack) {
  auto receiver = Receiver<Numbered>::open(listens()).value();
  auto sender = Sender<Numbered>::open(connects(), {.linger = 0s}).value();
  std::uint64_t sent = 0;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 500; ++i) sender.send({sent++}, 20s).value();
    ASSERT_TRUE(receive_in_order(receiver, sent - 500, sent));
    for (int i = 0; i < 5; ++i) {  // each is waited for: one that stays behind ends the test
      sender.send({sent}, 20s).value();
      ASSERT_TRUE(receive_in_order(receiver, sent, sent + 1)) << round << " " << i;
      ++sent;
    }
  }
}

TEST_F(ChannelOverASocket, NeitherDoesAnOpenDraftHoldAnythingBack) {
  auto receiver = Receiver<Numbered>::open(listens()).value();
  auto sender = Sender<Numbered>::open(connects(), {.linger = 0s}).value();
  for (std::uint64_t i = 0; i < 2000; ++i) sender.send({i}, 20s).value();
  const auto draft = sender.reserve();
  ASSERT_TRUE(draft);
  EXPECT_TRUE(receive_in_order(receiver, 0, 2000));
}

// The service thread comes to a sender just as that goes to sleep: the credit that one of them reads wakes the other.
TEST_F(ChannelOverASocket, NobodySleepsThroughItsCredit) {
  constexpr std::uint64_t messages = 2000;
  for (int round = 0; round < 5; ++round) {
    auto receiver = Receiver<Long>::open(listens(), {.patience = psyne::no_patience}).value();
    std::thread sending([&] {
      auto sender = Sender<Long>::open(connects(), {.patience = psyne::no_patience}).value();
      for (std::uint64_t i = 0; i < messages; ++i) sender.send({.number = i}, 20s).value();
    });
    EXPECT_TRUE(receive_in_order(receiver, 0, messages)) << round;
    sending.join();
  }
}

TEST_F(ChannelOverASocket, ALoneSenderOfManyLanesHasAllOfThemEndWell) {
  constexpr std::uint64_t messages = 20'000;
  auto sender = Sender<Numbered>::open(listens("?delivery=all"), {.linger = 20s}).value();
  std::vector<std::thread> readers;
  std::atomic<int> whole{0};
  for (int i = 0; i < 4; ++i) {
    readers.emplace_back([&] {
      auto receiver = Receiver<Numbered>::open(connects(), {.delivery = Delivery::all}).value();
      if (receive_in_order(receiver, 0, messages)) ++whole;
    });
  }
  EXPECT_TRUE(psyne_test::eventually([&] { return sender.receivers() == 4; }));
  for (std::uint64_t i = 0; i < messages; ++i) sender.send({i}, 20s).value();
  for (auto& reader : readers) reader.join();
  EXPECT_EQ(whole, 4);
}

TEST_F(ChannelOverASocket, WhatHasGatheredIsDeliveredByClose) {
  for (int round = 0; round < 20; ++round) {
    auto receiver = Receiver<Numbered>::open(listens()).value();
    std::thread sending([&] {
      auto sender = Sender<Numbered>::open(connects(), {.linger = 20s}).value();
      for (std::uint64_t i = 0; i < 1000; ++i) sender.send({i}, 20s).value();
      EXPECT_TRUE(sender.close(30s));
    });
    EXPECT_TRUE(receive_in_order(receiver, 0, 1000));
    EXPECT_EQ(receiver.receive(20s).error().code(), Code::closed);
    sending.join();
  }
}

}  // namespace
