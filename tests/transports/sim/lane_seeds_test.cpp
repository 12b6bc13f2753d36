#include <psyne/core/config/config.hpp>

#include "seeds.hpp"
#include "transports/sim/lane_run.hpp"

#include <string>
#include <utility>

namespace {

using namespace std::chrono_literals;
using namespace psyne;
using simulated::Simulation;

TEST(SimulatedLanes, DeliverAllInOrderForEverySeed) {
  int deaths = 0, severed = 0;
  for (std::uint64_t seed = 1; seed <= psyne_test::seeds(1000); ++seed) {
    Simulation run(seed);
    ASSERT_TRUE(run.go()) << "seed " << seed;
    deaths += run.deaths;
    severed += run.severed;
  }
  EXPECT_GT(deaths, 0) << "nobody died: the test tests less than it says";
  EXPECT_GT(severed, 0);
}

TEST(SimulatedLanes, ASeedIsTheSameRunEachTime) {
  std::uint64_t last = 0;
  for (std::uint64_t seed = 1; seed <= psyne_test::seeds(100); ++seed) {
    Simulation first(seed), second(seed);
    ASSERT_TRUE(first.go() && second.go()) << "seed " << seed;
    EXPECT_EQ(first.trace.hash(), second.trace.hash()) << "seed " << seed;
    EXPECT_EQ(first.time.now(), second.time.now()) << "seed " << seed;
    EXPECT_NE(std::exchange(last, first.trace.hash()), first.trace.hash()) << "another seed is another run";
  }
}

TEST(SimulatedLinks, AFullQueueRefusesAndRoomComesWithTime) {
  VirtualTime time;
  SimSettings settings;
  settings.queue = 2;
  auto [one, other] = SimLink::make_pair(settings, time, "sim://full").value();
  ASSERT_TRUE(one->post({}, {.counter = 0, .value = 1}) && one->post({}, {.counter = 0, .value = 2}));
  EXPECT_EQ(one->post({}, {.counter = 0, .value = 3}).error(), Code::would_block);
  EXPECT_EQ(other->counter(0), 0U) << "nothing arrives while no time passes";
  ASSERT_TRUE(time.step());
  EXPECT_GE(other->counter(0), 1U);
  EXPECT_TRUE(one->post({}, {.counter = 0, .value = 3}));
}

TEST(SimulatedLinks, ADeathIsSeenByBothAndNothingArrivesAfterIt) {
  VirtualTime time;
  auto [one, other] = SimLink::make_pair({}, time, "sim://dies").value();
  ASSERT_TRUE(one->post({}, {.counter = 0, .value = 1}));
  static_cast<SimLink&>(*one).die();
  EXPECT_EQ(other->peer_state(), PeerState::lost);
  EXPECT_EQ(other->post({}, {}).error(), Code::peer_lost);
  while (time.step()) {
  }
  EXPECT_EQ(other->counter(0), 0U);
}

TEST(SimulatedLinks, OneThatIsSeveredIsUnreachableForBothAfterAWhile) {
  VirtualTime time;
  SimSettings settings;
  auto [one, other] = SimLink::make_pair(settings, time, "sim://whole").value();
  settings.severs = 1;
  auto [here, there] = SimLink::make_pair(settings, time, "sim://severed").value();
  const Deadline cut = time.now();
  ASSERT_TRUE(one->post({}, {.counter = 0, .value = 1}) && here->post({}, {.counter = 0, .value = 1}));
  while (here->peer_state() == PeerState::alive) {
    ASSERT_EQ(there->peer_state(), PeerState::alive);
    ASSERT_TRUE(time.step());
  }
  EXPECT_EQ(time.now(), cut + settings.unreachable_after);
  EXPECT_EQ(here->peer_state(), PeerState::unreachable);
  EXPECT_EQ(there->peer_state(), PeerState::unreachable);
  EXPECT_EQ(there->post({}, {}).error(), Code::peer_unreachable);
  EXPECT_EQ(there->counter(0), 0U) << "nothing passes";
  EXPECT_EQ(other->counter(0), 1U) << "but elsewhere";
}

TEST(SimulatedLinks, OptionsAreReadAndNonsenseIsRefused) {
  SimSettings::know_options();
  const auto read = [](const std::string& query) {
    return SimSettings::read(Config::process().with(Uri::parse("sim://options" + query).value()).value());
  };
  const auto settings =
      read("?seed=7&delay=2us..3ms&queue=5&cut=0.5&longest_cut=4ms&death=0.25&sever=0.125&unreachable_after=2s")
          .value();
  EXPECT_EQ(settings.seed, 7U);
  EXPECT_EQ(settings.shortest, 2us);
  EXPECT_EQ(settings.longest, 3ms);
  EXPECT_EQ(settings.queue, 5U);
  EXPECT_EQ(settings.cuts, 0.5);
  EXPECT_EQ(settings.longest_cut, 4ms);
  EXPECT_EQ(settings.death, 0.25);
  EXPECT_EQ(settings.severs, 0.125);
  EXPECT_EQ(settings.unreachable_after, 2s);
  EXPECT_EQ(read("?delay=9us").value().longest, 9us);
  for (const char* wrong :
       {"?delay=3us..1us", "?delay=1us..2h", "?delay=soon", "?queue=0", "?cut=1.5", "?death=-1", "?sever=2"}) {
    const auto refused = read(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error(), Code::invalid_argument) << wrong;
  }
}

}  // namespace
