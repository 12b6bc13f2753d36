#pragma once

#include <psyne/core/channel/channel_options.hpp>
#include <psyne/core/compression/compress.hpp>
#include <psyne/core/config/config.hpp>
#include <psyne/core/result/result.hpp>
#include <psyne/core/uri/uri.hpp>

#include <cstdint>

namespace psyne::inline v0 {

struct LaneType;

/// What SenderOptions, configuration and query come to about compression.
struct CompressionSettings {
  Compress codec = Compress::none;
  std::uint64_t above = 0;  ///< bytes; longer messages are compressed
  int level = 1;

  /// Errors: unsupported (the program or the query asks for it, and messages have one size), too_large (the ring),
  /// invalid_argument. What the configuration says for all channels is not for those whose messages have one size.
  static Result<CompressionSettings> settle(const Config& config, const Uri& uri, const SenderOptions& given,
                                            const LaneType& type, std::uint64_t capacity);
};

}  // namespace psyne::inline v0
