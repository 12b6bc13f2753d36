#pragma once

#include <psyne/core/compression/compress.hpp>

#include <cstddef>
#include <memory>
#include <span>

namespace psyne::inline v0 {

/// Makes bytes shorter. Its working memory is allocated once and kept (LZ4 16 KiB, Zstandard about 1 MiB, more at high
/// levels). One thread at a time.
class Packer {
 public:
  /// Not `none`. `level`: of Zstandard, see most_level(); LZ4 has none.
  Packer(Compress codec, int level);
  ~Packer();
  Packer(Packer&&) noexcept;
  Packer& operator=(Packer&&) noexcept;

  /// Writes `from`, packed, to the beginning of `into`, and nothing beyond `into`; returns how many bytes that are, or
  /// 0 when they do not fit there. `into` may be of any size, and holds anything after a 0.
  std::size_t pack(std::span<const std::byte> from, std::span<std::byte> into) noexcept;

  /// Levels of Zstandard are 1 to this.
  static int most_level() noexcept;

 private:
  class Codec;
  class Lz4;
  class Zstandard;
  std::unique_ptr<Codec> codec_;
};

}  // namespace psyne::inline v0
