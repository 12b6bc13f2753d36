// Channels between processes that live, die and come again. Every process is a fork of this one.
#include "process.hpp"

#include "eventually.hpp"
#include "open_descriptors.hpp"
#include "schemes.hpp"

#include <fcntl.h>

#include <array>
#include <cstring>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::ByteVector;
using psyne::Code;
using psyne::Delivery;
using psyne::Held;
using psyne::Receiver;
using psyne::Sender;
using psyne_test::eventually;
using psyne_test::fresh_uri;
using psyne_test::open_descriptors;
using psyne_test::Process;
using psyne_test::Tick;
using psyne_test::wait_to_be_killed;

TEST(Processes, AKilledSendersCommittedMessagesArriveThenItsDeath) {
  const std::string uri = fresh_uri();
  auto receiver = Receiver<Tick>::open(uri).value();
  std::array<int, 2> all_sent{};
  ASSERT_EQ(pipe(all_sent.data()), 0);
  Process sender([&] {
    auto out = Sender<Tick>::open(uri, {.name = "victim"}).value();
    for (std::uint64_t i = 0; i < 100; ++i) out.send({i, 0}).value();
    auto draft = out.reserve();
    draft->number = 100;  // written, never committed
    if (write(all_sent[1], "!", 1) != 1) return 1;
    wait_to_be_killed();
    return 0;
  });
  close(all_sent[1]);  // so that the read ends with the sender at the latest
  for (std::uint64_t i = 0; i < 100; ++i) {
    if (i == 50) {
      char told = 0;
      ASSERT_EQ(read(all_sent[0], &told, 1), 1);
      close(all_sent[0]);
      sender.kill();
    }
    auto tick = receiver.receive(10s);
    ASSERT_TRUE(tick) << tick.error().text();
    ASSERT_EQ(tick->number, i);
  }
  auto end = receiver.receive(10s);
  ASSERT_EQ(end.error(), Code::peer_lost) << end.error().text();
  EXPECT_NE(end.error().text().find("victim"), std::string::npos) << end.error().text();
  EXPECT_EQ(receiver.receive(10s).error(), Code::closed) << "the death is told once";
}

TEST(Processes, ABlockedReceiverLearnsOfADeathAtOnce) {
  const std::string uri = fresh_uri();
  auto receiver = Receiver<Tick>::open(uri, {.patience = psyne::no_patience}).value();
  Process sender([&] {
    auto out = Sender<Tick>::open(uri).value();
    out.send({1, 0}).value();
    wait_to_be_killed();
    return 0;
  });
  ASSERT_TRUE(receiver.receive(10s));
  std::thread killing([&] {
    std::this_thread::sleep_for(50ms);
    sender.kill();
  });
  EXPECT_EQ(receiver.receive(10s).error(), Code::peer_lost);
  killing.join();
}

