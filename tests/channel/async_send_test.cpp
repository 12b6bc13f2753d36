// Sender::send_async: every end that an asynchronous send may have, in order, with nothing lost, and with the program's
// memory its own again when it is told so.
#include <psyne/core/completion/wait_many.hpp>

#include "eventually.hpp"
#include "schemes.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstring>
#include <limits>
#include <memory>
#include <numeric>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::ByteVector;
using psyne::Code;
using psyne::Completion;
using psyne::Receiver;
using psyne::Sender;
using psyne::SenderOptions;
using psyne_test::eventually;
using psyne_test::OverEveryScheme;
using psyne_test::Tick;

using Bytes = std::vector<std::byte>;

Bytes pattern(std::size_t size, std::uint32_t seed) {
  Bytes bytes(size);
  for (std::size_t i = 0; i < size; ++i) bytes[i] = static_cast<std::byte>((i * 31 + seed * 17 + i / 251) & 255U);
  return bytes;
}

/// A sender and a receiver of ticks with a ring of a few of them.
class AsyncSend : public OverEveryScheme {
 protected:
  void SetUp() override { open({}); }
  void open(SenderOptions options) {
    const std::string name = uri();
    options.capacity_bytes = 1024;
    if (!options.linger) options.linger = 0s;
    sender.emplace(Sender<Tick>::open(name, options).value());
    receiver.emplace(Receiver<Tick>::open(to(name), {.wait_for_senders = true}).value());
    sender->send({0, 0}).value();
    ASSERT_TRUE(receiver->receive(10s));
  }
  /// Sends until there is no room, though the receiver looked; returns the next number.
  std::uint64_t fill(std::uint64_t next) {
    while (sender->try_send({next, 0})) ++next;
    return next;
  }
  void expect(std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t number = first; number <= last; ++number) {
      auto tick = receiver->receive(10s);
      ASSERT_TRUE(tick) << tick.error().text() << ", waiting for " << number;
      ASSERT_EQ(tick->number, number);
    }
  }

  std::optional<Sender<Tick>> sender;
  std::optional<Receiver<Tick>> receiver;
};
INSTANTIATE_TEST_SUITE_P(Schemes, AsyncSend, testing::ValuesIn(psyne_test::schemes), psyne_test::scheme_name);

TEST_P(AsyncSend, HasCompletedWhereThereIsRoom) {
  auto send = sender->send_async({1, 2.5});
  EXPECT_TRUE(send.test());
  EXPECT_TRUE(send.take());
  auto tick = receiver->receive(10s);
  ASSERT_TRUE(tick);
  EXPECT_EQ(tick->number, 1U);
  EXPECT_EQ(tick->price, 2.5);
  EXPECT_EQ(sender->counters().messages, 2U);
}

TEST_P(AsyncSend, CompletesWhenThereIsRoomThoughNobodyWaits) {
  const std::uint64_t next = fill(1);
  auto send = sender->send_async({next, 0});
  EXPECT_FALSE(send.test());
  expect(1, next);
  EXPECT_TRUE(eventually([&] { return send.test(); }));
  EXPECT_TRUE(send.take());
}

TEST_P(AsyncSend, SeveralGoInTheirOrderAndBeforeAnyOtherCall) {
  std::uint64_t next = fill(1);
  std::vector<Completion<void>> sends;
  for (int i = 0; i < 100; ++i) sends.push_back(sender->send_async({next++, 0}));
  EXPECT_EQ(sender->try_send({0, 0}).error(), Code::would_block);
  EXPECT_FALSE(sender->writable());
  std::thread receiving([&] { expect(1, next); });
  EXPECT_TRUE(sender->send({next, 0}, 20s));
  for (auto& send : sends) {
    EXPECT_TRUE(send.test()) << "what was sent after it is in the ring";
    EXPECT_TRUE(send.take());
  }
  receiving.join();
  EXPECT_TRUE(sender->try_send({++next, 0})) << "the sender is free again";
  expect(next, next);
}

TEST_P(AsyncSend, AThreadThatWaitsDrivesAllOfThem) {
  std::uint64_t next = fill(1);
  std::vector<Completion<void>> sends;
  for (int i = 0; i < 50; ++i) sends.push_back(sender->send_async({next++, 0}));
  std::thread receiving([&] {
    std::this_thread::sleep_for(5ms);
    expect(1, next - 1);
  });
  EXPECT_TRUE(sends.back().wait(20s));
  for (auto& send : sends) EXPECT_TRUE(send.take());
  receiving.join();
}

