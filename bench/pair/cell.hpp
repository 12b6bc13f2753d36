#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace psyne::bench {

/// What two processes do with each other while they are measured.
enum class Work : std::uint8_t {
  latency,     ///< copied in and out, half a round trip: ns
  stream,      ///< copied in and out, several in flight: GB/s
  messages,    ///< the same, counted: million messages a second
  in_place,    ///< every byte filled by the sender and read by the receiver, where they lie if that is possible: GB/s
  idle_cpu,    ///< a receiver blocked for the whole time: percent of a core
  idle_wakes,  ///< the same: voluntary context switches a second
  memory,      ///< one more lane, beside its ring: KiB
};

std::string_view name(Work work) noexcept;
std::string_view unit(Work work) noexcept;

/// One measurement: a work, the bytes of a message, and about how long to measure.
struct Cell {
  Work work = Work::latency;
  std::size_t size = 0;
  std::uint64_t milliseconds = 0;
};

/// "latency 4096 100"; nothing when a word is unknown or the size no positive multiple of 8.
std::optional<Cell> parse_cell(const std::string& line);

/// One JSON object without a line's end: {"work": "latency", "size": 8, "unit": "ns", "value": 93.2}.
std::string to_json(const Cell& cell, double value);

}  // namespace psyne::bench