TEST(Processes, OneSendersDeathDoesNotDisturbTheOthers) {
  const std::string uri = fresh_uri();
  auto receiver = Receiver<Tick>::open(uri, {.wait_for_senders = true}).value();
  const auto sending = [&](std::uint64_t number, bool dies) {
    return Process([=] {
      auto out = Sender<Tick>::open(uri).value();
      for (std::uint64_t i = 0; i < 20'000; ++i) out.send({number << 32 | i, 0}, 20s).value();
      if (dies) wait_to_be_killed();
      return out.close(30s) ? 0 : 1;
    });
  };
  Process victim = sending(0, true);
  Process survivor = sending(1, false);
  std::uint64_t next[2] = {0, 0};
  bool told = false;
  while (next[1] < 20'000 || !told) {
    auto tick = receiver.receive(20s);
    if (!tick) {
      ASSERT_EQ(tick.error(), Code::peer_lost) << tick.error().text();
      told = true;
      continue;
    }
    const std::uint64_t from = tick->number >> 32;
    ASSERT_EQ(tick->number & 0xffffffffU, next[from]++);
    if (from == 0 && next[0] == 10'000) victim.kill();
  }
  EXPECT_EQ(survivor.wait(), 0);
}

TEST(Processes, ASenderThatClosedAndExitedHasDelivered) {
  const std::string uri = fresh_uri();
  auto receiver = Receiver<Tick>::open(uri).value();
  Process sender([&] {
    auto out = Sender<Tick>::open(uri).value();
    for (std::uint64_t i = 0; i < 1000; ++i) out.send({i, 0}).value();
    return out.close(30s) ? 0 : 1;
  });
  EXPECT_EQ(sender.wait(), 0) << "close returns when the receiver holds the memory";
  std::uint64_t next = 0;
  for (const Tick& tick : receiver) ASSERT_EQ(tick.number, next++);
  EXPECT_EQ(next, 1000U);
  EXPECT_TRUE(receiver.status());
}

TEST(Processes, ABlockedSenderLearnsOfItsReceiversDeathAtOnce) {
  const std::string uri = fresh_uri();
  auto sender = Sender<Tick>::open(uri, {.capacity_bytes = 4096, .linger = 0s, .patience = psyne::no_patience}).value();
  Process receiver([&] {
    auto in = Receiver<Tick>::open(uri, {.name = "victim"}).value();
    if (!in.receive(10s)) return 1;
    wait_to_be_killed();
    return 0;
  });
  sender.send({0, 0}).value();
  ASSERT_TRUE(eventually([&] { return sender.receivers() == 1; }));
  while (sender.try_send({1, 0})) {
  }
  std::thread killing([&] {
    std::this_thread::sleep_for(50ms);
    receiver.kill();
  });
  std::uint64_t more = 0;
  psyne::Result<void> sent;
  while ((sent = sender.send({2, 0}, 10s))) ++more;  // what it had given back meanwhile
  EXPECT_EQ(sent.error(), Code::peer_lost) << sent.error().text();
  EXPECT_NE(sent.error().text().find("victim"), std::string::npos) << sent.error().text();
  EXPECT_LE(more, 10U);
  killing.join();
}

// Of five messages given out and held when the receiver died: again delivers them to the next one, lost gives them up.
TEST(Processes, WhatADeadReceiverHeldIsDeliveredAgainOrCountedLost) {
  for (const Held held : {Held::again, Held::lost}) {
    const std::string uri = fresh_uri();
    auto sender = Sender<Tick>::open(uri, {.linger = 0s, .held_by_dead = held}).value();
    for (std::uint64_t i = 0; i < 20; ++i) sender.send({i, 0}).value();
    int ready[2];
    ASSERT_EQ(pipe(ready), 0);
    Process victim([&] {
      auto in = Receiver<Tick>::open(uri).value();
      for (int i = 0; i < 3; ++i) {
        if (!in.receive(10s)) return 1;  // released at once
      }
      std::vector<psyne::Received<Tick>> views;
      for (int i = 0; i < 5; ++i) views.push_back(in.receive(10s));
      if (write(ready[1], "x", 1) != 1) return 1;
      wait_to_be_killed();
      return 0;
    });
    char byte = 0;
    ASSERT_EQ(read(ready[0], &byte, 1), 1);
    close(ready[0]);
    close(ready[1]);
    victim.kill();
    ASSERT_TRUE(eventually([&] { return sender.receivers() == 0; }));
    auto successor = Receiver<Tick>::open(uri).value();
    for (std::uint64_t i = held == Held::again ? 3 : 8; i < 20; ++i) {
      auto tick = successor.receive(10s);
      ASSERT_TRUE(tick) << tick.error().text();
      ASSERT_EQ(tick->number, i);
    }
    EXPECT_EQ(sender.counters().lost, held == Held::again ? 0U : 5U);
  }
}

TEST(Processes, PayloadsOfEverySizeCrossUntornUnderStress) {
  const std::string uri = fresh_uri();
  constexpr std::uint64_t count = 20'000;
  Process sender([&] {
    auto out = Sender<ByteVector>::open(uri, {.capacity_bytes = 64 * psyne::KiB}).value();
    std::minstd_rand random(1);
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::size_t size = 8 + random() % (i % 64 == 0 ? 32'000 : 500);
      auto draft = out.reserve(size, 20s);
      if (!draft) return 1;
      std::memcpy(draft->data(), &i, sizeof i);
      for (std::size_t at = 8; at < size; ++at) (*draft)[at] = static_cast<std::byte>(i + at);
      if (!draft.commit()) return 1;
    }
    return out.close(30s) ? 0 : 1;
  });
  auto receiver = Receiver<ByteVector>::open(uri).value();
  std::minstd_rand random(1);
  std::uint64_t next = 0;
  for (const auto& bytes : receiver) {
    ASSERT_EQ(bytes.size(), 8 + random() % (next % 64 == 0 ? 32'000 : 500));
    std::uint64_t number = 0;
    std::memcpy(&number, bytes.data(), sizeof number);
    ASSERT_EQ(number, next);
    for (std::size_t at = 8; at < bytes.size(); ++at) ASSERT_EQ(bytes[at], static_cast<std::byte>(number + at));
    ++next;
  }
  EXPECT_EQ(next, count);
  EXPECT_EQ(sender.wait(), 0);
}

TEST(Processes, ReceiversThatDieAgainAndAgainLeaveNothingBehind) {
  const std::string uri = fresh_uri();
  auto sender = Sender<Tick>::open(uri, {.linger = 0s}).value();
  const auto life = [&] {
    Process victim([&] {
      auto in = Receiver<Tick>::open(uri).value();
      if (!in.receive(10s)) return 1;
      wait_to_be_killed();
      return 0;
    });
    sender.send({1, 0}, 10s).value();
    ASSERT_TRUE(eventually([&] { return sender.receivers() == 1; }));
    victim.kill();
    ASSERT_TRUE(eventually([&] { return sender.receivers() == 0; }));
  };
  life();
  const std::size_t descriptors = open_descriptors();
  for (int i = 0; i < 10; ++i) life();
  EXPECT_TRUE(eventually([&] {
    static_cast<void>(sender.send({1, 0}, 10s));
    return open_descriptors() <= descriptors;
  })) << open_descriptors()
      << " descriptors, " << descriptors << " before";
}

}  // namespace
