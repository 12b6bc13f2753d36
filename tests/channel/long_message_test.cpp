// Messages long enough to be posted from the sender's own memory and read straight into the receiver's.
#include "eventually.hpp"
#include "schemes.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <random>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::KiB;
using psyne::MiB;
using psyne::Receiver;
using psyne::Sender;
using psyne_test::OverEveryScheme;
using Words = psyne::Vector<std::uint32_t>;

class LongMessage : public OverEveryScheme {};
INSTANTIATE_TEST_SUITE_P(Schemes, LongMessage, testing::ValuesIn(psyne_test::pattern_schemes), psyne_test::scheme_name);

/// What message `number` holds: no two have the same word in the same place.
std::uint32_t word(std::uint32_t number, std::size_t place) {
  return number * 2654435761U + static_cast<std::uint32_t>(place);
}

void fill(std::span<std::uint32_t> words, std::uint32_t number) {
  for (std::size_t place = 0; place < words.size(); ++place) words[place] = word(number, place);
}

/// The first word that is not what it should be, or how many there are.
std::size_t sound(std::span<const std::uint32_t> words, std::uint32_t number) {
  std::size_t place = 0;
  while (place < words.size() && words[place] == word(number, place)) ++place;
  return place;
}

// Of any size, sent in any way and received in any way, also by calls that give up in the middle of one.
TEST_P(LongMessage, ArrivesAsItWasSentHoweverItIsSentAndReceived) {
  constexpr std::uint32_t messages = 400;
  const std::string name = uri();
  auto receiver = Receiver<Words>::open(name).value();
  const auto size_of = [](std::uint32_t number) {
    std::mt19937 random(number);
    return random() % 3 == 0 ? random() % 100 : random() % 60'000;
  };
  std::jthread sending([&] {
    auto sender = Sender<Words>::open(to(name), {.capacity_bytes = MiB}).value();
    std::mt19937 random(1);
    std::vector<std::uint32_t> mine(60'000);
    for (std::uint32_t number = 0; number < messages; ++number) {
      const std::size_t size = size_of(number);
      if (random() % 3 == 0) {
        auto draft = sender.reserve(size, 30s);
        if (!draft) return static_cast<void>(ADD_FAILURE() << draft.error().text());
        fill(*draft, number);
        EXPECT_TRUE(draft.commit());
      } else {
        fill(std::span(mine).first(size), number);
        const auto sent = sender.send(std::span<const std::uint32_t>(mine).first(size), 30s);
        if (!sent) return static_cast<void>(ADD_FAILURE() << sent.error().text());
        std::ranges::fill(mine, 0U);
      }
      if (random() % 50 == 0) std::this_thread::sleep_for(1ms);
    }
    EXPECT_TRUE(sender.close(30s));
  });
  std::mt19937 random(2);
  std::vector<std::uint32_t> buffer;
  int given_up = 0;
  for (std::uint32_t number = 0; number < messages;) {
    const psyne::Wait wait =
        random() % 4 == 0 ? psyne::Wait(std::chrono::microseconds(random() % 100)) : psyne::Wait(30s);
    std::size_t size = 0, good = 0;
    if (random() % 4 != 0) {
      buffer.assign(random() % 4 == 0 ? 20'000 : 60'000, 0U);
      const auto count = receiver.receive_into(std::span(buffer), wait);
      if (!count) {
        ASSERT_TRUE(count.error() == Code::timed_out || count.error() == Code::too_large) << count.error().text();
        ++given_up;
        continue;
      }
      size = *count;
      good = sound(std::span(buffer).first(size), number);
    } else {
      const auto message = receiver.receive(wait);
      if (!message) {
        ASSERT_EQ(message.error(), Code::timed_out) << message.error().text();
        continue;
      }
      size = message->size();
      good = sound(*message, number);
    }
    ASSERT_EQ(size, size_of(number)) << "message " << number;
    ASSERT_EQ(good, size) << "message " << number;
    ++number;
  }
  RecordProperty("given_up", given_up);
}

// What nobody reads fills the sockets and then the ring; the program's own memory is its own again all the while.
TEST_P(LongMessage, TheSendersMemoryIsItsOwnWhenSendReturns) {
  const std::string name = uri();
  auto receiver = Receiver<Words>::open(name, {.most_copied = 32 * MiB}).value();
  auto sender = Sender<Words>::open(to(name), {.capacity_bytes = 32 * MiB}).value();
  ASSERT_TRUE(sender.wait_for_receiver(10s));
  std::vector<std::uint32_t> mine(64 * 1024);
  std::uint32_t sent = 0;
  for (; sent < 100; ++sent) {
    fill(mine, sent);
    if (!sender.send(std::span<const std::uint32_t>(mine), 50ms)) break;
    std::ranges::fill(mine, 0U);
  }
  EXPECT_GE(sent, 60U);
  std::vector<std::uint32_t> got(64 * 1024);
  for (std::uint32_t number = 0; number < sent; ++number) {
    ASSERT_EQ(receiver.receive_into(std::span(got), 10s).value(), got.size());
    ASSERT_EQ(sound(got, number), got.size()) << "message " << number;
  }
}

// What a receiver had not taken is its successor's, though the sender's memory has been written over since.
TEST_P(LongMessage, IsGivenToTheNextReceiverWhole) {
  const std::string name = uri();
  auto first = std::optional(Receiver<Words>::open(name).value());
  auto sender = Sender<Words>::open(to(name), {.capacity_bytes = 8 * MiB}).value();
  ASSERT_TRUE(sender.wait_for_receiver(10s));
  std::vector<std::uint32_t> mine(100'000), got(100'000);
  for (std::uint32_t number = 0; number < 6; ++number) {
    fill(mine, number);
    ASSERT_TRUE(sender.send(std::span<const std::uint32_t>(mine), 10s));
    std::ranges::fill(mine, 0U);
  }
  for (std::uint32_t number = 0; number < 2; ++number) {
    ASSERT_EQ(first->receive_into(std::span(got), 10s).value(), got.size());
    ASSERT_EQ(sound(got, number), got.size());
  }
  first.reset();
  auto second = Receiver<Words>::open(name, {.wait_for_senders = true}).value();
  for (std::uint32_t number = 2; number < 6; ++number) {
    const auto count = second.receive_into(std::span(got), 10s);
    ASSERT_TRUE(count) << count.error().text();
    ASSERT_EQ(*count, got.size());
    ASSERT_EQ(sound(got, number), got.size()) << "message " << number;
  }
}

// One sender's message may be landing in the buffer when another's is taken: each gets there whole in the end.
TEST_P(LongMessage, OfSeveralSendersDoNotMeetInTheBuffer) {
  constexpr std::uint32_t messages = 60;
  const std::string name = uri();
  auto receiver = Receiver<Words>::open(name, {.wait_for_senders = true}).value();
  std::vector<std::jthread> senders;
  for (std::uint32_t which = 0; which < 2; ++which) {
    senders.emplace_back([&, which] {
      auto sender = Sender<Words>::open(to(name), {.capacity_bytes = MiB}).value();
      std::vector<std::uint32_t> mine(50'000);
      for (std::uint32_t number = 0; number < messages; ++number) {
        fill(mine, which << 16 | number);
        mine[0] = which << 16 | number;
        const auto sent = sender.send(std::span<const std::uint32_t>(mine).first(which == 0 ? 50'000 : 10), 30s);
        if (!sent) return static_cast<void>(ADD_FAILURE() << sent.error().text());
      }
      EXPECT_TRUE(sender.close(30s));
    });
  }
  std::vector<std::uint32_t> buffer(50'000), next(2);
  for (std::uint32_t i = 0; i < 2 * messages; ++i) {
    const auto count = receiver.receive_into(std::span(buffer), 30s);
    ASSERT_TRUE(count) << count.error().text();
    const std::uint32_t which = buffer[0] >> 16;
    ASSERT_LT(which, 2U);
    const std::uint32_t number = which << 16 | next[which]++;
    ASSERT_EQ(buffer[0], number);
    buffer[0] = word(number, 0);
    ASSERT_EQ(*count, which == 0 ? 50'000U : 10U);
    ASSERT_EQ(sound(std::span(buffer).first(*count), number), *count);
  }
}

// The posts to three receivers are more than what posting may take at once: one of them waits for somebody to come by.
TEST_P(LongMessage, ReachesEveryReceiverThoughItsSenderDoesNothingMore) {
  const std::string name = uri();
  auto sender = Sender<Words>::open(name, {.delivery = psyne::Delivery::all}).value();
  std::vector<Receiver<Words>> receivers;
  for (int i = 0; i < 3; ++i) {
    receivers.push_back(Receiver<Words>::open(to(name), {.delivery = psyne::Delivery::all}).value());
  }
  ASSERT_TRUE(psyne_test::eventually([&] { return sender.receivers() == receivers.size(); }));
  std::vector<std::uint32_t> mine(12'500);
  for (std::uint32_t number = 0; number < 40; ++number) {
    fill(mine, number);
    if (number % 2 == 0) {
      sender.send(std::span<const std::uint32_t>(mine), 30s).value();
    } else {
      auto draft = sender.reserve(mine.size(), 30s);
      ASSERT_TRUE(draft) << draft.error().text();
      std::ranges::copy(mine, draft->begin());
      draft.commit().value();
    }
    for (auto& receiver : receivers) {
      const auto message = receiver.receive(30s);
      ASSERT_TRUE(message) << number << ": " << message.error().text();
      ASSERT_EQ(sound(*message, number), mine.size());
    }
  }
}

}  // namespace
