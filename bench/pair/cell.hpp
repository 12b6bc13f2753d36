#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace psyne::bench {

/// What two processes do with each other while they are measured.
enum class Work : std::uint8_t {
  latency,            ///< copied in and out, half a round trip: ns
  blocking_latency,   ///< the same between two threads that sleep until a message is there: ns
  stream,             ///< copied in and out, several in flight: GB/s
  tls_stream,         ///< the same, encrypted: GB/s
  lz4_stream,         ///< the same, of text, compressed by LZ4: GB/s of text
  messages,           ///< the same as stream, counted: million messages a second
  in_place,           ///< every byte filled by the sender, read by the receiver, where they lie if possible: GB/s
  idle_cpu,           ///< a receiver blocked for the whole time: percent of a core
  idle_wakes,         ///< the same: voluntary context switches a second
  idle_links_cpu,     ///< the same as idle_cpu with `size` senders connected: percent of a core
  idle_links_memory,  ///< what of both processes lies in memory for one more of `size` senders: KiB
  memory,             ///< one more lane, beside its ring: KiB
};

std::string_view name(Work work) noexcept;
std::string_view unit(Work work) noexcept;

/// One measurement: a work, the bytes of a message (of idle links, how many), and about how long to measure.
struct Cell {
  Work work = Work::latency;
  std::size_t size = 0;
  std::uint64_t milliseconds = 0;

  /// Whether both sides sleep until a message is there, and do not look for it.
  bool blocks() const noexcept { return work == Work::blocking_latency; }
};

/// "latency 4096 100"; nothing when a word is unknown or the size no positive multiple of 8.
std::optional<Cell> parse_cell(const std::string& line);

/// One JSON object without a line's end: {"work": "latency", "size": 8, "unit": "ns", "value": 93.2}. Without a value,
/// because this program has no such work, it is null.
std::string to_json(const Cell& cell, std::optional<double> value);

}  // namespace psyne::bench
