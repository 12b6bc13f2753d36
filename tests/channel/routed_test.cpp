// Delivery::routed: the sender names who gets a message.
#include "eventually.hpp"
#include "process.hpp"
#include "schemes.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::ByteVector;
using psyne::Code;
using psyne::Delivery;
using psyne::EndId;
using psyne::Receiver;
using psyne::ReceiverOptions;
using psyne::Recipient;
using psyne::Sender;
using psyne::SenderOptions;
using psyne_test::eventually;
using psyne_test::Tick;

ReceiverOptions routed(EndId id = {}) { return {.delivery = Delivery::routed, .wait_for_senders = true, .id = id}; }

Sender<Tick> open_router(const std::string& uri, psyne::WhenFull when_full = psyne::WhenFull::block) {
  const SenderOptions options{
      .capacity_bytes = 4096, .delivery = Delivery::routed, .when_full = when_full, .linger = 20ms};
  return Sender<Tick>::open(uri, options).value();
}

void wait_for_routes(Sender<Tick>& sender, std::size_t count) {
  ASSERT_TRUE(eventually([&] { return sender.receiver_ids().size() == count; })) << sender.receiver_ids().size();
}

class Routed : public psyne_test::OverEveryScheme {};
INSTANTIATE_TEST_SUITE_P(Schemes, Routed, testing::ValuesIn(psyne_test::schemes), psyne_test::scheme_name);

TEST_P(Routed, EachReceiverGetsWhatItWasSentAndNothingElse) {
  const std::string name = uri();
  auto sender = open_router(name);
  std::vector<Receiver<Tick>> receivers;
  for (int i = 0; i < 5; ++i) receivers.push_back(Receiver<Tick>::open(to(name), routed()).value());
  wait_for_routes(sender, receivers.size());
  for (std::uint64_t round = 0; round < 300; ++round) {
    const std::uint64_t to = round * 7 % receivers.size();
    if (round % 3 == 0) {
      auto draft = sender.reserve_to(receivers[to].id(), 10s);
      ASSERT_TRUE(draft) << draft.error().text();
      draft->number = round;
      draft.commit().value();
    } else {
      sender.send_to(receivers[to].id(), {round, 0}, 10s).value();
    }
    auto tick = receivers[to].receive(10s);
    ASSERT_TRUE(tick) << tick.error().text();
    EXPECT_EQ(tick->number, round);
  }
  for (Receiver<Tick>& receiver : receivers) EXPECT_EQ(receiver.try_receive().error(), Code::would_block);
}

