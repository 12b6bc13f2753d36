// Compressed messages over connections that are cut: what is told again is told as it lies in the ring, packed or not.
#include <psyne.hpp>

#include "channel/compression/bytes.hpp"
#include "transports/stream/resume/cut_channel.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::ByteVector;
using psyne::Code;
using psyne_test::Bytes;
using resume_test::CuttingProxy;

/// Message `number`, of 8 B to 200 KB: its number, and what can be compressed, or what cannot.
Bytes compressible_or_not(std::uint64_t number) {
  std::mt19937 random(static_cast<std::uint32_t>(number));
  const std::size_t longest = random() % 8 == 0 ? 200'000 : 3000;
  const std::size_t bytes = 8 + random() % (longest - 8);
  Bytes message = random() % 2 == 0 ? psyne_test::words(bytes, number) : psyne_test::noise(bytes, number);
  std::memcpy(message.data(), &number, sizeof number);
  return message;
}

class CutCompressed : public resume_test::CutChannel {};
INSTANTIATE_TEST_SUITE_P(Schemes, CutCompressed, testing::Values("tcp", "tls", "unix"),
                         [](const auto& scheme) { return std::string(scheme.param); });

constexpr std::uint64_t compressed_messages = 400;

void send_compressed(const std::string& uri) {
  auto sender = psyne::Sender<ByteVector>::open(uri, {.capacity_bytes = 1 << 20}).value();
  for (std::uint64_t number = 0; number < compressed_messages; ++number) {
    const Bytes message = compressible_or_not(number);
    psyne::Result<void> sent;
    if (number % 2 == 0) {
      sent = sender.send(message, 30s);
    } else if (auto draft = sender.reserve(message.size(), 30s); draft) {
      std::ranges::copy(message, draft->begin());
      sent = draft.commit();
    } else {
      sent = draft.error();
    }
    if (!sent) return static_cast<void>(ADD_FAILURE() << number << ": " << sent.error().text());
  }
  const auto closed = sender.close(30s);
  EXPECT_TRUE(closed) << closed.error().text();
  const psyne::ChannelCounters counters = sender.counters();
  EXPECT_GT(counters.resumed, 3U);
  EXPECT_GT(counters.packed_from, 0U);
  EXPECT_LT(counters.packed_from, counters.bytes);
  EXPECT_EQ(counters.peers_lost, 0U);
}

TEST_P(CutCompressed, IsWholeAndInOrderHoweverOftenItIsCut) {
  for (const char* codec : {"lz4", "zstd"}) {
    CuttingProxy& between =
        random_proxy(12, 5, 20'000, [](auto& random) { return random() % 3 == 0 ? 3000 : 600'000; });
    auto receiver = psyne::Receiver<ByteVector>::open(listening()).value();
    std::jthread sending(
        [&] { send_compressed(calling(std::string("20s&compress=") + codec + "&compress_above=500")); });
    Bytes buffer(200'000);
    std::vector<psyne::Received<ByteVector>> held;
    for (std::uint64_t number = 0; number < compressed_messages; ++number) {
      const Bytes sent = compressible_or_not(number);
      if (number % 3 == 0) {
        const auto got = receiver.receive_into(std::span(buffer), 30s);
        ASSERT_TRUE(got) << number << ": " << got.error().text();
        ASSERT_TRUE(std::ranges::equal(std::span(buffer).first(*got), sent)) << number;
        continue;
      }
      auto got = receiver.receive(30s);
      ASSERT_TRUE(got) << number << ": " << got.error().text();
      ASSERT_TRUE(std::ranges::equal(*got, sent)) << number;
      held.clear();  // what is held keeps all that is behind it in the ring
      if (sent.size() < 4000) held.push_back(std::move(got));
    }
    held.clear();
    EXPECT_EQ(receiver.receive(30s).error(), Code::closed);
    EXPECT_GE(between.cuts(), 6);
    EXPECT_GT(receiver.counters().resumed, 3U);
    EXPECT_GT(receiver.counters().packed_from, 0U);
    if (HasFailure()) return;
  }
}

}  // namespace
