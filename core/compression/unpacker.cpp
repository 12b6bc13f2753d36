#include <psyne/core/compression/unpacker.hpp>

#include <lz4.h>
#include <zstd.h>

#include <limits>
#include <new>

namespace psyne::inline v0 {

struct Unpacker::Context {
  Context() : zstd(ZSTD_createDCtx(), &ZSTD_freeDCtx) {
    if (!zstd) throw std::bad_alloc();
  }
  std::unique_ptr<ZSTD_DCtx, decltype(&ZSTD_freeDCtx)> zstd;
};

Unpacker::Unpacker(Compress codec)
    : codec_(codec), context_(codec == Compress::zstd ? std::make_unique<Context>() : nullptr) {}
Unpacker::~Unpacker() = default;
Unpacker::Unpacker(Unpacker&&) noexcept = default;
Unpacker& Unpacker::operator=(Unpacker&&) noexcept = default;

bool Unpacker::unpack(std::span<const std::byte> from, std::span<std::byte> into) noexcept {
  if (codec_ == Compress::zstd) {
    return ZSTD_decompressDCtx(context_->zstd.get(), into.data(), into.size(), from.data(), from.size()) == into.size();
  }
  constexpr std::size_t most = std::numeric_limits<int>::max();
  if (from.size() > most || into.size() > most) return false;
  const int unpacked =
      LZ4_decompress_safe(reinterpret_cast<const char*>(from.data()), reinterpret_cast<char*>(into.data()),
                          static_cast<int>(from.size()), static_cast<int>(into.size()));
  return unpacked >= 0 && static_cast<std::size_t>(unpacked) == into.size();
}

}  // namespace psyne::inline v0
