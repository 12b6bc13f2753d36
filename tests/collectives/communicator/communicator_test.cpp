// What a program sees of a communicator: its typed calls, its errors, and whom they name.
#include <psyne/core/stop/stop_source.hpp>

#include "collectives/communicator/ranks.hpp"

#include <gtest/gtest.h>

#include <array>
#include <chrono>
#include <complex>
#include <cstring>
#include <ctime>
#include <latch>
#include <numeric>
#include <random>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using collectives_test::with_ranks;
using psyne::Code;
using psyne::Communicator;
using psyne::CommunicatorOptions;
using psyne::Op;
using psyne::Rank;

class CommunicatorOver : public testing::TestWithParam<std::string> {
 protected:
  static void ranks(Rank size, const std::function<void(Communicator&)>& body) {
    with_ranks(size, body, [](CommunicatorOptions& options) { options.transports = {GetParam()}; });
  }
};

TEST_P(CommunicatorOver, TypedCallsGiveWhatTheySay) {
  ranks(3, [](Communicator& world) {
    const Rank rank = world.rank();
    const std::vector<float> mine{static_cast<float>(rank), 10};
    std::vector<float> out(2);
    ASSERT_TRUE(world.all_reduce(mine, out, Op::sum));
    EXPECT_EQ(out, (std::vector<float>{3, 30}));
    ASSERT_TRUE(world.all_reduce(out, Op::average));
    EXPECT_EQ(out, (std::vector<float>{3, 30}));
    std::array<std::int32_t, 1> extreme{rank};
    ASSERT_TRUE(world.all_reduce(extreme, Op::max));
    EXPECT_EQ(extreme[0], 2);

    std::vector<float> at_root(rank == 1 ? 2 : 0);
    ASSERT_TRUE(world.reduce(mine, at_root, Op::product, 1));
    EXPECT_EQ(at_root, rank == 1 ? (std::vector<float>{0, 1000}) : std::vector<float>());

    std::vector<float> all(6);
    ASSERT_TRUE(world.all_gather(mine, all));
    EXPECT_EQ(all, (std::vector<float>{0, 10, 1, 10, 2, 10}));
    ASSERT_TRUE(world.reduce_scatter(all, out, Op::sum));
    EXPECT_EQ(out, (std::vector<float>{3.0F * static_cast<float>(rank), 30}));

    std::array<double, 2> told{rank == 2 ? 7.0 : 0.0, rank == 2 ? 8.0 : 0.0};
    ASSERT_TRUE(world.broadcast(told, 2));
    EXPECT_EQ(told, (std::array<double, 2>{7, 8}));

    std::vector<float> gathered(rank == 0 ? 6 : 0);
    ASSERT_TRUE(world.gather(mine, gathered, 0));
    EXPECT_EQ(gathered, rank == 0 ? all : std::vector<float>());
    ASSERT_TRUE(world.scatter(gathered, out, 0));
    EXPECT_EQ(out, mine);

    std::vector<std::int64_t> each{rank * 3, rank * 3 + 1, rank * 3 + 2}, from_each(3);
    ASSERT_TRUE(world.all_to_all(each, from_each));
    EXPECT_EQ(from_each, (std::vector<std::int64_t>{rank, rank + 3, rank + 6}));

    std::vector<std::int64_t> prefix(3);
    ASSERT_TRUE(world.scan(each, prefix, Op::sum));
    ASSERT_TRUE(world.exclusive_scan(each, from_each, Op::sum));
    EXPECT_EQ(prefix[0], each[0] + (rank > 0 ? from_each[0] : 0));
    ASSERT_TRUE(world.barrier());
  });
}

