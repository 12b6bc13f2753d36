// A sender that changes a message after it was received: what was checked is what is seen.
#include "schemes.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Message;
using psyne::Receiver;
using psyne::Sender;
using psyne_test::OverEveryScheme;
using psyne_test::Tick;

enum class Side : std::uint8_t { buy = 1, sell = 2 };
constexpr bool psyne_valid(Side side) { return side == Side::buy || side == Side::sell; }

struct Order {
  std::uint32_t symbol;
  bool hidden;
  Side side;
};
struct LongOrder {
  Order order;
  std::uint64_t quantities[8];
};
static_assert(Message<Order>::needs_check && Message<LongOrder>::needs_check && !Message<Tick>::needs_check);

// Sends values and keeps the addresses where they lie.
template <class T>
std::byte* send(Sender<T>& sender, const T& value) {
  auto draft = sender.reserve();
  *draft = value;
  auto* place = reinterpret_cast<std::byte*>(&*draft);
  draft.commit().value();
  return place;
}

template <class T>
std::uint8_t byte_of(const T& value, std::size_t offset) {
  std::uint8_t byte = 0;
  std::memcpy(&byte, reinterpret_cast<const std::byte*>(&value) + offset, 1);
  return byte;
}

class HostileValue : public OverEveryScheme {};
INSTANTIATE_TEST_SUITE_P(Mapped, HostileValue, testing::Values("memory", "ipc"), psyne_test::scheme_name);

TEST_P(HostileValue, IsSeenAsItWasChecked) {
  const std::string name = uri();
  auto sender = Sender<Order>::open(name, {.linger = 0s}).value();
  auto receiver = Receiver<Order>::open(name).value();
  std::byte* place = send(sender, Order{7, true, Side::sell});
  auto order = receiver.receive(10s);
  ASSERT_TRUE(order) << order.error().text();
  std::memset(place, 0xff, sizeof(Order));
  EXPECT_EQ(byte_of(*order, offsetof(Order, hidden)), 1);
  EXPECT_EQ(byte_of(*order, offsetof(Order, side)), 2);
  EXPECT_EQ(order->symbol, 7U);
  const auto moved = std::move(order);
  EXPECT_EQ(byte_of(*moved, offsetof(Order, side)), 2);
}

TEST_P(HostileValue, IsSeenAsItWasCheckedInBatchesAndLoops) {
  const std::string name = uri();
  auto sender = Sender<LongOrder>::open(name, {.linger = 0s}).value();
  auto receiver = Receiver<LongOrder>::open(name).value();
  std::byte* places[2];
  for (auto*& place : places) place = send(sender, LongOrder{{1, false, Side::buy}, {1, 2, 3, 4, 5, 6, 7, 8}});
  {
    const auto batch = receiver.receive_batch(2, 10s);
    ASSERT_TRUE(batch);
    for (std::byte* place : places) std::memset(place, 0xff, sizeof(LongOrder));
    for (const LongOrder& each : batch) {
      EXPECT_EQ(byte_of(each, offsetof(Order, hidden)), 0);
      EXPECT_EQ(each.quantities[7], 8U);
    }
  }
  std::byte* place = send(sender, LongOrder{{2, true, Side::sell}, {}});
  for (const LongOrder& each : receiver) {
    std::memset(place, 0xff, sizeof(LongOrder));
    EXPECT_EQ(byte_of(each, offsetof(Order, hidden)), 1);
    break;
  }
}

TEST_P(HostileValue, ThatIsNoneIsRefusedAndTheNextIsTaken) {
  const std::string name = uri();
  auto sender = Sender<Order>::open(name, {.linger = 0s}).value();
  auto receiver = Receiver<Order>::open(name).value();
  std::memset(send(sender, Order{1, true, Side::buy}), 0x7f, sizeof(Order));
  send(sender, Order{2, true, Side::buy});
  EXPECT_EQ(receiver.receive(10s).error(), Code::corrupted);
  EXPECT_EQ(receiver.receive(10s)->symbol, 2U);
}

TEST_P(HostileValue, IsSeenWhereItLiesWhenAllBytesAreValues) {
  const std::string name = uri();
  auto sender = Sender<Tick>::open(name, {.linger = 0s}).value();
  auto receiver = Receiver<Tick>::open(name).value();
  const std::byte* place = send(sender, Tick{1, 2.5});
  const auto tick = receiver.receive(10s);
  ASSERT_TRUE(tick);
  if (std::string(GetParam()) == "memory") {
    EXPECT_EQ(reinterpret_cast<const std::byte*>(&*tick), place);
  }
  EXPECT_EQ(tick->price, 2.5);
}

}  // namespace
