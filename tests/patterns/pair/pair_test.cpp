// Two ends that talk to each other and to nobody else.
#include <psyne/patterns/pair/pair.hpp>

#include "channel/process.hpp"
#include "channel/schemes.hpp"
#include "eventually.hpp"

#include <array>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Pair;
using psyne::pair_ends;
using psyne_test::Tick;

class Pairs : public psyne_test::OverEveryScheme {};
INSTANTIATE_TEST_SUITE_P(Schemes, Pairs, testing::ValuesIn(psyne_test::pattern_schemes), psyne_test::scheme_name);

TEST(PairEnds, TheFirstThatIsFreeIsTaken) {
  const auto ends = pair_ends("ipc://talk", true).value();
  ASSERT_EQ(ends.size(), 2U);
  EXPECT_EQ(ends[0].in, ends[1].out);
  EXPECT_EQ(ends[0].out, ends[1].in);
  EXPECT_NE(ends[0].in, ends[0].out);
}

TEST(PairEnds, OverTcpTheUriSaysWhichEnd) {
  const auto listens = pair_ends("tcp://*:5555", true).value();
  const auto connects = pair_ends("tcp://host:5555", true).value();
  ASSERT_EQ(listens.size(), 1U);
  ASSERT_EQ(connects.size(), 1U);
  EXPECT_EQ(listens[0].in, "tcp://*:5555/first");
  EXPECT_EQ(pair_ends("unix://*/run/talk", true).value().at(0).in, "unix://*/run/talk//first");
  EXPECT_EQ(connects[0].out, "tcp://host:5555/first");
}

TEST_P(Pairs, BothWaysInOrder) {
  const std::string name = uri();
  auto one = Pair<Tick>::open(name).value();
  auto other = Pair<Tick>::open(to(name)).value();
  std::thread echoing([&] {
    for (std::uint64_t i = 0; i < 500; ++i) {
      auto tick = other.receive(10s);
      ASSERT_TRUE(tick) << tick.error().text();
      EXPECT_EQ(tick->number, i);
      EXPECT_TRUE(other.send({tick->number, 2 * tick->price}, 10s));
    }
  });
  for (std::uint64_t i = 0; i < 500; ++i) one.send({i, static_cast<double>(i)}, 10s).value();
  for (std::uint64_t i = 0; i < 500; ++i) {
    auto tick = one.receive(10s);
    ASSERT_TRUE(tick) << tick.error().text();
    EXPECT_EQ(tick->number, i);
    EXPECT_EQ(tick->price, 2.0 * static_cast<double>(i));
  }
  echoing.join();
}

TEST_P(Pairs, AThirdIsRefused) {
  const std::string name = uri();
  auto one = Pair<Tick>::open(name).value();
  std::optional<Pair<Tick>> other(Pair<Tick>::open(to(name)).value());
  EXPECT_EQ(Pair<Tick>::open(name).error(), Code::in_use);
  other.reset();
  EXPECT_TRUE(psyne_test::eventually([&] { return Pair<Tick>::open(to(name), {.linger = 0s}).has_value(); }));
}

TEST_P(Pairs, TheOthersEndIsTold) {
  const std::string name = uri();
  auto one = Pair<Tick>::open(name, {.linger = 0s}).value();
  std::optional<Pair<Tick>> other(Pair<Tick>::open(to(name)).value());
  other->send({1, 0}, 10s).value();
  EXPECT_EQ(one.receive(10s)->number, 1U);
  other.reset();
  EXPECT_EQ(one.receive(10s).error(), Code::closed);
}

TEST_P(Pairs, VectorsAreMessagesToo) {
  const std::string name = uri();
  auto one = Pair<psyne::ByteVector>::open(name).value();
  auto other = Pair<psyne::ByteVector>::open(to(name)).value();
  one.send(std::vector<std::byte>(100, std::byte{3}), 10s).value();
  EXPECT_EQ(other.receive(10s)->size(), 100U);
}

TEST(PairOverProcesses, AKilledEndIsToldAndMayBeOpenedAnew) {
  const std::string name = psyne_test::fresh_uri();
  auto one = Pair<Tick>::open(name, {.linger = 0s, .wait_for_peer = true}).value();
  for (int round = 0; round < 2; ++round) {
    psyne_test::Process victim([&]() -> int {
      auto other = Pair<Tick>::open(name).value();
      other.send({1, 0}).value();
      psyne_test::wait_to_be_killed();
    });
    auto tick = one.receive(10s);
    ASSERT_TRUE(tick) << tick.error().text();
    victim.kill();
    EXPECT_EQ(one.receive(10s).error(), Code::peer_lost);
  }
}

}  // namespace
