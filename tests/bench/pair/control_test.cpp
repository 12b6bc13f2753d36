#include "pair/control.hpp"

#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <thread>

namespace psyne::bench {
namespace {

TEST(Control, WordsAndBytesArriveInOrder) {
  auto [one, other] = Control::pair();
  one.send(7);
  one.send_bytes("psyne", 6);
  one.send(~std::uint64_t{0});
  EXPECT_EQ(other.receive(), 7u);
  std::array<char, 6> bytes{};
  other.receive_bytes(bytes.data(), bytes.size());
  EXPECT_STREQ(bytes.data(), "psyne");
  EXPECT_EQ(other.receive(), ~std::uint64_t{0});
}

TEST(Control, TheEndIsSeen) {
  auto [one, other] = Control::pair();
  one.send(1);
  { const Control closed(std::move(one)); }
  EXPECT_EQ(other.receive_or_end(), 1u);
  EXPECT_EQ(other.receive_or_end(), std::nullopt);
  EXPECT_THROW(other.receive(), std::runtime_error);
}

TEST(Control, SendingToSomebodyGoneIsAnErrorAndNoSignal) {
  auto [one, other] = Control::pair();
  { const Control closed(std::move(other)); }
  EXPECT_THROW(one.send(1), std::runtime_error);
}

TEST(Control, TwoThatALauncherStartedMeetByName) {
  const std::string name = "psyne-bench-control-test-" + std::to_string(::getpid());
  std::uint64_t seen = 0;
  std::thread follower([&] {
    Control control = Control::meet(Side::follower, name);
    seen = control.receive();
    control.send(seen + 1);
  });
  Control control = Control::meet(Side::leader, name);
  control.send(41);
  EXPECT_EQ(control.receive(), 42u);
  follower.join();
  EXPECT_EQ(seen, 41u);
}

}  // namespace
}  // namespace psyne::bench
