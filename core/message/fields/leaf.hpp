#pragma once

#include <psyne/core/message/tensor/dtype.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace psyne::inline v0 {

/// The canonical text of a type that psyne cannot walk (a union, bit-fields, a class of another library), by which its
/// owner vouches for it: every byte of it is value, none is padding, and it holds no pointer. A class says
/// `static constexpr std::string_view psyne_schema = "..."`; for another's class specialise this variable.
template <class T>
inline constexpr std::string_view vouched_schema = [] {
  if constexpr (requires { std::string_view(T::psyne_schema); }) {
    return std::string_view(T::psyne_schema);
  } else {
    return std::string_view();
  }
}();

namespace fields {

/// One value without inner structure: a number, bool, an enum.
template <class T>
concept Leaf = Number<T> || std::is_same_v<T, bool> || (std::is_enum_v<T> && sizeof(T) <= 8);

template <class T>
concept Vouched = !vouched_schema<T>.empty();

/// The name of a leaf in schema texts; an enum is its integer, since a schema says how bytes are read.
template <Leaf T>
consteval std::string_view leaf_name() {
  if constexpr (std::is_same_v<T, bool>) {
    return name(DType::boolean);
  } else if constexpr (std::is_enum_v<T> && !Number<T>) {
    return leaf_name<std::underlying_type_t<T>>();
  } else {
    return name(dtype_of<T>);
  }
}

/// C arrays and std::array as one thing.
template <class T>
struct Array : std::false_type {};
template <class E, std::size_t n>
struct Array<E[n]> : std::true_type {
  using Element = E;
  static constexpr std::size_t size = n;
};
template <class E, std::size_t n>
struct Array<std::array<E, n>> : std::true_type {
  using Element = E;
  static constexpr std::size_t size = n;
};

template <class T>
concept IsArray = Array<T>::value;

}  // namespace fields

}  // namespace psyne::inline v0
