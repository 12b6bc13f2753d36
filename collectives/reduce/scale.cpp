#include <psyne/collectives/reduce/scale.hpp>
#include <psyne/collectives/reduce/scale_float.hpp>

#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace psyne::inline v0 {

namespace {

__extension__ using Wide = unsigned __int128;

// |factor| = significand * 2^exponent, with a significand below 2^53.
struct Factor {
  bool negative;
  std::uint64_t significand;
  int exponent;
};

Factor taken_apart(double factor) noexcept {
  int exponent = 0;
  const double fraction = std::frexp(std::fabs(factor), &exponent);
  return {std::signbit(factor), static_cast<std::uint64_t>(std::ldexp(fraction, 53)), exponent - 53};
}

// The whole part of magnitude * |factor|, or the largest number where it is greater: 117 bits hold the product.
std::uint64_t scaled(std::uint64_t magnitude, const Factor& factor) noexcept {
  constexpr std::uint64_t largest = std::numeric_limits<std::uint64_t>::max();
  Wide product = Wide{magnitude} * factor.significand;
  if (product == 0 || factor.exponent <= -128) return 0;
  if (factor.exponent < 0) {
    product >>= -factor.exponent;
  } else {
    if (factor.exponent >= 64 || product > largest >> factor.exponent) return largest;
    product <<= factor.exponent;
  }
  return product > largest ? largest : static_cast<std::uint64_t>(product);
}

template <class T>
T with_sign(std::uint64_t magnitude, bool negative) noexcept {
  using Limits = std::numeric_limits<T>;
  const auto most = static_cast<std::uint64_t>(Limits::max());
  if (!negative) return static_cast<T>(magnitude > most ? most : magnitude);
  const std::uint64_t lowest = Limits::is_signed ? most + 1 : 0;
  return static_cast<T>(0 - (magnitude > lowest ? lowest : magnitude));
}

template <class T>
T read(const std::byte* at) noexcept {
  T value;
  std::memcpy(&value, at, sizeof value);
  return value;
}

// Integers of 64 bits.
template <class T>
void scale_long(std::byte* result, const std::byte* source, std::size_t elements, double factor) noexcept {
  const bool infinite = std::isinf(factor);
  const Factor parts = std::isfinite(factor) ? taken_apart(factor) : Factor{std::signbit(factor), 0, 0};
  for (std::size_t i = 0; i < elements; ++i) {
    const T value = read<T>(source + i * sizeof(T));
    const auto bits = static_cast<std::uint64_t>(value);
    const bool below_zero = value < 0;
    const std::uint64_t magnitude = below_zero ? 0 - bits : bits;
    const std::uint64_t product = infinite && magnitude != 0 ? ~std::uint64_t{0} : scaled(magnitude, parts);
    const T whole = with_sign<T>(product, below_zero != parts.negative);
    std::memcpy(result + i * sizeof(T), &whole, sizeof(T));
  }
}

// Integers of up to 32 bits, every one of which is a double.
template <class T>
void scale_short(std::byte* result, const std::byte* source, std::size_t elements, double factor) noexcept {
  constexpr double lowest = std::numeric_limits<T>::min(), highest = std::numeric_limits<T>::max();
  for (std::size_t i = 0; i < elements; ++i) {
    const double product = static_cast<double>(read<T>(source + i * sizeof(T))) * factor;
    const double number = product == product ? product : 0;
    const double inside = number < lowest ? lowest : number > highest ? highest : number;
    const T whole = static_cast<T>(inside);
    std::memcpy(result + i * sizeof(T), &whole, sizeof(T));
  }
}

}  // namespace

ScaleKernel scale_kernel(DType dtype) noexcept {
  switch (dtype) {
    case DType::i8: return scale_short<std::int8_t>;
    case DType::i16: return scale_short<std::int16_t>;
    case DType::i32: return scale_short<std::int32_t>;
    case DType::i64: return scale_long<std::int64_t>;
    case DType::u8: return scale_short<std::uint8_t>;
    case DType::u16: return scale_short<std::uint16_t>;
    case DType::u32: return scale_short<std::uint32_t>;
    case DType::u64: return scale_long<std::uint64_t>;
    default: return reduce::scale_float(dtype);
  }
}

}  // namespace psyne::inline v0
