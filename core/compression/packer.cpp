#include <psyne/core/compression/packer.hpp>

#include <lz4.h>
#include <zstd.h>

#include <algorithm>
#include <limits>
#include <new>

namespace psyne::inline v0 {

class Packer::Codec {
 public:
  Codec() = default;
  virtual ~Codec() = default;
  Codec(const Codec&) = delete;
  Codec& operator=(const Codec&) = delete;
  virtual std::size_t pack(std::span<const std::byte> from, std::span<std::byte> into) noexcept = 0;
};

class Packer::Lz4 final : public Codec {
 public:
  Lz4() : state_(std::make_unique<LZ4_stream_t>()) {}
  std::size_t pack(std::span<const std::byte> from, std::span<std::byte> into) noexcept override {
    if (from.size() > LZ4_MAX_INPUT_SIZE) return 0;
    const std::size_t room = std::min<std::size_t>(into.size(), std::numeric_limits<int>::max());
    const int packed = LZ4_compress_fast_extState(state_.get(), reinterpret_cast<const char*>(from.data()),
                                                  reinterpret_cast<char*>(into.data()), static_cast<int>(from.size()),
                                                  static_cast<int>(room), 1);
    return packed > 0 ? static_cast<std::size_t>(packed) : 0;
  }

 private:
  std::unique_ptr<LZ4_stream_t> state_;
};

class Packer::Zstandard final : public Codec {
 public:
  explicit Zstandard(int level) : context_(ZSTD_createCCtx(), &ZSTD_freeCCtx), level_(level) {
    if (!context_) throw std::bad_alloc();
  }
  std::size_t pack(std::span<const std::byte> from, std::span<std::byte> into) noexcept override {
    const std::size_t packed =
        ZSTD_compressCCtx(context_.get(), into.data(), into.size(), from.data(), from.size(), level_);
    return ZSTD_isError(packed) != 0 ? 0 : packed;
  }

 private:
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context_;
  int level_;
};

Packer::Packer(Compress codec, int level) {
  if (codec == Compress::zstd) {
    codec_ = std::make_unique<Zstandard>(level);
  } else {
    codec_ = std::make_unique<Lz4>();
  }
}
Packer::~Packer() = default;
Packer::Packer(Packer&&) noexcept = default;
Packer& Packer::operator=(Packer&&) noexcept = default;

std::size_t Packer::pack(std::span<const std::byte> from, std::span<std::byte> into) noexcept {
  return codec_->pack(from, into);
}

int Packer::most_level() noexcept { return ZSTD_maxCLevel(); }

}  // namespace psyne::inline v0
