// Messages of any size: written once, in the ring where one wants them, and copied where several do.
#include "feeds.hpp"

#include <algorithm>
#include <numeric>
#include <optional>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne_test::eventually;
using Floats = psyne::Vector<float>;
using Frames = psyne::Publisher<psyne::Tensor>;

class VariablePublication : public psyne_test::FeedOverEveryScheme {};
INSTANTIATE_TEST_SUITE_P(Schemes, VariablePublication, testing::ValuesIn(psyne_test::feed_schemes),
                         psyne_test::scheme_name);

TEST_P(VariablePublication, VectorsArriveWhole) {
  auto feed = psyne::Publisher<Floats>::open(at(), {.keep = 1, .linger = 1s}).value();
  auto one = psyne::Subscriber<Floats>::open(to(), {.topics = {"a"}}).value();
  auto all = psyne::Subscriber<Floats>::open(to(), {.topics = {""}}).value();
  ASSERT_TRUE(feed.wait_for_subscribers(2, 20s));
  std::vector<float> values(100'000);
  std::iota(values.begin(), values.end(), 0.0F);
  for (const std::size_t size : {0, 1, 13, 100'000}) {
    EXPECT_EQ(feed.publish("a" + std::to_string(size), std::span(values).first(size), 20s).value(), 2U);
    for (auto* reader : {&one, &all}) {
      auto message = reader->receive(20s);
      ASSERT_TRUE(message) << message.error().text();
      EXPECT_EQ(message.topic(), "a" + std::to_string(size));
      EXPECT_TRUE(std::ranges::equal(*message, std::span(values).first(size)));
    }
  }
  auto late = psyne::Subscriber<Floats>::open(to(), {.topics = {""}, .replay = 1}).value();
  auto kept = late.receive(20s);
  ASSERT_TRUE(kept) << kept.error().text();
  EXPECT_EQ(kept->size(), 100'000U);
  EXPECT_TRUE(std::ranges::equal(*kept, values));
}

TEST_P(VariablePublication, TensorsAreFilledOnceForOneForSeveralAndForNobodyNotAtAll) {
  auto feed = Frames::open(at(), {.linger = 1s}).value();
  const auto shape = psyne::TensorShape::of<std::uint8_t>({3, 5, 7});
  int filled = 0;
  const auto fill = [&](auto& tensor) {
    ++filled;
    std::ranges::fill(tensor.template span<std::uint8_t>(), static_cast<std::uint8_t>(filled));
  };
  EXPECT_EQ(feed.publish("camera.1", shape, fill, 20s).value(), 0U);
  EXPECT_EQ(filled, 0);
  std::vector<psyne::Subscriber<psyne::Tensor>> readers;
  for (std::uint8_t count = 1; count <= 3; ++count) {
    readers.push_back(psyne::Subscriber<psyne::Tensor>::open(to(), {.topics = {"camera."}}).value());
    ASSERT_TRUE(feed.wait_for_subscribers(count, 20s));
    EXPECT_EQ(feed.publish("camera.22", shape, fill, 20s).value(), count);
    EXPECT_EQ(filled, count);
    for (auto& reader : readers) {
      auto frame = reader.receive(20s);
      ASSERT_TRUE(frame) << frame.error().text();
      EXPECT_EQ(frame.topic(), "camera.22");
      EXPECT_EQ(frame->dims().size(), 3U);
      const auto bytes = frame->template span<std::uint8_t>();
      EXPECT_EQ(bytes.size(), 105U);
      EXPECT_TRUE(std::ranges::all_of(bytes, [&](std::uint8_t byte) { return byte == count; }));
    }
  }
}

TEST_P(VariablePublication, WhatNoRingTakesIsRefusedBeforeAnybodyHasIt) {
  auto feed = psyne::Publisher<Floats>::open(at(), {.capacity_bytes = 8192, .linger = 1s}).value();
  const std::vector<float> values(2000);
  const auto refused = feed.publish("a", values, 1s);
  EXPECT_EQ(refused.error(), Code::too_large);
  EXPECT_NE(refused.error().text().find("capacity_bytes"), std::string::npos) << refused.error().text();
}

}  // namespace