TEST_P(Routed, MessagesOfAnySizeAreRouted) {
  const std::string name = uri();
  auto sender = Sender<ByteVector>::open(name, {.delivery = Delivery::routed, .linger = 0s}).value();
  auto one = Receiver<ByteVector>::open(to(name), routed()).value();
  auto other = Receiver<ByteVector>::open(to(name), routed()).value();
  ASSERT_TRUE(eventually([&] { return sender.receiver_ids().size() == 2; }));
  for (const std::size_t size : {0, 1, 100, 100'000}) {
    const std::vector<std::byte> bytes(size, std::byte{7});
    sender.send_to(one.id(), bytes, 10s).value();
    auto draft = sender.reserve_to(other.id(), size + 1, 10s);
    ASSERT_TRUE(draft) << draft.error().text();
    std::ranges::fill(*draft, std::byte{9});
    draft.commit().value();
    auto first = one.receive(10s);
    ASSERT_TRUE(first) << first.error().text();
    EXPECT_EQ(first->size(), size);
    auto second = other.receive(10s);
    ASSERT_TRUE(second) << second.error().text();
    EXPECT_EQ(second->size(), size + 1);
  }
}

TEST_P(Routed, RoomIsTriedForWithoutWaiting) {
  const std::string name = uri();
  const SenderOptions options{.capacity_bytes = 4096, .delivery = Delivery::routed, .linger = 20ms};
  auto sender = Sender<ByteVector>::open(name, options).value();
  EXPECT_EQ(sender.try_reserve_to({5}, 10).error(), Code::not_found);
  auto full = Receiver<ByteVector>::open(to(name), routed()).value();
  auto empty = Receiver<ByteVector>::open(to(name), routed()).value();
  ASSERT_TRUE(eventually([&] { return sender.receiver_ids().size() == 2; }));
  EXPECT_EQ(sender.try_reserve_to(full.id(), 4000).error(), Code::too_large);
  int sent = 0;
  for (;; ++sent) {
    auto draft = sender.try_reserve_to(full.id(), 100);
    if (!draft) {
      EXPECT_EQ(draft.error(), Code::would_block);
      break;
    }
    EXPECT_EQ(sender.try_reserve_to(empty.id(), 100).error(), Code::invalid_state);  // one draft at a time
    std::ranges::fill(*draft, std::byte{1});
    draft.commit().value();
    ASSERT_LT(sent, 100);
  }
  EXPECT_GT(sent, 10);
  sender.try_reserve_to(empty.id(), 100).commit().value();
  EXPECT_EQ(empty.receive(10s)->size(), 100U);
  for (; sent > 0; --sent) ASSERT_TRUE(full.receive(10s));
  EXPECT_TRUE(eventually([&] { return static_cast<bool>(sender.try_reserve_to(full.id(), 100)); }));
}

TEST_P(Routed, ABurstGoesToAllThatHaveRoomAndAreHere) {
  const std::string name = uri();
  const SenderOptions options{.capacity_bytes = 4096, .delivery = Delivery::routed, .linger = 20ms};
  auto sender = Sender<ByteVector>::open(name, options).value();
  auto full = Receiver<ByteVector>::open(to(name), routed()).value();
  std::optional<Receiver<ByteVector>> leaving(Receiver<ByteVector>::open(to(name), routed()).value());
  auto empty = Receiver<ByteVector>::open(to(name), routed()).value();
  ASSERT_TRUE(eventually([&] { return sender.receiver_ids().size() == 3; }));
  Recipient nobody({5}), to_full(full.id()), to_leaving(leaving->id()), to_empty(empty.id());
  const auto send = [&](Recipient& recipient, unsigned char value) {
    auto burst = sender.burst().value();
    std::byte* const place = burst.try_reserve(recipient, 100);
    if (place == nullptr) return false;
    std::fill_n(place, 100, std::byte{value});
    burst.commit(100);
    return true;
  };
  int sent = 0;
  while (send(to_full, 1)) ASSERT_LT(++sent, 100);
  EXPECT_GT(sent, 10);
  {
    auto burst = sender.burst().value();
    EXPECT_EQ(burst.try_reserve(nobody, 100), nullptr);
    EXPECT_EQ(burst.try_reserve(to_full, 100), nullptr);
    for (Recipient* recipient : {&to_leaving, &to_empty}) {
      std::byte* place = burst.try_reserve(*recipient, 10);
      ASSERT_NE(place, nullptr);
      EXPECT_EQ(burst.try_reserve(*recipient, 10), place) << "what was not committed never was";
      std::fill_n(place, 10, std::byte{2});
      burst.commit(10);
    }
  }
  EXPECT_EQ(sender.counters().messages, static_cast<std::uint64_t>(sent) + 2);
  EXPECT_EQ(leaving->receive(10s)->size(), 10U);
  EXPECT_EQ(empty.receive(10s)->front(), std::byte{2});
  leaving.reset();
  EXPECT_TRUE(eventually([&] { return !sender.reaches(to_leaving.id()); }));
  EXPECT_FALSE(send(to_leaving, 3));
  EXPECT_TRUE(send(to_empty, 3)) << "who is still here is found again";
  EXPECT_EQ(empty.receive(10s)->front(), std::byte{3});
  for (; sent > 0; --sent) ASSERT_TRUE(full.receive(10s));
  EXPECT_TRUE(eventually([&] { return send(to_full, 4); }));
  auto draft = sender.try_reserve_to(to_empty.id(), 10);
  ASSERT_TRUE(draft);
  EXPECT_EQ(sender.burst().error(), Code::invalid_state) << "a draft is open";
  draft.commit().value();
  static_cast<void>(sender.close(0s));
  EXPECT_EQ(sender.burst().error(), Code::invalid_state);
}

TEST_P(Routed, OneReceiverIsClosedToAndTheOthersGoOn) {
  const std::string name = uri();
  auto sender = open_router(name);
  EXPECT_FALSE(sender.close_to({5}));
  auto one = Receiver<Tick>::open(to(name), {.delivery = Delivery::routed}).value();
  auto other = Receiver<Tick>::open(to(name), routed()).value();
  wait_for_routes(sender, 2);
  for (std::uint64_t i = 0; i < 20; ++i) sender.send_to(one.id(), {i, 0}, 10s).value();
  const std::uint64_t turnover = sender.turnover();
  EXPECT_TRUE(sender.close_to(one.id()));
  EXPECT_NE(sender.turnover(), turnover);
  EXPECT_FALSE(sender.close_to(one.id()));
  EXPECT_FALSE(sender.reaches(one.id()));
  EXPECT_EQ(sender.receiver_ids(), std::vector{other.id()});
  EXPECT_EQ(sender.send_to(one.id(), {20, 0}, 10s).error(), Code::not_found);
  EXPECT_EQ(sender.reserve_to(one.id(), 10s).error(), Code::not_found);
  sender.send_to(other.id(), {7, 0}, 10s).value();
  EXPECT_EQ(other.receive(10s)->number, 7U);
  for (std::uint64_t i = 0; i < 20; ++i) {
    auto tick = one.receive(10s);
    ASSERT_TRUE(tick) << tick.error().text();
    EXPECT_EQ(tick->number, i);
  }
  EXPECT_EQ(one.receive(10s).error(), Code::closed);
  EXPECT_TRUE(eventually([&] { return sender.receivers() == 1; }));
  EXPECT_EQ(sender.counters().lost, 0U);
  sender.send_to(other.id(), {8, 0}, 10s).value();
  EXPECT_EQ(other.receive(10s)->number, 8U);
}

TEST_P(Routed, WhoWasClosedToMayGoWithoutHavingTakenAll) {
  const std::string name = uri();
  auto sender = open_router(name);
  std::optional<Receiver<Tick>> one(Receiver<Tick>::open(to(name), routed()).value());
  wait_for_routes(sender, 1);
  for (std::uint64_t i = 0; i < 20; ++i) sender.send_to(one->id(), {i, 0}, 10s).value();
  EXPECT_TRUE(sender.close_to(one->id()));
  one.reset();
  auto next = Receiver<Tick>::open(to(name), routed()).value();
  wait_for_routes(sender, 1);
  sender.send_to(next.id(), {99, 0}, 10s).value();
  EXPECT_EQ(next.receive(10s)->number, 99U);
  EXPECT_TRUE(eventually([&] {
    static_cast<void>(sender.reaches(next.id()));
    return sender.counters().lost == 20;
  })) << sender.counters().lost;
}

TEST_P(Routed, NobodyOfThatIdIsAnErrorAtOnce) {
  const std::string name = uri();
  auto sender = open_router(name);
  EXPECT_EQ(sender.send_to({5}, {1, 0}).error(), Code::not_found);
  auto receiver = Receiver<Tick>::open(to(name), routed({4})).value();
  wait_for_routes(sender, 1);
  EXPECT_EQ(sender.send_to({5}, {1, 0}).error(), Code::not_found);
  EXPECT_EQ(sender.reserve_to({5}).error(), Code::not_found);
  EXPECT_FALSE(sender.reaches({5}));
  EXPECT_TRUE(sender.reaches({4}));
  EXPECT_TRUE(sender.send_to({4}, {1, 0}));
}

TEST_P(Routed, AMessageWithoutAReceiverIsRefused) {
  const std::string name = uri();
  auto sender = open_router(name);
  auto receiver = Receiver<Tick>::open(to(name), routed()).value();
  wait_for_routes(sender, 1);
  sender.send_to(receiver.id(), {1, 0}).value();
  EXPECT_EQ(sender.send({2, 0}).error(), Code::invalid_state);
  EXPECT_EQ(sender.try_send({2, 0}).error(), Code::would_block);
  EXPECT_EQ(sender.reserve().error(), Code::invalid_state);
  EXPECT_EQ(sender.send_batch(std::vector<Tick>(3)).error(), Code::invalid_state);
  EXPECT_FALSE(sender.writable());
  EXPECT_EQ(receiver.receive(10s)->number, 1U);
  EXPECT_EQ(receiver.try_receive().error(), Code::would_block);
}

TEST_P(Routed, AReceiverIsNamedOnlyWhereDeliveryIsRouted) {
  const std::string name = uri();
  auto sender = Sender<Tick>::open(name, {.linger = 0s}).value();
  auto receiver = Receiver<Tick>::open(to(name)).value();
  EXPECT_EQ(sender.send_to(receiver.id(), {1, 0}).error(), Code::invalid_state);
  EXPECT_EQ(sender.reserve_to(receiver.id()).error(), Code::invalid_state);
  EXPECT_FALSE(sender.reaches(receiver.id()));
  EXPECT_TRUE(sender.send({1, 0}));
}

TEST_P(Routed, AFullRingHoldsUpNobodyElse) {
  const std::string name = uri();
  auto sender = open_router(name);
  auto slow = Receiver<Tick>::open(to(name), routed()).value();
  auto quick = Receiver<Tick>::open(to(name), routed()).value();
  wait_for_routes(sender, 2);
  psyne::Result<void> sent;
  std::uint64_t filled = 0;
  for (; sent && filled < 10'000; ++filled) sent = sender.send_to(slow.id(), {filled, 0}, 1ms);
  EXPECT_EQ(sent.error(), Code::timed_out);
  ASSERT_TRUE(sender.send_to(quick.id(), {7, 0}, 10s));
  EXPECT_EQ(quick.receive(10s)->number, 7U);
  EXPECT_EQ(slow.receive(10s)->number, 0U);
}

TEST_P(Routed, WhatALostReceiverHadNotTakenIsCountedAndTold) {
  const std::string name = uri();
  auto sender = open_router(name);
  std::optional<Receiver<Tick>> leaver(Receiver<Tick>::open(to(name), routed()).value());
  auto stayer = Receiver<Tick>::open(to(name), routed()).value();
  wait_for_routes(sender, 2);
  const EndId gone = leaver->id();
  for (std::uint64_t i = 0; i < 5; ++i) sender.send_to(gone, {i, 0}, 10s).value();
  for (std::uint64_t i = 0; i < 2; ++i) EXPECT_EQ(leaver->receive(10s)->number, i);
  leaver.reset();
  ASSERT_TRUE(eventually([&] { return !sender.reaches(gone); }));
  auto sent = sender.send_to(gone, {9, 0});
  EXPECT_EQ(sent.error(), Code::not_found);
  EXPECT_NE(sent.error().text().find("3 messages"), std::string::npos) << sent.error().text();
  EXPECT_EQ(sender.counters().lost, 3U);
  sender.send_to(stayer.id(), {10, 0}, 10s).value();
  EXPECT_EQ(stayer.receive(10s)->number, 10U);  // and not those of the other
  EXPECT_EQ(stayer.try_receive().error(), Code::would_block);
}

TEST_P(Routed, TheEndOfItsReceiverEndsAWaitForRoom) {
  const std::string name = uri();
  auto sender = open_router(name);
  std::optional<Receiver<Tick>> leaver(Receiver<Tick>::open(to(name), routed()).value());
  auto stayer = Receiver<Tick>::open(to(name), routed()).value();
  wait_for_routes(sender, 2);
  const EndId gone = leaver->id();
  std::thread leaving([&] {
    EXPECT_TRUE(eventually([&] { return leaver->counters().messages == 0; }));
    std::this_thread::sleep_for(50ms);
    leaver.reset();
  });
  psyne::Result<void> sent;
  for (std::uint64_t i = 0; sent && i < 10'000; ++i) sent = sender.send_to(gone, {i, 0}, 20s);
  leaving.join();
  EXPECT_EQ(sent.error(), Code::not_found) << sent.error().text();
  EXPECT_TRUE(sender.send_to(stayer.id(), {1, 0}, 10s));
}

TEST_P(Routed, AnOpenDraftOutlivesItsReceiver) {
  const std::string name = uri();
  auto sender = open_router(name);
  std::optional<Receiver<Tick>> leaver(Receiver<Tick>::open(to(name), routed()).value());
  auto stayer = Receiver<Tick>::open(to(name), routed()).value();
  wait_for_routes(sender, 2);
  const EndId gone = leaver->id();
  {
    auto draft = sender.reserve_to(gone, 10s);
    ASSERT_TRUE(draft) << draft.error().text();
    leaver.reset();
    ASSERT_TRUE(eventually([&] { return sender.receivers() == 1; }));
    draft->number = 1;
    draft.commit().value();
  }
  EXPECT_TRUE(eventually([&] { return !sender.reaches(gone); }));
  EXPECT_EQ(sender.counters().lost, 1U);
  EXPECT_TRUE(sender.send_to(stayer.id(), {2, 0}, 10s));
  EXPECT_EQ(stayer.receive(10s)->number, 2U);
}

TEST_P(Routed, DropsWhatHasNoRoomAndCountsIt) {
  const std::string name = uri();
  auto sender = open_router(name, psyne::WhenFull::drop_newest);
  auto receiver = Receiver<Tick>::open(to(name), routed()).value();
  wait_for_routes(sender, 1);
  for (std::uint64_t i = 0; i < 1000; ++i) sender.send_to(receiver.id(), {i, 0}).value();
  EXPECT_GT(sender.counters().dropped_newest, 0U);
  EXPECT_EQ(sender.counters().dropped_newest + sender.counters().messages, 1000U);
  EXPECT_EQ(sender.send_to({1}, {0, 0}).error(), Code::not_found);  // that is none of those
}

TEST_P(Routed, TheSecondOfOneIdIsRefused) {
  const std::string name = uri();
  auto sender = open_router(name);
  auto first = Receiver<Tick>::open(to(name), routed({6})).value();
  wait_for_routes(sender, 1);
  auto second = Receiver<Tick>::open(to(name), routed({6})).value();
  auto told = second.receive(10s);
  EXPECT_EQ(told.error(), Code::in_use) << told.error().text();
  sender.send_to({6}, {1, 0}, 10s).value();
  EXPECT_EQ(first.receive(10s)->number, 1U);
}

TEST_P(Routed, ASuccessorOfTheSameIdTakesThePlace) {
  const std::string name = uri();
  auto sender = open_router(name);
  for (std::uint64_t i = 0; i < 5; ++i) {
    auto receiver = Receiver<Tick>::open(to(name), routed({6})).value();
    ASSERT_TRUE(eventually([&] { return sender.reaches({6}); }));
    sender.send_to({6}, {i, 0}, 10s).value();
    EXPECT_EQ(receiver.receive(10s)->number, i);
    const std::uint64_t turnover = sender.turnover();
    { const Receiver<Tick> gone(std::move(receiver)); }
    ASSERT_TRUE(eventually([&] { return !sender.reaches({6}); }));
    EXPECT_NE(sender.turnover(), turnover);
  }
}

TEST_P(Routed, MoreReceiversThanARingHasNumbersFor) {
  const std::string name = uri();
  auto sender = open_router(name);
  std::vector<Receiver<Tick>> receivers;
  for (int i = 0; i < 80; ++i) receivers.push_back(Receiver<Tick>::open(to(name), routed()).value());
  wait_for_routes(sender, receivers.size());
  for (std::uint64_t i = 0; i < receivers.size(); ++i) sender.send_to(receivers[i].id(), {i, 0}, 10s).value();
  for (std::uint64_t i = 0; i < receivers.size(); ++i) EXPECT_EQ(receivers[i].receive(10s)->number, i);
}

// Over a wire close() waits for credit, and the ring that was used last is spared while a draft may be open there.
TEST_P(Routed, AReceiverThatGoesWhileTheSenderClosesIsNotWaitedFor) {
  const std::string name = uri();
  auto sender = open_router(name);
  std::optional<Receiver<Tick>> receiver(Receiver<Tick>::open(to(name), routed({7})).value());
  wait_for_routes(sender, 1);
  sender.send_to({7}, {1, 0}, 10s).value();
  std::thread leaving([&] {
    std::this_thread::sleep_for(20ms);
    receiver.reset();
  });
  EXPECT_TRUE(sender.close(10s));
  leaving.join();
}

TEST(RoutedOverIpc, AKilledReceiverIsNotFoundAndItsMessagesAreCounted) {
  const std::string name = psyne_test::fresh_uri();
  auto sender = open_router(name);
  psyne_test::Process victim([&]() -> int {
    auto receiver = Receiver<Tick>::open(name, routed({5})).value();
    psyne_test::wait_to_be_killed();
  });
  ASSERT_TRUE(sender.wait_for_receiver(10s));
  for (std::uint64_t i = 0; i < 4; ++i) sender.send_to({5}, {i, 0}, 10s).value();
  victim.kill();
  ASSERT_TRUE(eventually([&] { return !sender.reaches({5}); }));
  EXPECT_EQ(sender.send_to({5}, {9, 0}).error(), Code::not_found);
  EXPECT_EQ(sender.counters().lost, 4U);
  EXPECT_EQ(sender.counters().peers_lost, 1U);
}

}  // namespace
