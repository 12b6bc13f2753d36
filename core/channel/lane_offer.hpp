#pragma once

#include <psyne/core/channel/channel_options.hpp>
#include <psyne/core/channel/end_id.hpp>
#include <psyne/core/compression/compress.hpp>
#include <psyne/core/result/result.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace psyne::inline v0 {

/// What kind of messages a lane carries.
struct LaneType {
  std::uint64_t schema = 0;
  std::string description;    ///< for people: "Tick{u64@0,f64@8}"
  std::uint32_t payload = 0;  ///< bytes of every message; 0 where they vary
  std::uint32_t alignment = 8;
};

/// What a sender says of its lane when it meets a receiver.
struct LaneOffer {
  LaneType type;
  Delivery delivery = Delivery::single;
  bool lossy = false;
  Compress compress = Compress::none;  ///< some records are packed by it
  std::uint64_t capacity = 0;          ///< bytes of the ring, a power of two
  std::uint32_t reader = 0;            ///< the number under which this receiver is let in
  std::int64_t pid = 0;
  EndId sender;
  std::string name;

  std::vector<std::byte> encode() const;
  /// Bytes of a stranger. Errors: incompatible (another layout version, both named; a codec that this program
  /// does not know), corrupted.
  static Result<LaneOffer> decode(std::span<const std::byte> bytes);
};

/// What a receiver says of itself.
struct LaneAnswer {
  std::int64_t pid = 0;
  EndId receiver;
  std::string name;

  std::vector<std::byte> encode() const;
  static Result<LaneAnswer> decode(std::span<const std::byte> bytes);
};

}  // namespace psyne::inline v0
