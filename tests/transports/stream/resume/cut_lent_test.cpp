// Messages that are lent over connections that are cut: what is told again is read from where it lies, in the ring or
// in the program's memory, and that is the program's again when it is told so.
#include <psyne.hpp>

#include "channel/compression/bytes.hpp"
#include "transports/stream/resume/cut_channel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <string>
#include <thread>

namespace {

using namespace std::chrono_literals;
using psyne::ByteVector;
using psyne::Code;
using psyne_test::Bytes;
using resume_test::CuttingProxy;

constexpr std::uint64_t lent_messages = 400;

/// Message `number`, mostly of a length that is lent.
Bytes lent_message(std::uint64_t number) {
  const std::size_t bytes = number % 5 == 0 ? 100 + number : 32'768 + number * 7919 % 60'000;
  Bytes message = psyne_test::noise(bytes, number);
  std::memcpy(message.data(), &number, sizeof number);
  return message;
}

class CutLent : public resume_test::CutChannel {};
INSTANTIATE_TEST_SUITE_P(Schemes, CutLent, testing::Values("tcp", "tls", "unix"),
                         [](const auto& scheme) { return std::string(scheme.param); });

/// With several under way, of which some are cancelled, dropped, or followed by a call that waits.
void send_lent(const std::string& uri) {
  auto sender = psyne::Sender<ByteVector>::open(uri, {.capacity_bytes = 1 << 20}).value();
  std::mt19937 random(2);
  std::array<Bytes, 6> memory;
  std::array<psyne::Completion<void>, 6> sends;
  for (std::uint64_t number = 0; number < lent_messages; ++number) {
    const std::size_t slot = number % memory.size();
    if (sends[slot]) {
      const auto sent = sends[slot].take();
      if (!sent) return static_cast<void>(ADD_FAILURE() << number << ": " << sent.error().text());
    }
    std::ranges::fill(memory[slot], std::byte{0});
    memory[slot] = lent_message(number);
    if (random() % 16 == 0) {
      const auto sent = sender.send(memory[slot], 30s);
      if (!sent) return static_cast<void>(ADD_FAILURE() << number << ": " << sent.error().text());
      sends[slot] = {};
    } else {
      sends[slot] = sender.send_async(memory[slot], 30s);
    }
    if (random() % 16 == 0) sends[slot] = {};
  }
  sends = {};
  const auto closed = sender.close(30s);
  EXPECT_TRUE(closed) << closed.error().text();
  EXPECT_GT(sender.counters().resumed, 3U);
  EXPECT_EQ(sender.counters().peers_lost, 0U);
}

TEST_P(CutLent, AreWholeAndInOrderHoweverOftenTheyAreCut) {
  CuttingProxy& between = random_proxy(12, 9, 100'000, [](auto&) { return 900'000; });
  auto receiver = psyne::Receiver<ByteVector>::open(listening()).value();
  std::jthread sending([&] { send_lent(calling()); });
  Bytes buffer(100'000);
  for (std::uint64_t number = 0; number < lent_messages; ++number) {
    const Bytes sent = lent_message(number);
    if (number % 3 == 0) {
      const auto got = receiver.receive(30s);
      ASSERT_TRUE(got) << number << ": " << got.error().text();
      ASSERT_TRUE(std::ranges::equal(*got, sent)) << number;
    } else {
      const auto got = receiver.receive_into(std::span(buffer), 30s);
      ASSERT_TRUE(got) << number << ": " << got.error().text();
      ASSERT_TRUE(std::ranges::equal(std::span(buffer).first(*got), sent)) << number;
    }
  }
  EXPECT_EQ(receiver.receive(30s).error(), Code::closed);
  EXPECT_GE(between.cuts(), 6);
}

}  // namespace
