#include <psyne/core/config/config.hpp>

#include "seeds.hpp"
#include "transports/sim/lane_run.hpp"

#include <array>
#include <memory>
#include <string>
#include <tuple>
#include <utility>

namespace {

using namespace std::chrono_literals;
using namespace psyne;
using simulated::Simulation;

TEST(SimulatedLanes, DeliverAllInOrderForEverySeed) {
  int deaths = 0, severed = 0;
  std::uint32_t resumed = 0;
  for (std::uint64_t seed = 1; seed <= psyne_test::seeds(1000); ++seed) {
    Simulation run(seed);
    ASSERT_TRUE(run.go()) << "seed " << seed;
    deaths += run.deaths;
    severed += run.severed;
    resumed += run.resumed;
  }
  EXPECT_GT(deaths, 0) << "nobody died: the test tests less than it says";
  EXPECT_GT(severed, 0);
  EXPECT_GT(resumed, 0U);
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

/// Two ends, and a region of the second that the first puts into.
struct Breaking {
  VirtualTime time;
  SimSettings settings;
  std::shared_ptr<const Region> memory = simulated::region(64);
  std::unique_ptr<Link> here, there;
  RemoteRegion remote;

  Breaking() {
    std::tie(here, there) = SimLink::make_pair(settings, time, "sim://breaks").value();
    remote = here->attach(there->expose(*memory, Access::write).value()).value();
  }
  Result<Token> put(char what, std::uint64_t value) {
    const std::array<std::byte, 1> bytes{static_cast<std::byte>(what)};
    const Put put{.local = bytes, .remote = &remote, .offset = 0, .raw = true};
    return here->post(std::span(&put, 1), {.counter = 0, .value = value});
  }
  void break_off() const { static_cast<SimLink&>(*here).break_off(); }
  void pass() {
    while (time.step()) {
    }
  }
};

TEST(SimulatedLinks, OneWhoseConnectionBreaksGoesOnAndSaysHowFarThePeerIs) {
  const auto bell = Bell::make().value(), service_bell = Bell::make().value();
  Breaking run;
  ASSERT_TRUE(run.here->attach_bell(bell.get()) && run.here->attach_service_bell(service_bell.get()));
  ASSERT_TRUE(run.put('a', 1));
  run.pass();
  EXPECT_FALSE(run.here->resumed(0)) << "nothing has happened";
  ASSERT_TRUE(run.put('b', 2));
  ASSERT_TRUE(run.here->post({}, {.counter = 3, .value = 7}));
  run.break_off();
  EXPECT_EQ(run.here->peer_state(), PeerState::alive);
  EXPECT_TRUE(run.here->broken_since() && run.there->broken_since());
  EXPECT_EQ(run.put('c', 3).error(), Code::would_block);
  EXPECT_EQ(run.here->post({}, {.counter = 3, .value = 8}).error(), Code::would_block);
  EXPECT_FALSE(run.here->resumed(0)) << "not yet";
  run.pass();
  EXPECT_FALSE(run.here->broken_since() || run.there->broken_since());
  EXPECT_EQ(bell->sleep(Clock::now()), Sleep::woken);
  EXPECT_EQ(service_bell->sleep(Clock::now()), Sleep::woken);
  EXPECT_EQ(run.there->counter(3), 7U) << "what needs no put is told again by the link";
  EXPECT_EQ(run.there->counter(0), 1U) << "what came with a put is not";
  EXPECT_EQ(run.put('b', 2).error(), Code::would_block) << "who puts is to ask first";
  EXPECT_TRUE(run.here->post({}, {.counter = 3, .value = 8})) << "who does not, need not";
  EXPECT_EQ(run.here->resumed(0), 1U);
  EXPECT_FALSE(run.here->resumed(0)) << "once";
  ASSERT_TRUE(run.put('b', 2));
  run.pass();
  EXPECT_EQ(run.there->counter(0), 2U);
  EXPECT_EQ(run.memory->bytes()[0], std::byte{'b'});
}

TEST(SimulatedLinks, AGoodbyeAndARevocationOutliveTheirConnection) {
  Breaking run;
  const RemoteSpan span = run.there->expose(*run.memory, Access::write).value();
  EXPECT_EQ(run.there->revoke(span).error(), Code::would_block);
  run.break_off();
  run.pass();
  EXPECT_TRUE(run.here->progress());
  run.break_off();
  run.pass();
  EXPECT_TRUE(run.there->revoke(span));
  run.here->close();
  run.break_off();
  run.pass();
  EXPECT_EQ(run.there->peer_state(), PeerState::closed);
}

TEST(SimulatedLinks, ADeathWhileTheConnectionIsBrokenIsOne) {
  Breaking run;
  run.break_off();
  static_cast<SimLink&>(*run.here).die();
  run.pass();
  EXPECT_EQ(run.there->peer_state(), PeerState::lost);
  EXPECT_FALSE(run.there->broken_since());
  EXPECT_FALSE(run.there->resumed(0));
}

/// A link of which only the counter of credit is asked.
struct Credited {
  std::uint64_t credit = 0;
  std::uint64_t counter(std::uint32_t /*index*/) const { return credit; }
  Result<Token> post(std::span<const Put> /*puts*/, const Signal& /*signal*/) { return Token{1}; }
};

TEST(WireNews, OfWhatTheReaderCannotHaveNothingIsToldAgain) {
  Credited link;
  WireNews<Credited> news(link);
  std::uint64_t from = 0;
  const auto put = [&](std::uint64_t begin, std::uint64_t /*end*/, const Signal&) {
    from = begin;
    return true;
  };
  EXPECT_TRUE(news.tell_again(0));
  EXPECT_FALSE(news.tell_again(9)) << "it has not been let in";
  news.begin(8);
  news.carry(1008, put);
  EXPECT_EQ(from, 8U);
  EXPECT_TRUE(news.tell_again(0)) << "nothing has arrived";
  news.carry(1008, put);
  EXPECT_EQ(from, 8U);
  EXPECT_TRUE(news.tell_again(501));
  news.carry(1008, put);
  EXPECT_EQ(from, 500U);
  EXPECT_TRUE(news.tell_again(1009)) << "all has";
  EXPECT_TRUE(news.carried(1008));
  EXPECT_FALSE(news.tell_again(1010)) << "more than was sent";
  EXPECT_FALSE(news.tell_again(~std::uint64_t{0}));
  link.credit = 601;
  EXPECT_TRUE(news.tell_again(601));
  EXPECT_FALSE(news.tell_again(600)) << "it gave that back";
  EXPECT_FALSE(news.tell_again(0));
}

TEST(SimulatedLinks, OptionsAreReadAndNonsenseIsRefused) {
  SimSettings::know_options();
  const auto read = [](const std::string& query) {
    return SimSettings::read(Config::process().with(Uri::parse("sim://options" + query).value()).value());
  };
  const auto settings = read(
                            "?seed=7&delay=2us..3ms&queue=5&cut=0.5&longest_cut=4ms&break=0.75&death=0.25&sever=0.125&"
                            "unreachable_after=2s")
                            .value();
  EXPECT_EQ(settings.seed, 7U);
  EXPECT_EQ(settings.shortest, 2us);
  EXPECT_EQ(settings.longest, 3ms);
  EXPECT_EQ(settings.queue, 5U);
  EXPECT_EQ(settings.cuts, 0.5);
  EXPECT_EQ(settings.longest_cut, 4ms);
  EXPECT_EQ(settings.breaks, 0.75);
  EXPECT_EQ(settings.death, 0.25);
  EXPECT_EQ(settings.severs, 0.125);
  EXPECT_EQ(settings.unreachable_after, 2s);
  EXPECT_EQ(read("?delay=9us").value().longest, 9us);
  for (const char* wrong : {"?delay=3us..1us", "?delay=1us..2h", "?delay=soon", "?queue=0", "?cut=1.5", "?break=-1",
                            "?death=-1", "?sever=2"}) {
    const auto refused = read(wrong);
    ASSERT_FALSE(refused) << wrong;
    EXPECT_EQ(refused.error(), Code::invalid_argument) << wrong;
  }
}

}  // namespace
