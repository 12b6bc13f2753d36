#include "eventually.hpp"
#include "fork_at_rest.hpp"
#include "schemes.hpp"

#include <poll.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <numeric>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::ByteVector;
using psyne::Code;
using psyne::Delivery;
using psyne::Receiver;
using psyne::Sender;
using psyne_test::eventually;
using psyne_test::OverEveryScheme;
using psyne_test::Tick;

class Channel : public OverEveryScheme {};
INSTANTIATE_TEST_SUITE_P(Schemes, Channel, testing::ValuesIn(psyne_test::schemes), psyne_test::scheme_name);

TEST_P(Channel, AMessageArrivesWhoeverCameFirst) {
  for (const bool sender_first : {true, false}) {
    const std::string name = uri();
    std::optional<Sender<Tick>> sender;
    std::optional<Receiver<Tick>> receiver;
    if (sender_first) sender = Sender<Tick>::open(name).value();
    receiver = Receiver<Tick>::open(to(name)).value();
    if (!sender_first) sender = Sender<Tick>::open(name).value();
    sender->send({7, 101.5}).value();
    auto tick = receiver->receive(30s);
    ASSERT_TRUE(tick) << tick.error().text();
    EXPECT_EQ(tick->number, 7U);
    EXPECT_EQ(tick->price, 101.5);
    EXPECT_NE(tick.who().find("sender"), std::string::npos);
    EXPECT_EQ(tick.sender(), sender->id());
  }
}

TEST_P(Channel, KeepsWhatWasSentBeforeTheReceiverCame) {
  const std::string name = uri();
  auto sender = Sender<Tick>::open(name).value();
  for (std::uint64_t i = 0; i < 1000; ++i) sender.send({i, 0}).value();
  auto receiver = Receiver<Tick>::open(to(name)).value();
  for (std::uint64_t i = 0; i < 1000; ++i) {
    auto tick = receiver.receive(30s);
    ASSERT_TRUE(tick) << tick.error().text();
    ASSERT_EQ(tick->number, i);
  }
  EXPECT_EQ(receiver.try_receive().error(), Code::would_block);
}

TEST_P(Channel, EveryMessageArrivesOnceAndInOrderThroughManyLaps) {
  const std::string name = uri();
  const std::uint64_t count = maps() ? 200'000 : 20'000;  // a simulated packet each: a minute under TSan
  auto sender = Sender<Tick>::open(name, {.capacity_bytes = 4096}).value();
  auto receiver = Receiver<Tick>::open(to(name)).value();
  std::thread sending([&] {
    for (std::uint64_t i = 0; i < count; ++i) {
      auto sent = sender.send({i, static_cast<double>(i)}, 20s);
      if (!sent) return static_cast<void>(ADD_FAILURE() << sent.error().text());
    }
    EXPECT_TRUE(sender.close(30s));
  });
  std::uint64_t next = 0;
  for (const Tick& tick : receiver) {
    if (tick.number != next || tick.price != static_cast<double>(next)) {
      ADD_FAILURE() << "got " << tick.number << " for " << next;
      break;
    }
    ++next;
  }
  sending.join();
  EXPECT_EQ(next, count);
  EXPECT_TRUE(receiver.status());
  EXPECT_EQ(receiver.receive(30s).error(), Code::closed);
}

TEST_P(Channel, CarriesMessagesOfEverySizeUpToHalfTheRing) {
  const std::string name = uri();
  auto sender = Sender<ByteVector>::open(name, {.capacity_bytes = 8192}).value();
  auto receiver = Receiver<ByteVector>::open(to(name)).value();
  ASSERT_EQ(sender.longest(), 4096U);
  std::thread sending([&] {
    for (std::size_t size = 0; size <= 4096; size += 1 + size / 7) {
      auto draft = sender.reserve(size, 10s);
      if (!draft) return static_cast<void>(ADD_FAILURE() << draft.error().text());
      for (std::size_t i = 0; i < size; ++i) (*draft)[i] = static_cast<std::byte>(i * 31 + size);
      EXPECT_TRUE(draft.commit());
    }
  });
  for (std::size_t size = 0; size <= 4096; size += 1 + size / 7) {
    auto bytes = receiver.receive(10s);
    ASSERT_TRUE(bytes) << bytes.error().text();
    ASSERT_EQ(bytes->size(), size);
    for (std::size_t i = 0; i < size; ++i) ASSERT_EQ((*bytes)[i], static_cast<std::byte>(i * 31 + size));
  }
  sending.join();
}