TEST_P(AsyncSend, ManyThreadsMayWait) {
  std::uint64_t next = fill(1);
  std::vector<Completion<void>> sends;
  for (int i = 0; i < 4; ++i) sends.push_back(sender->send_async({next++, 0}));
  std::vector<std::thread> waiting;
  waiting.reserve(sends.size());
  for (const auto& send : sends) waiting.emplace_back([&send] { EXPECT_TRUE(send.wait(20s)); });
  expect(1, next - 1);
  for (std::thread& thread : waiting) thread.join();
}

TEST_P(AsyncSend, TellsACallbackAndNotOnTheServiceThread) {
  const std::uint64_t next = fill(1);
  std::atomic<int> told{0};
  std::atomic<bool> on_service{false};
  auto send = sender->send_async({next, 0});
  send.on_complete([&](const Completion<void>& done) {
    on_service = psyne::Service::process().value()->here();
    told = done.result() ? 1 : 2;
  });
  expect(1, next);
  EXPECT_TRUE(eventually([&] { return told != 0; }));
  EXPECT_EQ(told, 1);
  EXPECT_FALSE(on_service);
}

TEST_P(AsyncSend, IsAwaitedInATask) {
  constexpr std::uint64_t count = 500;
  auto sending = [&]() -> psyne::Task<std::uint64_t> {
    std::uint64_t sent = 0;
    for (std::uint64_t number = 1; number <= count; ++number) {
      auto result = co_await sender->send_async({number, 0});
      sent += result ? 1 : 0;
    }
    co_return sent;
  };
  std::thread receiving([&] { expect(1, count); });
  EXPECT_EQ(psyne::sync_wait(sending()), count);
  receiving.join();
}

TEST_P(AsyncSend, OneThatIsCancelledIsNotSent) {
  std::uint64_t next = fill(1);
  auto first = sender->send_async({next, 0});
  auto cancelled = sender->send_async({1'000'000, 0});
  auto last = sender->send_async({next + 1, 0});
  EXPECT_TRUE(cancelled.cancel());
  EXPECT_EQ(cancelled.take().error(), Code::stopped);
  expect(1, next + 1);
  EXPECT_TRUE(first.take());
  EXPECT_TRUE(last.take());
}

TEST_P(AsyncSend, ADeadlineEndsItAndSaysWhomItWaitedFor) {
  const std::uint64_t next = fill(1);
  auto send = sender->send_async({1'000'000, 0}, 20ms);
  EXPECT_TRUE(eventually([&] { return send.test(); }));
  const auto result = send.take();
  ASSERT_EQ(result.error(), Code::timed_out);
  EXPECT_NE(result.error().text().find("receiver"), std::string::npos) << result.error().text();
  expect(1, next - 1);
  EXPECT_EQ(receiver->try_receive().error(), Code::would_block);
}

TEST_P(AsyncSend, AStopEndsItWithItsReason) {
  static_cast<void>(fill(1));
  psyne::StopSource source;
  auto send = sender->send_async({1'000'000, 0}, source.token());
  EXPECT_FALSE(send.test());
  source.request_stop(psyne::StopReason::user, "enough");
  EXPECT_TRUE(eventually([&] { return send.test(); }));
  EXPECT_EQ(send.take().error(), Code::stopped);
}

TEST_P(AsyncSend, AnotherCallsDeadlineEndsThatCallAlone) {
  const std::uint64_t next = fill(1);
  auto send = sender->send_async({next, 0});
  EXPECT_EQ(sender->send({next + 1, 0}, 10ms).error(), Code::timed_out);
  EXPECT_FALSE(send.test());
  expect(1, next);
  EXPECT_TRUE(send.take());
}

TEST_P(AsyncSend, OneThatNobodyRefersToIsSentAllTheSame) {
  const std::uint64_t next = fill(1);
  static_cast<void>(sender->send_async({next, 0}));
  static_cast<void>(sender->send_async({next + 1, 0}));
  expect(1, next + 1);
}

TEST_P(AsyncSend, WhatFindsNoRoomWhileTheSenderClosesEnds) {
  const std::uint64_t next = fill(1);
  auto send = sender->send_async({next, 0});
  sender.reset();
  ASSERT_TRUE(send.test());
  EXPECT_EQ(send.take().error(), Code::closed);
}

TEST_P(AsyncSend, TheEndOfTheSenderWaitsForItsLinger) {
  open({.linger = 20s});
  const std::uint64_t next = fill(1);
  auto send = sender->send_async({next, 0});
  std::thread receiving([&] {
    std::this_thread::sleep_for(5ms);
    expect(1, next);
  });
  sender.reset();
  EXPECT_TRUE(send.take());
  receiving.join();
}

