#pragma once

#include <psyne/core/compression/compress.hpp>

#include <cstddef>
#include <memory>
#include <span>

namespace psyne::inline v0 {

/// Gives back what a Packer made shorter; and whatever else somebody claims to be that. One thread at a time.
class Unpacker {
 public:
  /// Not `none`.
  explicit Unpacker(Compress codec);
  ~Unpacker();
  Unpacker(Unpacker&&) noexcept;
  Unpacker& operator=(Unpacker&&) noexcept;

  /// Whether `from`, bytes of a stranger, were just what becomes all of `into`. Nothing beyond `into` is written, nor
  /// beyond `from` read, whatever they say; after false, `into` holds anything. `from` must not change meanwhile: the
  /// codecs look at a byte more than once, and nobody promises that their checks hold for the second look.
  bool unpack(std::span<const std::byte> from, std::span<std::byte> into) noexcept;

 private:
  struct Context;
  Compress codec_;
  std::unique_ptr<Context> context_;  // of Zstandard
};

}  // namespace psyne::inline v0