TEST_P(CommunicatorOver, OneThatSleepsIsWoken) {
  ranks(2, [](Communicator& world) {
    for (int time = 0; time < 3; ++time) {
      if (world.rank() == time % 2) std::this_thread::sleep_for(400ms);
      std::vector<int> one{1};
      timespec before{}, after{};
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
      ASSERT_TRUE(world.all_reduce(one, Op::sum));
      clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
      EXPECT_EQ(one[0], 2);
      const auto used =
          std::chrono::seconds(after.tv_sec - before.tv_sec) + std::chrono::nanoseconds(after.tv_nsec - before.tv_nsec);
      EXPECT_LT(used, 300ms) << "it did not sleep";
    }
  });
}

TEST_P(CommunicatorOver, WhoHasNotEnteredIsNamed) {
  std::latch named(1);
  ranks(3, [&](Communicator& world) {
    if (world.rank() == 1) return named.wait();  // stays away until another has had its error
    const auto done = world.barrier(world.rank() == 0 ? 50ms : 60s);
    ASSERT_FALSE(done);
    if (world.rank() != 0) return;
    EXPECT_EQ(done.error(), Code::timed_out) << done.error().text();
    EXPECT_NE(done.error().text().find("barrier"), std::string::npos) << done.error().text();
    EXPECT_NE(done.error().text().find("rank 1 (host "), std::string::npos) << done.error().text();
    const auto later = world.barrier();
    ASSERT_FALSE(later);
    EXPECT_EQ(later.error().text(), done.error().text());
    named.count_down();
  });
}

TEST_P(CommunicatorOver, WhoHasClosedIsNamed) {
  ranks(2, [](Communicator& world) {
    if (world.rank() == 1) return;
    const auto done = world.barrier(60s);
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error(), Code::closed) << done.error().text();
    EXPECT_TRUE(done.error().peer().starts_with("rank 1 (host ")) << done.error().text();
  });
}

TEST_P(CommunicatorOver, AStopEndsAWait) {
  psyne::StopSource source;
  ranks(2, [&](Communicator& world) {
    if (world.rank() == 1) {
      std::this_thread::sleep_for(100ms);
      source.request_stop();
      return;
    }
    const auto done = world.barrier(source.token());
    ASSERT_FALSE(done);
    EXPECT_TRUE(done.error() == Code::stopped || done.error() == Code::closed) << done.error().text();
  });
}

TEST_P(CommunicatorOver, WrongArgumentsHarmNobody) {
  ranks(2, [](Communicator& world) {
    std::vector<float> three(3), four(4);
    const auto sizes = world.all_reduce(three, four, Op::sum);
    ASSERT_FALSE(sizes);
    EXPECT_EQ(sizes.error(), Code::invalid_argument);
    EXPECT_EQ(world.all_reduce(three, Op::bit_and).error(), Code::invalid_argument);
    EXPECT_EQ(world.broadcast(three, 2).error(), Code::invalid_argument);
    EXPECT_EQ(world.broadcast(three, -1).error(), Code::invalid_argument);
    EXPECT_EQ(world.scan(three, three, Op::average).error(), Code::invalid_argument);
    std::vector<std::complex<float>> complex(1);
    EXPECT_EQ(world.all_reduce(complex, Op::max).error(), Code::invalid_argument);
    ASSERT_TRUE(world.all_reduce(three, Op::sum));
  });
}

// Floats whose sum depends on the order in which they are added.
std::vector<float> uneven(Rank rank, std::size_t count) {
  std::mt19937 random(static_cast<unsigned>(rank) + 1);
  std::uniform_real_distribution<float> exponent(-20, 20);
  std::vector<float> values(count);
  for (float& value : values) value = std::exp2(exponent(random)) * (random() % 2 == 0 ? 1.0F : -1.0F);
  return values;
}

