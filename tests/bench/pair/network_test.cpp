#include "pair/network.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <system_error>

namespace psyne::bench {
namespace {

class Network : public testing::Test {
 protected:
  Network() { ::unsetenv("PSYNE_BENCH_FOLLOWER"); }
  ~Network() override { ::unsetenv("PSYNE_BENCH_FOLLOWER"); }
};

TEST_F(Network, IsTheLoopbackDeviceUnlessTheFollowerIsElsewhere) {
  EXPECT_EQ(network_device(), "lo");
  EXPECT_EQ(network_address(Side::leader), "127.0.0.1");
  EXPECT_EQ(network_address(Side::follower), "127.0.0.1");
  enter_network(Side::follower);
}

TEST_F(Network, OtherwiseEachSideHasItsAddress) {
  ::setenv("PSYNE_BENCH_FOLLOWER", "/proc/self/ns/net", 1);
  EXPECT_NE(network_device(), "lo");
  EXPECT_NE(network_address(Side::leader), network_address(Side::follower));
}

TEST_F(Network, OnlyTheFollowerEntersItsOwnAndSaysWhereItCannot) {
  ::setenv("PSYNE_BENCH_FOLLOWER", "/proc/self/ns/uts", 1);  // of another kind
  enter_network(Side::leader);
  EXPECT_THROW(enter_network(Side::follower), std::system_error);
  ::setenv("PSYNE_BENCH_FOLLOWER", "/no/such/file", 1);
  EXPECT_THROW(enter_network(Side::follower), std::system_error);
}

}  // namespace
}  // namespace psyne::bench
