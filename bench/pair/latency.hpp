#pragma once

#include "pair/cell.hpp"
#include "pair/control.hpp"
#include "pair/payload.hpp"
#include "pair/samples.hpp"

#include <vector>

namespace psyne::bench {

/// Half the round trip of a message that is copied out of a user's buffer and into another: the median, over batches of
/// trips that last a few microseconds each, so that reading the clock costs nothing that shows.
///
/// `Peer` has send(span) and receive(span), each ending when the buffer is the user's again.
template <class Peer>
class Latency {
 public:
  Latency(Peer& peer, const Cell& cell, Control& control)
      : peer_(peer), cell_(cell), control_(control), buffers_(2, cell.size) {}

  double lead() {
    exchange_whole_payload();
    burst(warm_up, 1);
    const double trip = burst(warm_up, 1).back();
    const auto batch = static_cast<std::uint64_t>(std::max(1.0, batch_nanoseconds / trip));
    std::vector<double> trips;
    for (const std::uint64_t end = now() + cell_.milliseconds * 1'000'000; now() < end;) {
      const std::vector<double> more = burst(batches, batch);
      trips.insert(trips.end(), more.begin(), more.end());
    }
    control_.send(0);
    return median(trips) / 2;
  }

  void follow() {
    peer_.receive(incoming());
    check(incoming(), first_seed);
    fill(outgoing(), second_seed);
    peer_.send(outgoing());
    while (const std::uint64_t trips = control_.receive()) {
      for (std::uint64_t sequence = 0; sequence < trips; ++sequence) {
        peer_.receive(incoming());
        check_stamp(incoming(), sequence);
        stamp(outgoing(), sequence);
        peer_.send(outgoing());
      }
    }
  }

 private:
  static constexpr std::uint64_t batches = 32;
  static constexpr std::uint64_t warm_up = 100;
  static constexpr double batch_nanoseconds = 4'000;
  static constexpr std::uint64_t first_seed = 7;
  static constexpr std::uint64_t second_seed = 11;

  std::span<std::byte> outgoing() const noexcept { return buffers_[0]; }
  std::span<std::byte> incoming() const noexcept { return buffers_[1]; }

  void exchange_whole_payload() {
    fill(outgoing(), first_seed);
    peer_.send(outgoing());
    peer_.receive(incoming());
    check(incoming(), second_seed);
  }

  /// Nanoseconds a trip, for each of `count` batches. The follower sleeps until it hears of the burst: a batch before
  /// the first one wakes it.
  std::vector<double> burst(std::uint64_t count, std::uint64_t batch) {
    control_.send((count + 1) * batch);
    std::uint64_t sequence = 0;
    run(batch, sequence);
    std::vector<double> trips;
    for (std::uint64_t i = 0; i < count; ++i) {
      const std::uint64_t start = now();
      run(batch, sequence);
      trips.push_back(static_cast<double>(now() - start) / static_cast<double>(batch));
    }
    return trips;
  }

  void run(std::uint64_t trips, std::uint64_t& sequence) {
    for (std::uint64_t i = 0; i < trips; ++i, ++sequence) {
      stamp(outgoing(), sequence);
      peer_.send(outgoing());
      peer_.receive(incoming());
      check_stamp(incoming(), sequence);
    }
  }

  Peer& peer_;
  const Cell cell_;
  Control& control_;
  Buffers buffers_;
};

}  // namespace psyne::bench
