#pragma once

#include <psyne/core/message/tensor/boolean.hpp>
#include <psyne/core/message/tensor/small_float.hpp>

#include <complex>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <type_traits>

namespace psyne::inline v0 {

/// The type of a tensor's elements, known at run time. The numbers are the wire format (docs/messages.md).
enum class DType : std::uint8_t {
  i8 = 1,
  i16 = 2,
  i32 = 3,
  i64 = 4,
  u8 = 5,
  u16 = 6,
  u32 = 7,
  u64 = 8,
  f16 = 9,
  bf16 = 10,
  f32 = 11,
  f64 = 12,
  f8e4m3 = 13,
  f8e5m2 = 14,
  boolean = 15,
  complex64 = 16,
  complex128 = 17,
};

/// The dtype with this number, or nothing when there is none: for bytes of a peer.
constexpr std::optional<DType> dtype_from(std::uint8_t number) noexcept {
  if (number < static_cast<std::uint8_t>(DType::i8) || number > static_cast<std::uint8_t>(DType::complex128)) {
    return std::nullopt;
  }
  return static_cast<DType>(number);
}

/// "f32", as schema texts have it.
constexpr std::string_view name(DType dtype) noexcept {
  switch (dtype) {
    case DType::i8: return "i8";
    case DType::i16: return "i16";
    case DType::i32: return "i32";
    case DType::i64: return "i64";
    case DType::u8: return "u8";
    case DType::u16: return "u16";
    case DType::u32: return "u32";
    case DType::u64: return "u64";
    case DType::f16: return "f16";
    case DType::bf16: return "bf16";
    case DType::f32: return "f32";
    case DType::f64: return "f64";
    case DType::f8e4m3: return "f8e4m3";
    case DType::f8e5m2: return "f8e5m2";
    case DType::boolean: return "bool";
    case DType::complex64: return "complex64";
    case DType::complex128: return "complex128";
  }
  return "unknown";
}

/// Bytes of one element.
constexpr std::size_t size_of(DType dtype) noexcept {
  switch (dtype) {
    case DType::i8:
    case DType::u8:
    case DType::f8e4m3:
    case DType::f8e5m2:
    case DType::boolean: return 1;
    case DType::i16:
    case DType::u16:
    case DType::f16:
    case DType::bf16: return 2;
    case DType::i32:
    case DType::u32:
    case DType::f32: return 4;
    case DType::i64:
    case DType::u64:
    case DType::f64:
    case DType::complex64: return 8;
    case DType::complex128: return 16;
  }
  return 0;
}

namespace number {

template <class E>
consteval std::optional<DType> dtype() {
  if constexpr (std::is_same_v<E, std::byte> || std::is_same_v<E, char>) return DType::u8;
  if constexpr (std::is_same_v<E, float>) return DType::f32;
  if constexpr (std::is_same_v<E, double>) return DType::f64;
  if constexpr (std::is_same_v<E, Float16>) return DType::f16;
  if constexpr (std::is_same_v<E, BFloat16>) return DType::bf16;
  if constexpr (std::is_same_v<E, Float8E4M3>) return DType::f8e4m3;
  if constexpr (std::is_same_v<E, Float8E5M2>) return DType::f8e5m2;
  if constexpr (std::is_same_v<E, Boolean>) return DType::boolean;
  if constexpr (std::is_same_v<E, std::complex<float>>) return DType::complex64;
  if constexpr (std::is_same_v<E, std::complex<double>>) return DType::complex128;
  if constexpr (std::integral<E> && !std::is_same_v<E, bool> && sizeof(E) <= 8) {
    constexpr bool negative = std::is_signed_v<E>;
    if constexpr (sizeof(E) == 1) return negative ? DType::i8 : DType::u8;
    if constexpr (sizeof(E) == 2) return negative ? DType::i16 : DType::u16;
    if constexpr (sizeof(E) == 4) return negative ? DType::i32 : DType::u32;
    if constexpr (sizeof(E) == 8) return negative ? DType::i64 : DType::u64;
  }
  return std::nullopt;
}

}  // namespace number

/// A C++ type that can be an element: integers up to 64 bits, float, double, the small floats, std::complex of float
/// and double, std::byte and char (as u8), Boolean. Not `bool`, whose byte a peer could make undefined: use Boolean.
template <class E>
concept Number = number::dtype<E>().has_value();

template <Number E>
inline constexpr DType dtype_of = *number::dtype<E>();

}  // namespace psyne::inline v0
