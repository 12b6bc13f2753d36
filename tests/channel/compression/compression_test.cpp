// Messages that travel compressed: what arrives is what was sent, however it is sent and received, and over everything.
#include "bytes.hpp"
#include "channel/process.hpp"
#include "channel/schemes.hpp"
#include "eventually.hpp"

#include <algorithm>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

namespace {

using namespace std::chrono_literals;
using psyne::ByteVector;
using psyne::Code;
using psyne::Compress;
using psyne::Delivery;
using psyne::Receiver;
using psyne::Sender;
using psyne::SenderOptions;
using psyne::WhenFull;
using psyne_test::Bytes;
using psyne_test::copy_of;
using psyne_test::eventually;
using psyne_test::noise;
using psyne_test::words;

constexpr std::size_t above = 1000;

SenderOptions packing(Compress codec = Compress::lz4, Delivery delivery = Delivery::single) {
  return {
      .capacity_bytes = 256 * 1024, .delivery = delivery, .linger = 20s, .compress = codec, .compress_above = above};
}

class Compression : public psyne_test::OverEveryScheme {
 protected:
  void open(const SenderOptions& options = packing(), const psyne::ReceiverOptions& receiving = {}) {
    name = uri();
    sender.emplace(Sender<ByteVector>::open(name, options).value());
    receiver.emplace(Receiver<ByteVector>::open(to(name), receiving).value());
  }
  void expect_next(const Bytes& sent, const std::string& what = "") {
    const auto got = receiver->receive(20s);
    ASSERT_TRUE(got) << got.error().text();
    ASSERT_EQ(got->size(), sent.size()) << what;
    EXPECT_TRUE(std::ranges::equal(*got, sent)) << what << " of " << sent.size();
  }
  void send_draft(const Bytes& bytes) {
    auto draft = sender->reserve(bytes.size(), 20s);
    ASSERT_TRUE(draft) << draft.error().text();
    std::ranges::copy(bytes, draft->begin());
    draft.commit().value();
  }

