#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <span>
#include <stdexcept>

namespace psyne::bench {

/// Writes every word: word i becomes seed + i.
void fill(std::span<std::byte> payload, std::uint64_t seed) noexcept;

/// Reads every word; throws unless they are what fill() wrote with this seed.
void check(std::span<const std::byte> payload, std::uint64_t seed);

/// Marks a message as the one numbered `sequence`, in its first and its last word: what the works that time only the
/// copies can afford (the whole payload was checked by fill() and check() before).
inline void stamp(std::span<std::byte> message, std::uint64_t sequence) noexcept {
  std::memcpy(message.data(), &sequence, sizeof sequence);
  std::memcpy(message.data() + message.size() - sizeof sequence, &sequence, sizeof sequence);
}

/// Throws unless the message is the one numbered `sequence`.
inline void check_stamp(std::span<const std::byte> message, std::uint64_t sequence) {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
  std::memcpy(&first, message.data(), sizeof first);
  std::memcpy(&last, message.data() + message.size() - sizeof last, sizeof last);
  if (first != sequence || last != sequence) throw std::runtime_error("a message arrived torn, twice or not at all");
}

/// `count` user's buffers of `size` bytes each, every one on pages of its own, already touched.
class Buffers {
 public:
  Buffers(std::size_t count, std::size_t size) : size_(size), stride_((size + page - 1) / page * page) {
    bytes_.reset(static_cast<std::byte*>(std::aligned_alloc(page, count * stride_)));
    if (!bytes_) throw std::bad_alloc();
    std::memset(bytes_.get(), 0, count * stride_);
  }

  std::span<std::byte> operator[](std::size_t index) const noexcept { return {bytes_.get() + index * stride_, size_}; }

 private:
  static constexpr std::size_t page = 4096;
  struct Free {
    void operator()(std::byte* bytes) const noexcept { std::free(bytes); }
  };

  std::size_t size_;
  std::size_t stride_;
  std::unique_ptr<std::byte, Free> bytes_;
};

}  // namespace psyne::bench
