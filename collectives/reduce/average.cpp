#include <psyne/collectives/reduce/average_float.hpp>
#include <psyne/collectives/reduce/fold.hpp>

#include <cstring>
#include <type_traits>

namespace psyne::inline v0 {

namespace {

// For up to 32 bits the rounded quotient of doubles has the exact one's whole part: what it lacks to the next whole
// number is at least 1 / divisor, and the error less than 2^-20 of that.
template <class T>
T divided(T sum, std::uint64_t divisor) noexcept {
  if constexpr (sizeof(T) < 8) {
    return static_cast<T>(static_cast<double>(sum) / static_cast<double>(divisor));
  } else {
    const auto bits = static_cast<std::uint64_t>(sum);
    if (sum >= 0) return static_cast<T>(bits / divisor);
    return static_cast<T>(0 - (0 - bits) / divisor);  // of magnitudes: the divisor may exceed what T holds
  }
}

template <class T>
void average(std::byte* result, const std::byte* const* sources, std::size_t count, std::size_t elements,
             std::uint64_t divisor) noexcept {
  fold_kernel(Fold::sum, dtype_of<T>)(result, sources, count, elements);
  for (std::size_t i = 0; i < elements; ++i) {
    T sum;
    std::memcpy(&sum, result + i * sizeof(T), sizeof(T));
    const T quotient = divided(sum, divisor);
    std::memcpy(result + i * sizeof(T), &quotient, sizeof(T));
  }
}

}  // namespace

AverageKernel average_kernel(DType dtype) noexcept {
  switch (dtype) {
    case DType::i8: return average<std::int8_t>;
    case DType::i16: return average<std::int16_t>;
    case DType::i32: return average<std::int32_t>;
    case DType::i64: return average<std::int64_t>;
    case DType::u8: return average<std::uint8_t>;
    case DType::u16: return average<std::uint16_t>;
    case DType::u32: return average<std::uint32_t>;
    case DType::u64: return average<std::uint64_t>;
    default: return reduce::average_float(dtype);
  }
}

}  // namespace psyne::inline v0