  std::string name;
  std::optional<Sender<ByteVector>> sender;
  std::optional<Receiver<ByteVector>> receiver;
};
INSTANTIATE_TEST_SUITE_P(Schemes, Compression, testing::ValuesIn(psyne_test::pattern_schemes), psyne_test::scheme_name);

TEST_P(Compression, WhatArrivesIsWhatWasSentOfAnySizeAndContent) {
  for (const Compress codec : {Compress::lz4, Compress::zstd}) {
    open(packing(codec));
    // Longer ones, up to half a ring, may have to wait until the receiver has looked over the end of a lap.
    for (const std::size_t bytes : {std::size_t{0}, std::size_t{1}, above - 1, above, above + 1, 3 * above,
                                    std::size_t{40'000}, std::size_t{130'000}}) {
      for (const Bytes& sent : {words(bytes, bytes), noise(bytes, bytes), Bytes(bytes)}) {
        sender->send(sent, 20s).value();
        expect_next(sent, "sent");
        send_draft(sent);
        expect_next(sent, "written in place");
      }
    }
    sender.reset();
    EXPECT_EQ(receiver->receive(20s).error(), Code::closed);
  }
}

TEST_P(Compression, TheLongestMessageIsAsLongAsWithout) {
  open();
  const std::size_t longest = sender->longest();
  EXPECT_EQ(longest, 128U * 1024);
  sender->send(words(longest), 20s).value();
  expect_next(words(longest));
  EXPECT_GT(sender->counters().packed_from, 0U);
  EXPECT_EQ(sender->send(Bytes(longest + 1)).error(), Code::too_large);
  EXPECT_EQ(sender->reserve(longest + 1).error(), Code::too_large);
}

TEST_P(Compression, OnlyWhatIsLongerThanTheThresholdAndShrinksIsCompressed) {
  open();
  sender->send(words(above)).value();
  sender->send(noise(50'000)).value();
  expect_next(words(above));
  expect_next(noise(50'000));
  EXPECT_EQ(sender->counters().packed_from, 0U);
  sender->send(words(above + 1)).value();
  expect_next(words(above + 1));
  send_draft(words(50'000));
  expect_next(words(50'000));
  for (const psyne::ChannelCounters& counters : {sender->counters(), receiver->counters()}) {
    EXPECT_EQ(counters.messages, 4U);
    EXPECT_EQ(counters.bytes, above + 50'000 + above + 1 + 50'000);
    EXPECT_EQ(counters.packed_from, above + 1 + 50'000);
    EXPECT_GT(counters.packed_to, 20U);
    EXPECT_LT(counters.packed_to, counters.packed_from / 4);
  }
}

TEST_P(Compression, IsAskedForByTheQueryAsWell) {
  name = uri() + "?compress=zstd&compress_above=2k&compress_level=7";
  sender.emplace(Sender<ByteVector>::open(name, {.compress = Compress::none}).value());
  receiver.emplace(Receiver<ByteVector>::open(to(name)).value());
  sender->send(words(2048)).value();
  sender->send(words(2049)).value();
  expect_next(words(2048));
  expect_next(words(2049));
  EXPECT_EQ(sender->counters().packed_from, 2049U);
}

TEST_P(Compression, IsUnpackedStraightIntoTheReceiversOwnBuffer) {
  open();
  Bytes buffer(128 * 1024);
  for (const Bytes& sent : {words(60'000), noise(60'000), words(above + 1), words(128 * 1024), words(10)}) {
    sender->send(sent).value();
    const auto small = std::span(buffer).first(sent.size() - 1);
    EXPECT_EQ(receiver->receive_into(small, 20s).error(), Code::too_large);
    ASSERT_EQ(receiver->receive_into(std::span(buffer), 20s).value(), sent.size());
    EXPECT_TRUE(std::ranges::equal(std::span(buffer).first(sent.size()), sent));
  }
  EXPECT_EQ(receiver->counters().packed_from, 60'000 + above + 1 + 128 * 1024);
}

TEST_P(Compression, ViewsMayBeHeldAndReleasedInAnyOrder) {
  open();
  std::mt19937 random(3);
  std::map<std::uint64_t, psyne::Received<ByteVector>> held;
  const auto size = [](std::uint64_t number) { return 500 + number * 7919 % 9000; };
  for (std::uint64_t number = 0; number < 300; ++number) {
    sender->send(words(size(number), number), 20s).value();
    auto got = receiver->receive(20s);
    ASSERT_TRUE(got) << got.error().text();
    held.emplace(number, std::move(got));
    // The oldest goes now and then: what it keeps is kept of all that came after it.
    if (held.size() > 8) held.erase(number % 3 == 0 ? held.begin() : std::next(held.begin(), random() % 8));
    if (number % 16 == 15) held.erase(held.begin(), std::next(held.begin(), 4));
    for (const auto& [which, view] : held) {
      ASSERT_TRUE(std::ranges::equal(*view, words(size(which), which))) << which << " after " << number;
    }
  }
}

// As without compression, no more is held than a ring has; and what was refused is the next one afterwards.
TEST_P(Compression, ViewsHoldNoMoreThanARingOfBytes) {
  open();
  std::vector<psyne::Received<ByteVector>> held;
  for (std::uint64_t number = 0; number < 9; ++number) sender->send(words(32 * 1024, number), 20s).value();
  for (int number = 0; number < 8; ++number) {
    held.push_back(receiver->receive(20s));
    ASSERT_TRUE(held.back()) << held.back().error().text();
  }
  const auto refused = receiver->receive(20s);
  ASSERT_EQ(refused.error(), Code::exhausted);
  EXPECT_NE(refused.error().text().find("capacity_bytes"), std::string::npos) << refused.error().text();
  EXPECT_EQ(receiver->receive_batch(4, 20s).error(), Code::exhausted);
  held.erase(held.begin());
  expect_next(words(32 * 1024, 8));
}

// The same memory again and again: nothing is allocated for each message.
TEST_P(Compression, UnpacksIntoTheSameMemory) {
  open();
  const std::byte* first = nullptr;
  for (std::uint64_t number = 0; number < 20; ++number) {
    sender->send(words(40'000 - number, number), 20s).value();
    const auto got = receiver->receive(20s);
    ASSERT_TRUE(got);
    if (first == nullptr) first = got->data();
    EXPECT_EQ(got->data(), first);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % 64, 0U);
  }
}

TEST_P(Compression, ComesInBatchesAndInALoop) {
  open();
  const auto send_all = [&] {
    for (std::uint64_t number = 0; number < 12; ++number) {
      sender->send(number % 4 == 3 ? noise(3000, number) : words(3000, number), 20s).value();
    }
  };
  const auto sent = [](std::uint64_t number) { return number % 4 == 3 ? noise(3000, number) : words(3000, number); };
  send_all();
  for (std::uint64_t number = 0; number < 12;) {
    auto batch = receiver->receive_batch(5, 20s);
    ASSERT_TRUE(batch) << batch.error().text();
    for (const auto view : batch) EXPECT_TRUE(std::ranges::equal(view, sent(number++)));
  }
  send_all();
  const auto kept = receiver->receive(20s);  // nothing that the loop gives back goes back before this
  sender->close(0s).has_value();
  std::uint64_t number = 1;
  for (const auto& view : *receiver) EXPECT_TRUE(std::ranges::equal(view, sent(number++)));
  EXPECT_EQ(number, 12U);
  EXPECT_TRUE(std::ranges::equal(*kept, sent(0)));
}

TEST_P(Compression, IsAwaitedAndHandedToCallbacks) {
  open();
  auto pending = receiver->receive_async();
  sender->send(words(5000, 1), 20s).value();
  auto got = pending.get();
  ASSERT_TRUE(got) << got.error().text();
  EXPECT_TRUE(std::ranges::equal(*got, words(5000, 1)));
  got.release();

  std::atomic<std::uint64_t> told{0};
  auto subscription = receiver->on_message([&](const std::span<const std::byte>& view) {
    if (std::ranges::equal(view, words(5000, told.load()))) ++told;
  });
  ASSERT_TRUE(subscription) << subscription.error().text();
  for (std::uint64_t number = 0; number < 200; ++number) sender->send(words(5000, number), 20s).value();
  EXPECT_TRUE(eventually([&] { return told == 200; })) << told;
}

TEST_P(Compression, WakesAWaitSet) {
  open();
  psyne::WaitSet set = psyne::WaitSet::make().value();
  static_cast<void>(set.add(*receiver).value());
  std::thread sending([&] { sender->send(words(50'000), 20s).value(); });
  Bytes got;
  while (got.empty()) {
    ASSERT_TRUE(set.wait(20s));
    if (auto view = receiver->try_receive()) got = copy_of(*view);
  }
  sending.join();
  EXPECT_EQ(got, words(50'000));
}

TEST_P(Compression, ACloneCompressesToo) {
  if (listens()) GTEST_SKIP() << "one end listens";
  open();
  auto clone = sender->clone().value();
  clone.send(words(5000)).value();
  expect_next(words(5000));
  EXPECT_EQ(clone.counters().packed_from, 5000U);
}

TEST_P(Compression, GoesToAllAndToAnyAndToTheOneThatIsNamed) {
  for (const Delivery delivery : {Delivery::all, Delivery::any, Delivery::routed}) {
    open(packing(Compress::zstd, delivery), {.delivery = delivery, .wait_for_senders = true});
    auto second = Receiver<ByteVector>::open(to(name), {.delivery = delivery, .wait_for_senders = true}).value();
    ASSERT_TRUE(eventually([&] { return sender->receivers() == 2 && sender->receiver_ids().size() == 2; }));
    for (std::uint64_t number = 0; number < 10; ++number) {
      if (delivery == Delivery::routed) {
        sender->send_to(receiver->id(), words(20'000, number), 20s).value();
        auto draft = sender->reserve_to(second.id(), 20'000, 20s);
        std::ranges::copy(words(20'000, number), draft->begin());
        draft.commit().value();
      } else {
        sender->send(words(20'000, number), 20s).value();
      }
    }
    std::vector<Bytes> got;
    for (Receiver<ByteVector>* from : {&*receiver, &second}) {
      for (int message = 0; message < (delivery == Delivery::any ? 5 : 10); ++message) {
        const auto view = from->receive(20s);
        ASSERT_TRUE(view) << view.error().text();
        got.push_back(copy_of(*view));
      }
    }
    for (std::uint64_t number = 0; number < 10; ++number) {
      EXPECT_EQ(std::ranges::count(got, words(20'000, number)), delivery == Delivery::any ? 1 : 2);
    }
  }
}

// What lies compressed in the ring of a receiver that went is moved into another's as it is.
TEST_P(Compression, WhatAReceiverLeftBehindGoesToOthers) {
  open(packing(Compress::lz4, Delivery::any), {.delivery = Delivery::any, .wait_for_senders = true});
  ASSERT_TRUE(eventually([&] { return sender->receivers() == 1; }));
  for (std::uint64_t number = 0; number < 6; ++number) {
    sender->send(number % 3 == 2 ? noise(9000, number) : words(9000, number), 20s).value();
  }
  receiver.reset();
  ASSERT_TRUE(eventually([&] { return sender->receivers() == 0; }));
  receiver.emplace(Receiver<ByteVector>::open(to(name), {.delivery = Delivery::any}).value());
  ASSERT_TRUE(sender->wait_for_receiver(20s));
  std::vector<Bytes> got;
  std::thread closing([&] { static_cast<void>(sender->close(20s).has_value()); });
  for (int message = 0; message < 6; ++message) {
    const auto view = receiver->receive(20s);
    EXPECT_TRUE(view) << view.error().text();
    if (view) got.push_back(copy_of(*view));
  }
  closing.join();
  for (std::uint64_t number = 0; number < 6; ++number) {
    EXPECT_EQ(std::ranges::count(got, number % 3 == 2 ? noise(9000, number) : words(9000, number)), 1) << number;
  }
}

TEST_P(Compression, ASuccessorGetsWhatWasNotTaken) {
  open(packing(Compress::lz4, Delivery::all), {.delivery = Delivery::all});
  for (std::uint64_t number = 0; number < 5; ++number) sender->send(words(9000, number), 20s).value();
  expect_next(words(9000, 0));
  receiver.reset();
  ASSERT_TRUE(eventually([&] { return sender->receivers() == 0; }));
  receiver.emplace(Receiver<ByteVector>::open(to(name), {.delivery = Delivery::all}).value());
  for (std::uint64_t number = 1; number < 5; ++number) expect_next(words(9000, number));
}

TEST_P(Compression, MessagesAreDroppedAndWaitedForAsWithout) {
  for (const WhenFull when : {WhenFull::drop_newest, WhenFull::drop_oldest, WhenFull::block}) {
    if (when == WhenFull::drop_oldest && !maps()) continue;
    SenderOptions options = packing();
    options.when_full = when;
    options.capacity_bytes = 16'384;
    open(options);
    sender->send(words(2000, 1000), 20s).value();
    expect_next(words(2000, 1000));
    std::uint64_t sent = 0;
    const auto number_of = [](std::span<const std::byte> view) {
      for (std::uint64_t number = 0; number < 200; ++number) {
        if (std::ranges::equal(view, words(4000 + number % 3, number))) return number;
      }
      return ~std::uint64_t{0};
    };
    for (; sent < 200; ++sent) {
      const auto result = sender->send(words(4000 + sent % 3, sent), when == WhenFull::block ? 20ms : 20s);
      if (!result) break;
    }
    if (when == WhenFull::block) {
      EXPECT_LT(sent, 200U);
    } else {
      EXPECT_EQ(sent, 200U);
      EXPECT_GT(sender->counters().dropped_newest + sender->counters().dropped_oldest, 50U);
    }
    std::thread closing([&] { static_cast<void>(sender->close(20s).has_value()); });
    std::uint64_t next = 0;
    for (;;) {
      const auto view = receiver->receive(20s);
      if (!view) {
        EXPECT_EQ(view.error(), Code::closed) << view.error().text();
        break;
      }
      const std::uint64_t number = number_of(*view);
      EXPECT_GE(number, next);
      EXPECT_LT(number, sent);
      next = number + 1;
    }
    EXPECT_GT(next, 0U);
    closing.join();
  }
}

// Many laps, compressed ones and others between each other, from one thread to another.
TEST_P(Compression, StreamsInOrder) {
  open();
  constexpr std::uint64_t count = 400;
  const auto message = [](std::uint64_t number) {
    const std::size_t bytes = number * 104'729 % 60'000;
    return number % 3 == 0 ? noise(bytes, number) : words(bytes, number);
  };
  std::thread sending([&] {
    for (std::uint64_t number = 0; number < count; ++number) {
      if (number % 2 == 0) {
        sender->send(message(number), 30s).value();
      } else {
        send_draft(message(number));
      }
    }
    static_cast<void>(sender->close(30s).has_value());
  });
  Bytes buffer(64 * 1024);
  for (std::uint64_t number = 0; number < count; ++number) {
    if (number % 4 < 2) {
      expect_next(message(number));
      continue;
    }
    const auto got = receiver->receive_into(std::span(buffer), 30s);
    EXPECT_TRUE(got && std::ranges::equal(std::span(buffer).first(*got), message(number))) << number;
  }
  EXPECT_EQ(receiver->receive(30s).error(), Code::closed);
  sending.join();
}

TEST_P(Compression, CarriesTypesWithHeadersToo) {
  name = uri() + "?compress=lz4&compress_above=100";
  auto tensors = Sender<psyne::Tensor>::open(name).value();
  auto tensors_in = Receiver<psyne::Tensor>::open(to(name)).value();
  auto draft = tensors.reserve<float>({64, 64}, 20s);
  ASSERT_TRUE(draft) << draft.error().text();
  std::ranges::fill(draft->span<float>(), 2.5F);
  draft.commit().value();
  auto tensor = tensors_in.receive(20s);
  ASSERT_TRUE(tensor) << tensor.error().text();
  EXPECT_EQ(tensor->span<float>()[4095], 2.5F);
  EXPECT_GT(tensors.counters().packed_from, 4096U * sizeof(float));
}

TEST(CompressionOfProcesses, AKilledSendersMessagesArriveAndAKilledReceiversAreDeliveredAgain) {
  const std::string name = psyne_test::fresh_uri();
  {
    const psyne_test::Process sending([&] {
      auto sender = Sender<ByteVector>::open(name, packing()).value();
      for (std::uint64_t number = 0; number < 10; ++number) sender.send(words(9000, number)).value();
      psyne_test::wait_to_be_killed();
      return 0;
    });
    auto receiver = Receiver<ByteVector>::open(name).value();
    auto first = receiver.receive(20s);
    ASSERT_TRUE(first) << first.error().text();
    first.release();
    ::kill(sending.pid(), SIGKILL);
    std::uint64_t number = 1;  // it may have been killed before it had sent them all
    for (auto view = receiver.receive(20s);; view = receiver.receive(20s), ++number) {
      if (!view) {
        EXPECT_EQ(view.error(), Code::peer_lost) << view.error().text();
        break;
      }
      EXPECT_TRUE(std::ranges::equal(*view, words(9000, number)));
    }
    EXPECT_LE(number, 10U);
  }
  const std::string other = psyne_test::fresh_uri();
  std::optional<psyne_test::Process> receiving(std::in_place, [&] {
    auto receiver = Receiver<ByteVector>::open(other).value();
    const auto held = receiver.receive(20s);
    psyne_test::wait_to_be_killed();
    return held ? 0 : 1;
  });
  auto sender = Sender<ByteVector>::open(other, packing()).value();
  sender.send(words(9000, 1)).value();
  sender.send(words(9000, 2)).value();
  ASSERT_TRUE(sender.wait_for_receiver(20s));
  receiving.reset();
  auto successor = Receiver<ByteVector>::open(other).value();
  for (const std::uint64_t number : {1U, 2U}) {
    const auto view = successor.receive(20s);
    ASSERT_TRUE(view) << view.error().text();
    EXPECT_TRUE(std::ranges::equal(*view, words(9000, number)));
  }
}

}  // namespace
