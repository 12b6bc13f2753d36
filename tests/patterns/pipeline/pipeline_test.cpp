// Work that is handed out: each piece to one puller, none lost, none twice.
#include <psyne/patterns/pipeline/puller.hpp>
#include <psyne/patterns/pipeline/pusher.hpp>

#include "channel/process.hpp"
#include "channel/schemes.hpp"
#include "eventually.hpp"

#include <array>
#include <atomic>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Puller;
using psyne::Pusher;
using psyne_test::eventually;
using psyne_test::Tick;

class Pipeline : public psyne_test::OverEveryScheme {};
INSTANTIATE_TEST_SUITE_P(Schemes, Pipeline, testing::ValuesIn(psyne_test::pattern_schemes), psyne_test::scheme_name);

TEST_P(Pipeline, EachPieceOfWorkGoesToOnePuller) {
  const std::string name = uri();
  std::vector<Pusher<Tick>> pushers;
  std::vector<Puller<Tick>> pullers;
  for (int i = 0; i < 3; ++i) pullers.push_back(Puller<Tick>::open(to(name)).value());
  const std::size_t many = listens() ? 1 : 2;  // of each side one end may listen
  for (std::size_t i = 0; i < many; ++i) pushers.push_back(Pusher<Tick>::open(name, {.capacity_bytes = 4096}).value());
  for (Pusher<Tick>& pusher : pushers) ASSERT_TRUE(eventually([&] { return pusher.pullers() == 3; }));
  std::mutex mutex;
  std::multiset<std::uint64_t> done;
  std::vector<std::thread> working;
  std::atomic<int> idle{0};
  for (Puller<Tick>& puller : pullers) {
    working.emplace_back([&] {
      std::size_t taken = 0;
      for (const Tick& tick : puller) {
        ++taken;
        const std::lock_guard lock(mutex);
        done.insert(tick.number);
      }
      if (taken == 0) ++idle;
    });
  }
  for (std::uint64_t i = 0; i < 1000; ++i) pushers[i % many].send({i, 0}, 20s).value();
  for (Pusher<Tick>& pusher : pushers) EXPECT_TRUE(pusher.close(20s));
  for (std::thread& thread : working) thread.join();
  EXPECT_EQ(done.size(), 1000U);
  EXPECT_EQ(std::set(done.begin(), done.end()).size(), 1000U);
  EXPECT_EQ(idle, 0);
}

TEST_P(Pipeline, APullerTakesFromAllPushersInTurn) {
  const std::string name = uri();
  auto loud = Pusher<Tick>::open(to(name), {.linger = 0s}).value();
  auto quiet = Pusher<Tick>::open(to(name), {.linger = 0s}).value();
  auto puller = Puller<Tick>::open(name).value();
  ASSERT_TRUE(eventually([&] {
    EXPECT_EQ(puller.try_receive().error(), Code::would_block);
    return puller.pushers() == 2;
  }));
  for (std::uint64_t i = 0; i < 1000; ++i) loud.send({i, 0}).value();
  quiet.send({5000, 0}).value();
  const auto give_up = psyne::Clock::now() + 60s;
  std::size_t before = 0;
  for (bool found = false; !found; ++before) {
    ASSERT_LT(psyne::Clock::now(), give_up) << "the quiet one waits for the loud one";
    auto tick = puller.receive(10s);
    ASSERT_TRUE(tick) << tick.error().text();
    found = tick->number == 5000;
    if (!maps()) static_cast<void>(loud.try_send({0, 0}));  // over a wire nobody knows when the quiet one's is across
  }
  if (maps()) {
    EXPECT_LT(before, 500U) << "the quiet one waited for all of the loud one";
  }
}

TEST_P(Pipeline, WhatAPullerLeftGoesToTheOthers) {
  const std::string name = uri();
  auto pusher = Pusher<Tick>::open(name, {.capacity_bytes = 4096}).value();
  std::optional<Puller<Tick>> leaver(Puller<Tick>::open(to(name), {.wait_for_senders = true}).value());
  auto stayer = Puller<Tick>::open(to(name), {.wait_for_senders = true}).value();
  ASSERT_TRUE(eventually([&] { return pusher.pullers() == 2; }));
  for (std::uint64_t i = 0; i < 20; ++i) pusher.send({i, 0}, 10s).value();
  leaver.reset();
  ASSERT_TRUE(eventually([&] { return pusher.pullers() == 1; }));
  // It is handed over by the next call after the pusher was rung for the leaver's end, which may come after that is
  // seen.
  std::uint64_t pushed = 20;
  std::set<std::uint64_t> done;
  for (pusher.send({pushed++, 0}, 10s).value(); done.size() < pushed;) {
    auto tick = stayer.receive(200ms);
    if (!tick) {
      ASSERT_EQ(tick.error(), psyne::Code::timed_out) << tick.error().text();
      ASSERT_LT(pushed, 100U) << done.size() << " came";
      pusher.send({pushed++, 0}, 10s).value();
      continue;
    }
    EXPECT_TRUE(done.insert(tick->number).second);
  }
}

TEST_P(Pipeline, TheDeliveryIsNotTheProgramsChoice) {
  EXPECT_EQ(Pusher<Tick>::open(uri("?delivery=all")).error(), Code::invalid_argument);
  EXPECT_EQ(Puller<Tick>::open(uri("?delivery=all")).error(), Code::invalid_argument);
}

TEST(PipelineOverProcesses, WhatAKilledPullerHadIsDoneByOthers) {
  const std::string name = psyne_test::fresh_uri();
  auto pusher = Pusher<Tick>::open(name, {.capacity_bytes = 4096}).value();
  psyne_test::Process victim([&]() -> int {
    auto puller = Puller<Tick>::open(name).value();
    psyne_test::wait_to_be_killed();
  });
  ASSERT_TRUE(pusher.wait_for_puller(10s));
  auto stayer = Puller<Tick>::open(name, {.wait_for_senders = true}).value();
  ASSERT_TRUE(eventually([&] { return pusher.pullers() == 2; }));
  for (std::uint64_t i = 0; i < 20; ++i) pusher.send({i, 0}, 10s).value();
  victim.kill();
  ASSERT_TRUE(eventually([&] { return pusher.pullers() == 1; }));
  pusher.send({20, 0}, 10s).value();
  std::set<std::uint64_t> done;
  while (done.size() < 21) {
    auto tick = stayer.receive(10s);
    ASSERT_TRUE(tick) << tick.error().text();
    done.insert(tick->number);
  }
}

}  // namespace