TEST_P(AsyncSend, WaitsForTheSuccessorOfAReceiverThatCloses) {
  const std::uint64_t next = fill(1);
  auto send = sender->send_async({next, 0});
  receiver.reset();
  EXPECT_FALSE(send.wait(5ms));
  receiver.emplace(Receiver<Tick>::open(to(sender->uri()), {.wait_for_senders = true}).value());
  expect(1, next);
  EXPECT_TRUE(send.take());
}

TEST_P(AsyncSend, DropsWhereTheSenderDrops) {
  open({.when_full = psyne::WhenFull::drop_newest});
  const std::uint64_t next = fill(1);
  auto send = sender->send_async({next, 0});
  EXPECT_TRUE(send.test());
  EXPECT_TRUE(send.take());
  EXPECT_EQ(sender->counters().dropped_newest, 1U);
  expect(1, next - 1);
  EXPECT_EQ(receiver->try_receive().error(), Code::would_block);
}

TEST_P(AsyncSend, IsRefusedBesideADraftAndAfterTheEnd) {
  {
    auto draft = sender->reserve();
    EXPECT_EQ(sender->send_async({1, 0}).take().error(), Code::invalid_state);
  }
  ASSERT_TRUE(sender->close(0s).has_value() || true);
  EXPECT_EQ(sender->send_async({1, 0}).take().error(), Code::invalid_state);
  Sender<Tick> moved = *std::move(sender);
  EXPECT_EQ(sender->send_async({1, 0}).take().error(), Code::invalid_state);
}

TEST_P(AsyncSend, IsRefusedWhereEachMessageHasAReceiver) {
  const std::string name = uri();
  auto routed = Sender<Tick>::open(name, {.delivery = psyne::Delivery::routed}).value();
  EXPECT_EQ(routed.send_async({1, 0}).take().error(), Code::invalid_state);
}

TEST_P(AsyncSend, IsRefusedInAWaitSet) {
  psyne::WaitSet set = psyne::WaitSet::make().value();
  const auto number = set.add(*sender, sizeof(Tick)).value();
  EXPECT_EQ(sender->send_async({1, 0}).take().error(), Code::invalid_state);
  EXPECT_TRUE(set.remove(number));
  EXPECT_TRUE(sender->send_async({1, 0}).take());
}

// Whatever ends first: each number that was not cancelled comes once, in order.
TEST_P(AsyncSend, CancelledAtAnyMomentEachIsSentOrIsNot) {
  constexpr std::uint64_t count = 2000;
  std::vector<Completion<void>> sends;
  std::atomic<std::uint64_t> made{0};
  sends.resize(count);
  std::thread cancelling([&] {
    std::mt19937 random(7);
    for (std::uint64_t i = 0; i < count; ++i) {
      while (made <= i) std::this_thread::yield();
      if (random() % 3 == 0) static_cast<void>(sends[i].cancel());
    }
  });
  std::vector<std::uint64_t> came;
  std::atomic<bool> over{false};
  std::thread receiving([&] {
    for (;;) {
      auto tick = receiver->receive(over ? psyne::Wait(50ms) : psyne::Wait(10ms));
      if (tick) {
        came.push_back(tick->number);
      } else if (over) {
        return;
      }
    }
  });
  for (std::uint64_t i = 0; i < count; ++i) {
    sends[i] = sender->send_async({i, 0});
    made = i + 1;
  }
  cancelling.join();
  std::vector<std::uint64_t> sent;
  for (std::uint64_t i = 0; i < count; ++i) {
    ASSERT_TRUE(sends[i].wait(20s));
    if (sends[i].take()) sent.push_back(i);
  }
  ASSERT_TRUE(eventually([&] { return sender->writable(); }));
  over = true;
  receiving.join();
  EXPECT_EQ(came, sent);
}

/// Of elements, which are lent.
class AsyncElements : public OverEveryScheme {
 protected:
  static constexpr std::size_t long_message = std::size_t{96} << 10U;

