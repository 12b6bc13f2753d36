#pragma once

#include <psyne/core/message/fields/fields.hpp>
#include <psyne/core/message/fields/leaf.hpp>
#include <psyne/core/message/schema.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

namespace psyne::inline v0::fields {

/// An enum whose bytes are checked says which values it has, by a function beside it, found by argument:
/// `constexpr bool psyne_valid(Side side) { return side == Side::buy || side == Side::sell; }`
template <class T>
concept CheckedEnum = std::is_enum_v<T> && requires(T value) {
  { psyne_valid(value) } -> std::convertible_to<bool>;
};

/// True when some bytes of a T are no value of it: a bool that is neither 0 nor 1, a checked enum.
template <class T>
consteval bool needs_check();

template <class... Field>
consteval bool any_needs_check(TypeList<Field...>) {
  return (needs_check<Field>() || ...);
}

template <class T>
consteval bool needs_check() {
  if constexpr (Leaf<T>) {
    return std::is_same_v<T, bool> || CheckedEnum<T>;
  } else if constexpr (IsArray<T>) {
    return Array<T>::size != 0 && needs_check<typename Array<T>::Element>();
  } else if constexpr (Vouched<T>) {
    return false;
  } else {
    return any_needs_check(typename Fields<T>::Types{});
  }
}

/// The first byte of a T that is no value of its field: where, and the number found there.
struct BadValue {
  bool found{false};
  std::string_view kind{};
  std::size_t offset{0};
  std::uint64_t number{0};
};

template <class T>
void check_leaf(const std::byte* object, std::size_t offset, BadValue& bad) noexcept {
  if constexpr (std::is_same_v<T, bool>) {
    const auto byte = static_cast<std::uint8_t>(object[offset]);
    if (byte > 1) bad = {true, "bool", offset, byte};
  } else {
    using Integer = std::underlying_type_t<T>;
    static_assert(
        requires { T{Integer{}}; },
        "psyne: give a checked enum a fixed integer (`enum class` or `: type`), "
        "because bytes that are none of its values are undefined without one");
    Integer number;
    std::memcpy(&number, object + offset, sizeof number);
    if (!psyne_valid(static_cast<T>(number))) bad = {true, "enum", offset, static_cast<std::uint64_t>(number)};
  }
}

/// Looks at the bytes of a T, each once, until one is bad. Reads no field as its type, which for a bool that holds 7
/// would be undefined behaviour already.
template <class T>
void find_bad_value(const std::byte* object, std::size_t base, BadValue& bad) noexcept {
  if constexpr (!needs_check<T>()) {
    return;
  } else if constexpr (Leaf<T>) {
    check_leaf<T>(object, base, bad);
  } else if constexpr (IsArray<T>) {
    using Element = typename Array<T>::Element;
    for (std::size_t index = 0; index < Array<T>::size && !bad.found; ++index) {
      find_bad_value<Element>(object, base + index * sizeof(Element), bad);
    }
  } else {
    Fields<T>::for_each([&]<class Field>(std::size_t offset) {
      if (!bad.found) find_bad_value<Field>(object, base + offset, bad);
    });
  }
}

}  // namespace psyne::inline v0::fields