TEST_P(Channel, ASenderThatComesIsHeardThoughAnotherAlwaysHasMessages) {
  const std::string name = uri();
  auto loud = Sender<Tick>::open(to(name), {.linger = 0s}).value();
  auto receiver = Receiver<Tick>::open(name).value();
  std::uint64_t sent = 0;
  const auto keep_it_full = [&] {
    while (loud.try_send({sent, 0})) ++sent;
  };
  keep_it_full();
  ASSERT_TRUE(receiver.receive(10s));
  auto late = Sender<Tick>::open(to(name), {.linger = 0s}).value();
  late.send({1'000'000'000, 0}).value();
  bool heard = false;
  const auto give_up = psyne::Clock::now() + 60s;
  for (std::uint64_t i = 0; !heard && psyne::Clock::now() < give_up; ++i) {
    if (i % 64 == 0) keep_it_full();
    auto tick = receiver.receive(10s);
    ASSERT_TRUE(tick) << tick.error().text();
    heard = tick->number == 1'000'000'000;
  }
  EXPECT_TRUE(heard);
}

TEST_P(Channel, AMessageThatCannotFitNamesTheOptionToRaise) {
  auto sender = Sender<ByteVector>::open(uri(), {.capacity_bytes = 8192, .linger = 0s}).value();
  auto draft = sender.reserve(4097);
  ASSERT_FALSE(draft);
  EXPECT_EQ(draft.error(), Code::too_large);
  EXPECT_NE(draft.error().text().find("capacity_bytes"), std::string::npos);
}

TEST_P(Channel, ADraftThatIsDroppedNeverWas) {
  const std::string name = uri();
  auto sender = Sender<Tick>::open(name).value();
  auto receiver = Receiver<Tick>::open(to(name)).value();
  {
    auto draft = sender.reserve();
    draft->number = 1;
  }
  auto draft = sender.reserve();
  draft->number = 2;
  auto second = sender.reserve();
  EXPECT_EQ(second.error(), Code::invalid_state) << "one draft at a time";
  EXPECT_EQ(sender.send({3, 0}).error(), Code::invalid_state);
  EXPECT_TRUE(draft.commit());
  EXPECT_EQ(draft.commit().error(), Code::invalid_state);
  EXPECT_EQ(receiver.receive(30s)->number, 2U);
  EXPECT_FALSE(receiver.try_receive());
}

TEST_P(Channel, AReceiverIsLetInWhileADraftIsOpen) {
  const std::string name = uri();
  auto sender = Sender<Tick>::open(name).value();
  sender.send({1, 0}).value();
  auto draft = sender.reserve();
  auto receiver = Receiver<Tick>::open(to(name)).value();
  auto tick = receiver.receive(30s);
  ASSERT_TRUE(tick) << tick.error().text();
  EXPECT_EQ(tick->number, 1U);
  draft->number = 2;
  draft.commit().value();
  EXPECT_EQ(receiver.receive(30s)->number, 2U);
}

// Bytes of the sender's stack, or of earlier messages, are nobody's business.
TEST_P(Channel, PaddingNeverTravels) {
  struct Padded {
    std::uint8_t small;
    std::uint64_t large;
  };
  const std::string name = uri();
  auto sender = Sender<Padded>::open(name).value();
  auto receiver = Receiver<Padded>::open(to(name)).value();
  Padded dirty;
  std::memset(static_cast<void*>(&dirty), 0xee, sizeof dirty);
  dirty.small = 1;
  dirty.large = 2;
  sender.send(dirty).value();
  auto draft = sender.reserve();
  std::memcpy(static_cast<void*>(&*draft), &dirty, sizeof dirty);
  draft.commit().value();
  for (int i = 0; i < 2; ++i) {
    auto received = receiver.receive(30s);
    ASSERT_TRUE(received) << received.error().text();
    const auto* bytes = reinterpret_cast<const unsigned char*>(&*received);
    for (std::size_t at = 1; at < 8; ++at) EXPECT_EQ(bytes[at], 0) << "byte " << at << " of message " << i;
  }
}

TEST_P(Channel, ABlockedReceiverIsWokenAndSoIsABlockedSender) {
  const std::string name = uri();
  auto sender = Sender<Tick>::open(name, {.capacity_bytes = 4096, .patience = psyne::no_patience}).value();
  auto receiver = Receiver<Tick>::open(to(name), {.patience = psyne::no_patience}).value();
  constexpr std::uint64_t count = 3000;
  std::thread sending([&] {
    for (std::uint64_t i = 0; i < count; ++i) {
      if (i % 500 == 0) std::this_thread::sleep_for(2ms);  // the receiver sleeps
      if (auto sent = sender.send({i, 0}, 20s); !sent) return static_cast<void>(ADD_FAILURE() << sent.error().text());
    }
  });
  for (std::uint64_t i = 0; i < count; ++i) {
    if (i % 700 == 0) std::this_thread::sleep_for(2ms);  // the ring fills and the sender sleeps
    auto tick = receiver.receive(20s);
    ASSERT_TRUE(tick) << tick.error().text();
    ASSERT_EQ(tick->number, i);
  }
  sending.join();
  EXPECT_GT(receiver.counters().waits, 0U);
}

TEST_P(Channel, AStopTokenEndsTheWait) {
  auto receiver = Receiver<Tick>::open(uri()).value();
  psyne::StopSource source;
  std::thread stopping([&] {
    std::this_thread::sleep_for(20ms);
    source.request_stop();
  });
  auto tick = receiver.receive({30s, source.token()});
  stopping.join();
  EXPECT_EQ(tick.error(), Code::stopped);
}

TEST_P(Channel, ManySendersAreMergedAndEachKeepsItsOrder) {
  const std::string name = uri();
  constexpr std::uint64_t senders = 3, count = 5000;
  auto receiver = Receiver<Tick>::open(name, {.wait_for_senders = true}).value();
  std::vector<std::thread> threads;
  for (std::uint64_t s = 0; s < senders; ++s) {
    threads.emplace_back([&, s] {
      auto sender = Sender<Tick>::open(to(name), {.capacity_bytes = 8192}).value();
      for (std::uint64_t i = 0; i < count; ++i) {
        if (!sender.send({s << 32 | i, 0}, 20s)) return static_cast<void>(ADD_FAILURE());
      }
    });
  }
  std::vector<std::uint64_t> next(senders, 0);
  for (std::uint64_t i = 0; i < senders * count; ++i) {
    auto tick = receiver.receive(20s);
    ASSERT_TRUE(tick) << tick.error().text();
    const std::uint64_t from = tick->number >> 32;
    ASSERT_EQ(tick->number & 0xffffffffU, next[from]++);
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_P(Channel, DeliveryAllGivesEveryReceiverEveryMessage) {
  const std::string name = uri();
  auto sender = Sender<Tick>::open(name, {.capacity_bytes = 4096, .delivery = Delivery::all}).value();
  auto first = Receiver<Tick>::open(to(name), {.delivery = Delivery::all}).value();
  auto second = first.clone().value();
  ASSERT_TRUE(eventually([&] { return sender.receivers() == 2; }));
  std::thread sending([&] {
    for (std::uint64_t i = 0; i < 10'000; ++i) ASSERT_TRUE(sender.send({i, 0}, 20s));
  });
  const auto drain = [](Receiver<Tick>& receiver) {
    for (std::uint64_t i = 0; i < 10'000; ++i) {
      auto tick = receiver.receive(20s);
      ASSERT_TRUE(tick) << tick.error().text();
      ASSERT_EQ(tick->number, i);
    }
  };
  std::thread other([&] { drain(second); });
  drain(first);
  other.join();
  sending.join();
}

TEST_P(Channel, DeliveryAnyGivesEachMessageToOneOfThem) {
  const std::string name = uri();
  auto sender = Sender<Tick>::open(name, {.capacity_bytes = 4096, .delivery = Delivery::any}).value();
  auto first = Receiver<Tick>::open(to(name), {.delivery = Delivery::any}).value();
  auto second = Receiver<Tick>::open(to(name), {.delivery = Delivery::any}).value();
  ASSERT_TRUE(eventually([&] { return sender.receivers() == 2; }));
  constexpr std::uint64_t count = 10'000;
  std::thread sending([&] {
    for (std::uint64_t i = 0; i < count; ++i) ASSERT_TRUE(sender.send({i, 0}, 20s));
    EXPECT_TRUE(sender.close(30s));
  });
  std::vector<std::uint64_t> got[2];
  const auto drain = [](Receiver<Tick>& receiver, std::vector<std::uint64_t>& numbers) {
    for (const Tick& tick : receiver) numbers.push_back(tick.number);
  };
  std::thread other([&] { drain(second, got[1]); });
  drain(first, got[0]);
  other.join();
  sending.join();
  EXPECT_TRUE(std::ranges::is_sorted(got[0]) && std::ranges::is_sorted(got[1]));
  EXPECT_GT(got[0].size(), 0U);
  EXPECT_GT(got[1].size(), 0U);
  std::vector<std::uint64_t> all(got[0]);
  all.insert(all.end(), got[1].begin(), got[1].end());
  std::ranges::sort(all);
  std::vector<std::uint64_t> expected(count);
  std::iota(expected.begin(), expected.end(), 0);
  EXPECT_EQ(all, expected);
}

TEST_P(Channel, ASecondReceiverOfASingleChannelIsRefused) {
  const std::string name = uri();
  auto sender = Sender<Tick>::open(name).value();
  auto first = Receiver<Tick>::open(to(name)).value();
  auto second = Receiver<Tick>::open(to(name));
  if (second)
    EXPECT_EQ(second->receive(30s).error(), Code::in_use);
  else
    EXPECT_EQ(second.error(), Code::in_use);
}

TEST_P(Channel, AnotherTypeIsRefusedWithBothNamed) {
  const std::string name = uri();
  auto sender = Sender<Tick>::open(name).value();
  auto receiver = Receiver<double>::open(to(name)).value();
  auto received = receiver.receive(30s);
  ASSERT_EQ(received.error(), Code::incompatible) << received.error().text();
  EXPECT_NE(received.error().text().find("f64"), std::string::npos);
  EXPECT_NE(received.error().text().find("Tick"), std::string::npos);
}

TEST_P(Channel, ViewsGoBackInAnyOrderAndOutliveTheirReceiver) {
  const std::string name = uri();
  auto sender = Sender<Tick>::open(name, {.capacity_bytes = 4096, .linger = 0s}).value();
  std::vector<psyne::Received<Tick>> held;
  {
    auto receiver = Receiver<Tick>::open(to(name)).value();
    for (std::uint64_t i = 0; i < 20; ++i) sender.send({i, 0}).value();
    for (std::uint64_t i = 0; i < 20; ++i) held.push_back(receiver.receive(30s));
    for (std::size_t i = 0; i < 20; i += 2) held[i].release();
  }
  for (std::size_t i = 1; i < 20; i += 2) EXPECT_EQ(held[i]->number, i);
  while (sender.try_send({99, 0})) {
  }
  for (std::size_t i = 1; i < 20; i += 2) EXPECT_EQ(held[i]->number, i) << "held records are never overwritten";
  std::thread elsewhere([&] { held.clear(); });
  elsewhere.join();
}

TEST_P(Channel, ReleasingOnAnotherThreadMakesRoomForABlockedSender) {
  const std::string name = uri();
  auto sender = Sender<Tick>::open(name, {.capacity_bytes = 4096, .linger = 0s}).value();
  auto receiver = Receiver<Tick>::open(to(name)).value();
  std::uint64_t sent = 0;
  while (sender.try_send({sent, 0})) ++sent;
  std::vector<psyne::Received<Tick>> held;
  for (std::uint64_t i = 0; i < sent; ++i) held.push_back(receiver.receive(30s));
  std::thread releasing([&] {
    std::this_thread::sleep_for(20ms);
    held.clear();
  });
  EXPECT_TRUE(sender.send({1000, 0}, 10s));
  releasing.join();
}

TEST_P(Channel, BatchesArriveWholeAndInOrder) {
  const std::string name = uri();
  auto sender = Sender<Tick>::open(name, {.capacity_bytes = 4096}).value();
  auto receiver = Receiver<Tick>::open(to(name)).value();
  std::vector<Tick> ticks(5000);
  for (std::size_t i = 0; i < ticks.size(); ++i) ticks[i] = {i, 0};
  std::thread sending([&] { EXPECT_TRUE(sender.send_batch(ticks, 20s)); });
  std::uint64_t next = 0;
  while (next < ticks.size()) {
    auto batch = receiver.receive_batch(64, 20s);
    ASSERT_TRUE(batch) << batch.error().text();
    ASSERT_LE(batch.size(), 64U);
    for (const Tick& tick : batch) ASSERT_EQ(tick.number, next++);
  }
  sending.join();
}

TEST_P(Channel, SendsAWholeVectorInOneCall) {
  const std::string name = uri();
  auto sender = Sender<psyne::FloatVector>::open(name).value();
  auto receiver = Receiver<psyne::FloatVector>::open(to(name)).value();
  std::vector<float> values(10'000);
  std::iota(values.begin(), values.end(), 0.5F);
  sender.send(values).value();
  auto received = receiver.receive(30s);
  ASSERT_TRUE(received) << received.error().text();
  EXPECT_TRUE(std::ranges::equal(*received, values));
}

// What was opened before fork() belongs to the parent; the child says so, disturbs nothing, and may open its own.
TEST_P(Channel, AForkedChildIsToldAndMayOpenItsOwn) {
  const std::string name = uri();
  auto sender = Sender<Tick>::open(name).value();
  auto receiver = Receiver<Tick>::open(to(name)).value();
  sender.send({1, 0}).value();
  auto held = receiver.receive(30s);
  const pid_t child = psyne_test::fork_at_rest();
  if (child == 0) {
    held.release();
    bool good = sender.send({66, 0}).error() == Code::forked && receiver.try_receive().error() == Code::forked &&
                receiver.receive(1s).error() == Code::forked;
    const std::string own = (listens() ? "ipc://" + std::to_string(getpid()) : name) + "-child";  // the port is not its
    auto own_sender = Sender<Tick>::open(own);
    auto own_receiver = Receiver<Tick>::open(own);
    good = good && own_sender && own_receiver && own_sender->send({5, 0}) && own_receiver->receive(30s)->number == 5;
    { [[maybe_unused]] auto gone = std::move(sender); }
    { [[maybe_unused]] auto gone = std::move(receiver); }
    _exit(good ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  EXPECT_EQ(held->number, 1U);
  held.release();
  sender.send({2, 0}).value();
  EXPECT_EQ(receiver.receive(30s)->number, 2U);
}

TEST_P(Channel, CloseSaysWhenNobodyTookWhatWasSent) {
  auto sender = Sender<Tick>::open(uri()).value();
  EXPECT_TRUE(sender.send({1, 0}));
  const auto closed = sender.close(20ms);
  EXPECT_EQ(closed.error(), Code::timed_out);
  EXPECT_EQ(sender.send({1, 0}).error(), Code::invalid_state);
  EXPECT_TRUE(sender.close()) << "closing again is nothing";
}

TEST_P(Channel, JoinsAProgramsPollLoopWithoutLosingAWake) {
  const std::string name = uri();
  auto receiver = Receiver<Tick>::open(to(name)).value();
  auto sender = Sender<Tick>::open(name).value();
  std::thread sending([&] {
    for (std::uint64_t i = 0; i < 2000; ++i) {
      if (i % 100 == 0) std::this_thread::sleep_for(1ms);
      ASSERT_TRUE(sender.send({i, 0}, 20s));
    }
  });
  std::uint64_t next = 0;
  while (next < 2000) {
    if (!receiver.arm()) {
      while (auto tick = receiver.try_receive()) ASSERT_EQ(tick->number, next++);
      continue;
    }
    pollfd entry{receiver.fd(), POLLIN, 0};
    ASSERT_EQ(poll(&entry, 1, 20'000), 1) << "a wake was lost at " << next;
  }
  sending.join();
}

}  // namespace