  void SetUp() override { open({}); }
  void open(SenderOptions options) {
    const std::string name = uri();
    if (options.capacity_bytes == 0 || !options.capacity_bytes) options.capacity_bytes = std::size_t{1} << 20U;
    if (!options.linger) options.linger = 0s;
    sender.emplace(Sender<ByteVector>::open(name, options).value());
    receiver.emplace(Receiver<ByteVector>::open(to(name), {.wait_for_senders = true}).value());
    const Bytes hello(1);
    sender->send(hello).value();
    ASSERT_TRUE(receiver->receive(10s));
  }
  void expect(const Bytes& bytes) {
    const auto message = receiver->receive(10s);
    ASSERT_TRUE(message) << message.error().text();
    ASSERT_EQ(message->size(), bytes.size());
    ASSERT_TRUE(std::ranges::equal(*message, bytes));
  }

  std::optional<Sender<ByteVector>> sender;
  std::optional<Receiver<ByteVector>> receiver;
};
INSTANTIATE_TEST_SUITE_P(Schemes, AsyncElements, testing::ValuesIn(psyne_test::schemes), psyne_test::scheme_name);

TEST_P(AsyncElements, ArriveWholeAndAreTheProgramsAgain) {
  std::vector<Bytes> memory;
  for (std::uint32_t i = 0; i < 4; ++i) memory.push_back(pattern(long_message + i, i));
  std::array<Completion<void>, 4> sends;
  std::thread receiving([&] {
    for (std::uint32_t i = 0; i < 200; ++i) expect(pattern(long_message + i % 4, i));
  });
  for (std::uint32_t i = 0; i < 200; ++i) {
    if (i >= 4) {
      ASSERT_TRUE(sends[i % 4].take()) << i;
    }
    memory[i % 4] = pattern(long_message + i % 4, i);
    sends[i % 4] = sender->send_async(memory[i % 4]);
  }
  for (auto& send : sends) EXPECT_TRUE(send.take());
  receiving.join();
  EXPECT_EQ(sender->counters().messages, 201U);
}