TEST(CommunicatorDeterministic, GivesTheSameBitsByEachCanonicalAlgorithmOverEachTransport) {
  constexpr Rank size = 5;
  constexpr std::size_t count = 3001;
  std::vector<float> reference(count);
  for (std::size_t index = 0; index < count; ++index) {
    for (Rank rank = 0; rank < size; ++rank) {
      static std::vector<std::vector<float>> all = [] {
        std::vector<std::vector<float>> made;
        for (Rank each = 0; each < size; ++each) made.push_back(uneven(each, count));
        return made;
      }();
      const float value = all[static_cast<std::size_t>(rank)][index];
      reference[index] = rank == 0 ? value : reference[index] + value;
    }
  }
  for (const char* transport : {"memory", "ipc", "tcp"}) {
    with_ranks(
        size,
        [&](Communicator& world) {
          const std::vector<float> mine = uneven(world.rank(), count);
          std::vector<float> out(count);
          ASSERT_TRUE(world.all_reduce(mine, out, Op::sum));
          EXPECT_EQ(std::memcmp(out.data(), reference.data(), count * sizeof(float)), 0) << transport;
        },
        [&](CommunicatorOptions& options) {
          options.transports = {transport};
          options.deterministic = true;
          if (transport == std::string("ipc")) options.slot_bytes = 4096;  // in many pieces
        });
  }
}

TEST(CommunicatorMixed, RanksReachEachOtherByTheQuickestWayThatBothAllow) {
  with_ranks(
      4,
      [](Communicator& world) {
        for (Rank other = 0; other < 4; ++other) {
          if (other == world.rank()) continue;
          const auto& peer = world.state().peers()[static_cast<std::size_t>(other)];
          const bool far = other == 3 || world.rank() == 3;
          EXPECT_EQ(peer.route.scheme, far ? "tcp" : other % 2 == 0 && world.rank() % 2 == 0 ? "memory" : "ipc");
          EXPECT_FALSE(peer.route.reason.empty());
        }
        std::vector<std::int64_t> data(5000, world.rank());
        for (int time = 0; time < 20; ++time) {
          std::vector<std::int64_t> out(data.size());
          ASSERT_TRUE(world.all_reduce(data, out, Op::sum));
          EXPECT_EQ(out, std::vector<std::int64_t>(data.size(), 6));
        }
      },
      [](CommunicatorOptions& options) {
        if (options.rank == 3) options.transports = {"tcp"};
        if (options.rank == 1) options.transports = {"ipc", "tcp"};
      });
}

TEST(CommunicatorOpen, SaysWhatIsWrong) {
  EXPECT_EQ(Communicator::open({.rank = 0, .size = -1}).error(), Code::invalid_argument);
  EXPECT_EQ(Communicator::open({.rank = 2, .size = 2}).error(), Code::invalid_argument);
  EXPECT_EQ(Communicator::open({.rank = 0, .size = 2}).error(), Code::invalid_argument);
  EXPECT_EQ(Communicator::open({.slot_bytes = 100}).error(), Code::invalid_argument);
  auto alone = Communicator::open({});
  ASSERT_TRUE(alone) << alone.error().text();
  std::vector<int> one{5};
  ASSERT_TRUE(alone->all_reduce(one, Op::sum));
  EXPECT_EQ(one[0], 5);
}

TEST(CommunicatorOpen, NamesThoseWhoDoNotCome) {
  auto options = CommunicatorOptions{.rank = 0, .size = 2, .job = collectives_test::fresh_job(), .open_within = 200ms};
  options.transports = {"ipc"};
  options.exchange = [](const std::string& mine, const psyne::Wait&) {
    std::string theirs = mine;
    theirs.replace(theirs.find("rank 0"), 6, "rank 1");
    return psyne::Result<std::vector<std::string>>({mine, theirs});
  };
  const auto opened = Communicator::open(options);
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error(), Code::timed_out);
  EXPECT_NE(opened.error().text().find("rank 1 (host "), std::string::npos) << opened.error().text();
}

INSTANTIATE_TEST_SUITE_P(Transport, CommunicatorOver, testing::Values("memory", "ipc", "tcp"),
                         [](const auto& transport) { return transport.param; });

}  // namespace
