#pragma once

#include "settings.hpp"
#include "threads.hpp"

#include <chrono>
#include <cstdint>
#include <thread>

namespace ring_bench {

/// Nanoseconds for one value there and back through two Queues, one in flight.
template <class Queue>
double round_trip(const Settings& settings) {
  using Clock = std::chrono::steady_clock;
  constexpr std::uint64_t end = ~std::uint64_t{0};
  Queue there(values_in_flight, 1), back(values_in_flight, 1);
  Gate gate(2);
  std::thread echo([&] {
    pin(settings, 1);
    auto&& in = there.consumer();
    auto&& out = back.producer();
    gate.pass();
    for (std::uint64_t value = 0; value != end;) {
      while (!in.pop(value)) {
      }
      while (!out.push(value)) {
      }
    }
  });
  pin(settings, 0);
  auto&& out = there.producer();
  auto&& in = back.consumer();
  gate.pass();
  const Clock::time_point start = Clock::now(), until = start + settings.duration;
  std::uint64_t trips = 0;
  const auto trip = [&](std::uint64_t value) {
    while (!out.push(value)) {
    }
    while (!in.pop(value)) {
    }
  };
  while (Clock::now() < until) {
    for (const std::uint64_t stop = trips + 256; trips != stop; ++trips) trip(trips);
  }
  const std::chrono::duration<double, std::nano> taken = Clock::now() - start;
  trip(end);
  echo.join();
  return taken.count() / static_cast<double>(trips);
}

}  // namespace ring_bench
