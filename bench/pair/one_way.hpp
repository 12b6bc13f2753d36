#pragma once

#include "pair/cell.hpp"
#include "pair/control.hpp"
#include "pair/samples.hpp"

#include <algorithm>
#include <cstdint>
#include <vector>

namespace psyne::bench {

/// The leader's part of a one-way work: messages a nanosecond, the median over runs of a few milliseconds each. A run
/// starts when the follower is ready and ends when the follower has had the last message, by the clock that both share.
/// `send(count)` hands over that many messages.
template <class Send>
double lead_one_way(const Cell& cell, Control& control, Send send) {
  const auto run = [&](std::uint64_t count) {
    control.send(count);
    control.receive();
    const std::uint64_t start = now();
    send(count);
    return static_cast<double>(control.receive() - start);
  };
  constexpr double nanoseconds_of_a_run = 6e6;
  // The best of three: one that was held up must not decide how long all the others are.
  const auto quickest = [&run](std::uint64_t count) { return std::min({run(count), run(count), run(count)}); };
  std::uint64_t count = 8;
  double elapsed = quickest(count);
  while (elapsed < nanoseconds_of_a_run / 4) elapsed = quickest(count *= 4);
  count = std::max<std::uint64_t>(
      8, static_cast<std::uint64_t>(static_cast<double>(count) * nanoseconds_of_a_run / elapsed));
  std::vector<double> rates;
  const std::uint64_t end = now() + cell.milliseconds * 1'000'000;
  while (now() < end || rates.size() < 3) rates.push_back(static_cast<double>(count) / run(count));
  control.send(0);
  return median(rates);
}

/// The follower's part: `prepare(count)` before a run, `receive(count)` takes all of its messages.
template <class Prepare, class Receive>
void follow_one_way(Control& control, Prepare prepare, Receive receive) {
  while (const std::uint64_t count = control.receive()) {
    prepare(count);
    control.send(count);
    receive(count);
    control.send(now());
  }
}

}  // namespace psyne::bench
