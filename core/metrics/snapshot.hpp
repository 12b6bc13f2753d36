#pragma once

#include <psyne/core/metrics/layout.hpp>
#include <psyne/core/result/result.hpp>

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace psyne::inline v0::metrics {

/// A value as it was read.
struct ReadValue {
  std::string name;
  Kind kind = Kind::counter;
  std::uint64_t number = 0;              ///< of a counter; of a histogram the sum of all values
  std::vector<std::uint64_t> histogram;  ///< the buckets, else empty

  /// Of a gauge.
  std::int64_t level() const noexcept { return static_cast<std::int64_t>(number); }
  /// How many values a histogram has seen.
  std::uint64_t count() const noexcept;
  /// The value that a part of `share` (0 to 1) of a histogram's values does not exceed, as well as buckets can tell:
  /// evenly spread within one. 0 when there is none.
  double quantile(double share) const noexcept;
};

struct ReadSection {
  std::size_t entry = 0;  ///< with the generation, what tells it from any other of this page
  std::uint64_t generation = 0;
  std::string name;
  std::string label;
  std::vector<ReadValue> values;
};

/// A counters page at one moment. Values of one section may be some nanoseconds apart.
struct Snapshot {
  std::uint64_t process = 0;  ///< its id in its own PID namespace
  std::string command;
  std::uint64_t started = 0;  ///< when the page was made, nanoseconds of UNIX time
  std::uint64_t lost = 0;     ///< sections that found no room
  std::vector<ReadSection> sections;
};

/// Reads a page out of three copies, taken one after the other: of its header and directory, of all of it, and of its
/// header and directory again. A section that changed meanwhile is left out. Whatever the words are, nothing outside of
/// the copies is read: Code::incompatible for another version, Code::corrupted for what no psyne wrote; a section that
/// makes no sense is left out, control bytes in texts become question marks.
Result<Snapshot> parse(std::span<const std::uint64_t> before, std::span<const std::uint64_t> page,
                       std::span<const std::uint64_t> after);

}  // namespace psyne::inline v0::metrics
