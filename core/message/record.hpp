#pragma once

#include <psyne/core/atomics/cache_line.hpp>
#include <psyne/core/message/fields/padding.hpp>
#include <psyne/core/result/result.hpp>

#include <array>
#include <atomic>
#include <bit>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

/// How the record of a variable message is laid out and taken apart. docs/messages.md has the layout as a
/// specification.
namespace psyne::inline v0::record {

static_assert(std::endian::native == std::endian::little, "psyne's records are little-endian and used in place");

/// A size that remembers that it was too large: the sums and products of untrusted numbers. The limit is what a signed
/// 64-bit offset holds, since other languages use those.
class Size {
 public:
  static constexpr std::uint64_t limit = std::numeric_limits<std::int64_t>::max();

  constexpr Size(std::uint64_t value) noexcept  // NOLINT(google-explicit-constructor): numbers are sizes
      : value_(value), fits_(value <= limit) {}

  /// A size that does not fit.
  static constexpr Size overflow() noexcept { return Size(limit + 1); }

  friend constexpr Size operator+(Size left, Size right) noexcept {
    Size sum(left.value_ + right.value_);  // two numbers below 2^63 cannot wrap
    sum.fits_ = sum.fits_ && left.fits_ && right.fits_;
    return sum;
  }
  friend constexpr Size operator*(Size left, Size right) noexcept {
    const bool wraps = right.value_ != 0 && left.value_ > limit / right.value_;
    Size product(wraps ? 0 : left.value_ * right.value_);
    product.fits_ = !wraps && left.fits_ && right.fits_;
    return product;
  }
  /// The next multiple of `alignment`, a power of two.
  constexpr Size aligned(std::uint64_t alignment) const noexcept {
    Size up = *this + (alignment - 1);
    up.value_ &= ~(alignment - 1);
    return up;
  }

  constexpr bool fits() const noexcept { return fits_; }
  /// Meaningful only if fits().
  constexpr std::uint64_t value() const noexcept { return value_; }

 private:
  std::uint64_t value_;
  bool fits_;
};

/// One array in a record.
struct Section {
  Size count;
  std::uint64_t element_bytes;
  constexpr Size bytes() const noexcept { return count * element_bytes; }
};

/// Where the sections of a record begin and end, and how long it is. Meaningful only if bytes.fits().
template <std::size_t n>
struct Layout {
  std::array<std::uint64_t, n> begin{};
  std::array<std::uint64_t, n> end{};
  Size bytes{0};
};

/// A record that fits one cache line is dense, its sections aligned to 8; in a larger one every section starts on a
/// line of its own, so that no view of it is ever misaligned for SIMD. Depends on the sizes alone, so both sides
/// compute it.
template <std::size_t n>
constexpr Layout<n> lay_out(std::uint64_t header_bytes, const std::array<Section, n>& sections) noexcept {
  const auto place = [&](std::uint64_t alignment) {
    Layout<n> layout{.bytes = header_bytes};
    for (std::size_t index = 0; index < n; ++index) {
      const Size begin = layout.bytes.aligned(alignment);
      layout.begin[index] = begin.value();
      layout.bytes = begin + sections[index].bytes();
      layout.end[index] = layout.bytes.value();
    }
    return layout;
  };
  const Layout<n> dense = place(8);
  return dense.bytes.fits() && dense.bytes.value() <= cache_line ? dense : place(cache_line);
}

/// What a peer wrote is no record of `type`.
Error corrupted(std::string_view type, std::string why);

/// A record of `type` has fewer bytes than its header.
Error too_short(std::span<const std::byte> record, std::string_view type);

/// The memory given for a record of `type` is not aligned.
Error misaligned(std::string_view type);

/// No record of `type` can be that large.
Error too_large(std::string_view type);

/// The memory given for a record of `type` is not what its shape needs.
Error wrong_space(std::span<const std::byte> record, Size needed, std::string_view type);

/// A record of `type` has another length than its header says.
Error wrong_length(std::span<const std::byte> record, Size expected, std::string_view type);

inline bool is_aligned(std::span<const std::byte> record, std::size_t alignment = 8) noexcept {
  return reinterpret_cast<std::uintptr_t>(record.data()) % alignment == 0;
}

/// Code::invalid_argument unless `record` has exactly the `needed` bytes and is aligned: before writing.
inline Result<void> check_space(std::span<const std::byte> record, Size needed, std::string_view type) {
  if (needed.fits() && record.size() == needed.value() && is_aligned(record)) [[likely]]
    return {};
  return wrong_space(record, needed, type);
}

/// The size as the number of bytes to reserve.
inline Result<std::size_t> to_reserve(Size bytes, std::string_view type) {
  if (!bytes.fits()) [[unlikely]]
    return too_large(type);
  return static_cast<std::size_t>(bytes.value());
}

/// Copies bytes out of memory that a peer may change meanwhile. What the caller decides on afterwards is the copy: the
/// signal fence forbids the compiler to read the memory a second time in its place.
inline void copy_once(void* own, std::span<const std::byte> shared) noexcept {
  std::memcpy(own, shared.data(), shared.size());
  std::atomic_signal_fence(std::memory_order_seq_cst);
}

/// The header of a record, copied once.
template <class Header>
Result<Header> read_header(std::span<const std::byte> record, std::string_view type) {
  static_assert(std::is_trivially_copyable_v<Header>);
  if (!is_aligned(record)) [[unlikely]]
    return misaligned(type);
  if (record.size() < sizeof(Header)) [[unlikely]]
    return too_short(record, type);
  Header header{};
  copy_once(&header, record.first(sizeof header));
  return header;
}

/// Code::corrupted unless the record is exactly as long as its header says.
inline Result<void> check_length(std::span<const std::byte> record, Size expected, std::string_view type) {
  if (expected.fits() && record.size() == expected.value()) [[likely]]
    return {};
  return wrong_length(record, expected, type);
}

/// Writes the header, and zero between it and the sections: a record shows nothing of what lay there before.
template <class Header, std::size_t n>
void write_header(std::span<std::byte> record, const Header& header, const Layout<n>& layout) noexcept {
  static_assert(!has_padding<Header>);
  std::memcpy(record.data(), &header, sizeof header);
  std::size_t end = sizeof header;
  for (std::size_t index = 0; index < n; ++index) {
    std::memset(record.data() + end, 0, layout.begin[index] - end);
    end = layout.end[index];
  }
}

/// The array of `count` elements at `begin`, whose extent was checked before.
template <class E>
std::span<E> section(std::span<std::byte> record, std::uint64_t begin, std::uint64_t count) noexcept {
  return {reinterpret_cast<E*>(record.data() + begin), static_cast<std::size_t>(count)};
}
template <class E>
std::span<const E> section(std::span<const std::byte> record, std::uint64_t begin, std::uint64_t count) noexcept {
  return {reinterpret_cast<const E*>(record.data() + begin), static_cast<std::size_t>(count)};
}

/// Reads a number that a peer may change at any time, exactly once.
template <std::integral I>
I read_once(const I& shared) noexcept {
  return *static_cast<const volatile I*>(&shared);
}

}  // namespace psyne::inline v0::record
