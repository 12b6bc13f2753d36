#pragma once

#include "pair/control.hpp"

#include <string>

namespace psyne::bench {

/// What the two processes talk through when they talk over TCP: the loopback device; or, where `PSYNE_BENCH_FOLLOWER`
/// names a network namespace for the follower, as `./bench/compare --veth` does, a pair of virtual interfaces between
/// that one and the leader's (bench/comparison/veth.py).

/// Takes the calling thread to where its side is: before it starts another, or opens a socket that is to be there.
/// Throws where that is refused.
void enter_network(Side side);

/// What a side's interface is called, by both sides alike, and its address.
std::string network_device();
std::string network_address(Side side);

}  // namespace psyne::bench
