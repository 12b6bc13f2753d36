#include "pair/network.hpp"

#include <fcntl.h>
#include <sched.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <system_error>

namespace psyne::bench {
namespace {

const char* followers_namespace() { return std::getenv("PSYNE_BENCH_FOLLOWER"); }

}  // namespace

void enter_network(Side side) {
  const char* path = followers_namespace();
  if (side == Side::leader || path == nullptr) return;
  const int there = ::open(path, O_RDONLY | O_CLOEXEC);
  const bool entered = there >= 0 && ::setns(there, CLONE_NEWNET) == 0;
  const int error = errno;
  if (there >= 0) ::close(there);
  if (!entered) throw std::system_error(error, std::generic_category(), "enter the follower's network namespace");
}

std::string network_device() { return followers_namespace() == nullptr ? "lo" : "wire"; }

std::string network_address(Side side) {
  if (followers_namespace() == nullptr) return "127.0.0.1";
  return side == Side::leader ? "10.77.1.1" : "10.77.1.2";
}

}  // namespace psyne::bench
