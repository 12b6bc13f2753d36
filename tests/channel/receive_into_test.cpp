#include "schemes.hpp"

#include <cstring>
#include <numeric>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::ByteVector;
using psyne::Code;
using psyne::FloatVector;
using psyne::Receiver;
using psyne::Sender;
using psyne_test::OverEveryScheme;

struct Padded {
  std::uint8_t small;
  std::uint64_t large;
};
template <class T, class Element>
concept SendsSpans = requires(Sender<T> sender, std::span<const Element> values) { sender.send(values); };
static_assert(SendsSpans<FloatVector, float>);
static_assert(!SendsSpans<psyne::Batch<Padded>, Padded>, "a copy of its values as they are would carry padding along");

class ReceiveInto : public OverEveryScheme {};
INSTANTIATE_TEST_SUITE_P(Schemes, ReceiveInto, testing::ValuesIn(psyne_test::schemes), psyne_test::scheme_name);

TEST_P(ReceiveInto, CopiesTheMessageAndSaysHowManyElementsItHas) {
  const std::string name = uri();
  auto sender = Sender<FloatVector>::open(name).value();
  auto receiver = Receiver<FloatVector>::open(to(name)).value();
  std::vector<float> sent(30'000);
  std::iota(sent.begin(), sent.end(), 1.0F);
  sender.send(sent).value();
  sender.send(std::span(sent).first(3)).value();
  sender.send(std::span<const float>()).value();
  std::vector<float> got(40'000);
  EXPECT_EQ(receiver.receive_into(std::span(got), 30s).value(), 30'000U);
  EXPECT_TRUE(std::equal(sent.begin(), sent.end(), got.begin()));
  EXPECT_EQ(got[30'000], 0.0F);
  EXPECT_EQ(receiver.receive_into(std::span(got), 30s).value(), 3U);
  EXPECT_EQ(receiver.receive_into(std::span(got), 30s).value(), 0U);
  EXPECT_EQ(receiver.counters().messages, 3U);
  EXPECT_EQ(receiver.counters().bytes, 30'003 * sizeof(float));
}

TEST_P(ReceiveInto, ReturnsWhereTheReceiverHasNoPatience) {
  const std::string name = uri();
  auto sender = Sender<FloatVector>::open(name).value();
  auto receiver = Receiver<FloatVector>::open(to(name), {.patience = psyne::no_patience}).value();
  const std::vector<float> sent(100, 1.5F);
  sender.send(sent).value();
  std::vector<float> got(100);
  EXPECT_EQ(receiver.receive_into(std::span(got), 30s).value(), 100U);
  EXPECT_EQ(got, sent);
}

TEST_P(ReceiveInto, AMessageThatDoesNotFitWaitsForALargerBuffer) {
  const std::string name = uri();
  auto sender = Sender<FloatVector>::open(name).value();
  auto receiver = Receiver<FloatVector>::open(to(name)).value();
  for (const std::size_t count : {10, 100'000}) {
    const std::vector<float> sent(count, 2.5F);
    sender.send(sent).value();
    std::vector<float> got(count - 1);
    for (int attempt = 0; attempt < 3; ++attempt) {
      const auto refused = receiver.receive_into(std::span(got), 30s);
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error(), Code::too_large);
      EXPECT_NE(refused.error().text().find(std::to_string(count) + " elements"), std::string::npos)
          << refused.error().text();
    }
    got.resize(count);
    EXPECT_EQ(receiver.receive_into(std::span(got), 30s).value(), count);
    EXPECT_EQ(got, sent);
  }
}

TEST_P(ReceiveInto, TimesOutStopsAndEndsLikeReceive) {
  const std::string name = uri();
  auto sender = Sender<ByteVector>::open(name).value();
  auto receiver = Receiver<ByteVector>::open(to(name)).value();
  std::vector<std::byte> buffer(100);
  EXPECT_EQ(receiver.receive_into(std::span(buffer), 20ms).error(), Code::timed_out);
  psyne::StopSource stop;
  stop.request_stop();
  EXPECT_EQ(receiver.receive_into(std::span(buffer), stop.token()).error(), Code::stopped);
  sender.send(std::span<const std::byte>(buffer)).value();
  std::thread closing([&] { EXPECT_TRUE(sender.close(30s)); });
  EXPECT_EQ(receiver.receive_into(std::span(buffer), 30s).value(), 100U);
  EXPECT_EQ(receiver.receive_into(std::span(buffer), 30s).error(), Code::closed);
  closing.join();
}

// Long messages of two senders, followed while they are copied in: never a byte of one in another.
TEST_P(ReceiveInto, FollowsLongMessagesOfSeveralSendersWithoutMixingThem) {
  const std::string name = uri();
  constexpr std::uint32_t messages = 300;
  const auto size_of = [](std::uint32_t message) { return std::size_t{5'000} + message % 17 * 11'000; };
  auto receiver = Receiver<psyne::Vector<std::uint32_t>>::open(name).value();
  std::vector<std::thread> senders;
  for (std::uint32_t which = 0; which < 2; ++which) {
    senders.emplace_back([&, which] {
      auto sender = Sender<psyne::Vector<std::uint32_t>>::open(to(name), {.capacity_bytes = 2 * psyne::MiB}).value();
      for (std::uint32_t message = 0; message < messages; ++message) {
        const std::vector<std::uint32_t> payload(size_of(message), which << 16 | message);
        auto sent = sender.send(payload, 30s);
        if (!sent) return static_cast<void>(ADD_FAILURE() << sent.error().text());
      }
      EXPECT_TRUE(sender.close(30s));
    });
  }
  std::vector<std::uint32_t> next(2), buffer(400'000);
  for (std::uint32_t i = 0; i < 2 * messages; ++i) {
    const auto count = receiver.receive_into(std::span(buffer), 30s);
    ASSERT_TRUE(count) << count.error().text();
    const std::uint32_t which = buffer[0] >> 16;
    ASSERT_LT(which, 2U);
    ASSERT_EQ(*count, size_of(next[which]));
    const std::uint32_t expected = which << 16 | next[which]++;
    for (std::size_t at = 0; at < *count; ++at) ASSERT_EQ(buffer[at], expected) << "element " << at;
  }
  for (std::thread& sender : senders) sender.join();
}

}  // namespace