TEST_P(AsyncElements, OfAnySizeKeepTheirOrder) {
  std::mt19937 random(11);
  std::vector<Bytes> messages;
  for (std::uint32_t i = 0; i < 300; ++i)
    messages.push_back(pattern(random() % 4 == 0 ? random() % 150'000 : random() % 300, i));
  std::thread receiving([&] {
    for (const Bytes& message : messages) expect(message);
  });
  std::vector<Completion<void>> sends;
  for (const Bytes& message : messages) {
    if (random() % 5 == 0) {
      ASSERT_TRUE(sender->send(message, 20s));
    } else {
      sends.push_back(sender->send_async(message));
    }
  }
  for (auto& send : sends) EXPECT_TRUE(send.take());
  receiving.join();
}

TEST_P(AsyncElements, CompleteThoughNobodyWaits) {
  const Bytes bytes = pattern(long_message, 1);
  auto send = sender->send_async(bytes);
  expect(bytes);
  EXPECT_TRUE(eventually([&] { return send.test(); }));
  EXPECT_TRUE(send.take());
}

// What would end it early finds that it is sent, and has its memory copied.
TEST_P(AsyncElements, ThatAreUnderWayAreSentWhateverEndsThem) {
  Bytes bytes = pattern(long_message, 1);
  auto cancelled = sender->send_async(bytes);
  static_cast<void>(cancelled.cancel());
  EXPECT_TRUE(cancelled.test());
  EXPECT_TRUE(cancelled.take());
  std::ranges::fill(bytes, std::byte{0});

  Bytes late = pattern(long_message, 2);
  auto timed = sender->send_async(late, 5ms);
  EXPECT_TRUE(eventually([&] { return timed.test(); }));
  EXPECT_TRUE(timed.take());
  std::ranges::fill(late, std::byte{0});

  Bytes dropped = pattern(long_message, 3);
  static_cast<void>(sender->send_async(dropped));
  std::ranges::fill(dropped, std::byte{0});

  Bytes followed = pattern(long_message, 4);
  auto before = sender->send_async(followed);
  const Bytes after = pattern(10, 5);
  ASSERT_TRUE(sender->send(after, 20s));
  EXPECT_TRUE(before.test()) << "its memory was taken back";
  std::ranges::fill(followed, std::byte{0});

  expect(pattern(long_message, 1));
  expect(pattern(long_message, 2));
  expect(pattern(long_message, 3));
  expect(pattern(long_message, 4));
  expect(after);
}

TEST_P(AsyncElements, ThatWaitForRoomMayBeForgotten) {
  std::vector<Bytes> messages;
  for (std::uint32_t i = 0; i < 20; ++i) messages.push_back(pattern(long_message, i));
  for (const Bytes& message : messages) static_cast<void>(sender->send_async(message));
  messages.clear();
  for (std::uint32_t i = 0; i < 20; ++i) expect(pattern(long_message, i));
}

TEST_P(AsyncElements, GoToTheSuccessorOfTheirReceiver) {
  Bytes bytes = pattern(long_message, 1);
  auto send = sender->send_async(bytes);
  receiver.reset();  // has taken nothing
  EXPECT_TRUE(eventually([&] { return send.test(); }));
  EXPECT_TRUE(send.take());
  std::ranges::fill(bytes, std::byte{0});
  receiver.emplace(Receiver<ByteVector>::open(to(sender->uri()), {.wait_for_senders = true}).value());
  expect(pattern(long_message, 1));
}

TEST_P(AsyncElements, GoToSeveralReceivers) {
  const std::string name = uri();
  auto all = Sender<ByteVector>::open(
                 name, {.capacity_bytes = std::size_t{1} << 20U, .delivery = psyne::Delivery::all, .linger = 0s})
                 .value();
  std::vector<Receiver<ByteVector>> receivers;
  for (int i = 0; i < 3; ++i) {
    receivers.push_back(
        Receiver<ByteVector>::open(to(name), {.delivery = psyne::Delivery::all, .wait_for_senders = true}).value());
  }
  ASSERT_TRUE(eventually([&] { return all.receivers() == 3; }));
  ASSERT_TRUE(all.wait_for_receiver(10s));
  std::vector<Bytes> messages;
  for (std::uint32_t i = 0; i < 8; ++i) messages.push_back(pattern(long_message, i));
  std::vector<Completion<void>> sends;
  sends.reserve(messages.size());
  for (const Bytes& message : messages) sends.push_back(all.send_async(message));
  for (const Bytes& message : messages) {
    for (auto& one : receivers) {
      const auto got = one.receive(10s);
      ASSERT_TRUE(got) << got.error().text();
      EXPECT_TRUE(std::ranges::equal(*got, message));
    }
  }
  for (auto& send : sends) {
    EXPECT_TRUE(send.wait(20s));
    EXPECT_TRUE(send.take());
  }
}

TEST_P(AsyncElements, AreSpreadOverAnyReceivers) {
  const std::string name = uri();
  auto spread = Sender<ByteVector>::open(
                    name, {.capacity_bytes = std::size_t{1} << 20U, .delivery = psyne::Delivery::any, .linger = 0s})
                    .value();
  std::vector<Receiver<ByteVector>> receivers;
  for (int i = 0; i < 2; ++i) {
    receivers.push_back(
        Receiver<ByteVector>::open(to(name), {.delivery = psyne::Delivery::any, .wait_for_senders = true}).value());
  }
  ASSERT_TRUE(eventually([&] { return spread.receivers() == 2; }));
  std::vector<Bytes> messages;
  for (std::uint32_t i = 0; i < 40; ++i) messages.push_back(pattern(long_message + i, i));
  std::vector<Completion<void>> sends;
  for (const Bytes& message : messages) sends.push_back(spread.send_async(message));
  std::vector<bool> came(messages.size());
  for (std::size_t left = messages.size(); left > 0;) {
    for (auto& one : receivers) {
      const auto got = one.receive(10ms);
      if (!got) continue;
      const std::size_t number = got->size() - long_message;
      ASSERT_LT(number, messages.size());
      EXPECT_FALSE(came[number]);
      came[number] = true;
      EXPECT_TRUE(std::ranges::equal(*got, messages[number]));
      --left;
    }
  }
  for (auto& send : sends) EXPECT_TRUE(send.take());
}

TEST_P(AsyncElements, ThatAreTooLongForTheRingAreRefused) {
  const Bytes bytes(std::size_t{2} << 20U);
  EXPECT_EQ(sender->send_async(bytes).take().error(), Code::too_large);
}

TEST_P(AsyncElements, EmptyOnesTravel) {
  EXPECT_TRUE(sender->send_async(std::span<const std::byte>()).take());
  expect({});
}

TEST_P(AsyncElements, AreCompressedWhereTheSenderSaysSo) {
  open({.compress = psyne::Compress::lz4});
  const Bytes bytes(long_message, std::byte{7});
  const Bytes noise = [] {
    std::mt19937 random(3);
    Bytes made(long_message);
    for (std::byte& byte : made) byte = static_cast<std::byte>(random());
    return made;
  }();
  auto packed = sender->send_async(bytes);
  auto plain = sender->send_async(noise);
  expect(bytes);
  expect(noise);
  EXPECT_TRUE(packed.take());
  EXPECT_TRUE(plain.take());
}

}  // namespace
