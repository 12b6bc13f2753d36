#pragma once

#include <psyne/core/message/fields/fields.hpp>
#include <psyne/core/message/fields/leaf.hpp>

#include <cstddef>
#include <cstring>
#include <memory>
#include <type_traits>

namespace psyne::inline v0 {

namespace fields {

template <class T>
consteval std::size_t value_bytes();

template <class... Field>
consteval std::size_t sum_of_value_bytes(TypeList<Field...>) {
  return (value_bytes<Field>() + ... + 0);
}

template <class T>
consteval std::size_t value_bytes() {
  if constexpr (Leaf<T> || Vouched<T>) {
    return sizeof(T);
  } else if constexpr (IsArray<T>) {
    return Array<T>::size * value_bytes<typename Array<T>::Element>();
  } else {
    return sum_of_value_bytes(typename Fields<T>::Types{});
  }
}

template <class T>
inline constexpr bool padded = value_bytes<T>() != sizeof(T);

/// Calls value(offset, bytes) and gap(offset, bytes) in ascending order for what of a T is value and what padding.
template <class T, class Value, class Gap>
constexpr void for_each_part(std::size_t base, const Value& value, const Gap& gap) {
  if constexpr (!padded<T>) {
    value(base, sizeof(T));
  } else if constexpr (value_bytes<T>() == 0) {
    gap(base, sizeof(T));
  } else if constexpr (IsArray<T>) {
    using Element = typename Array<T>::Element;
    for (std::size_t index = 0; index < Array<T>::size; ++index) {
      for_each_part<Element>(base + index * sizeof(Element), value, gap);
    }
  } else {
    std::size_t end = 0;
    Fields<T>::for_each([&]<class Field>(std::size_t offset) {
      if (end != offset) gap(base + end, offset - end);
      for_each_part<Field>(base + offset, value, gap);
      end = offset + sizeof(Field);
    });
    if (end != sizeof(T)) gap(base + end, sizeof(T) - end);
  }
}

}  // namespace fields

/// True when some bytes of a T belong to no field. What stands in them is whatever the stack held before, so such a
/// type must not be sent by memcpy.
template <class T>
inline constexpr bool has_padding = fields::padded<std::remove_cv_t<T>>;

/// Copies the fields of `source` to `target` and writes zero where T has padding; `target` may be shared memory, which
/// at no time holds a byte that is not a field's. A memcpy where T has no padding.
template <class T>
void copy_without_padding(std::byte* target, const T& source) noexcept {
  if constexpr (!has_padding<T>) {
    std::memcpy(target, std::addressof(source), sizeof(T));
  } else {
    const auto* bytes = reinterpret_cast<const std::byte*>(std::addressof(source));
    fields::for_each_part<T>(
        0, [&](std::size_t at, std::size_t size) { std::memcpy(target + at, bytes + at, size); },
        [&](std::size_t at, std::size_t size) { std::memset(target + at, 0, size); });
  }
}

/// Writes zero to the padding of the T at `object`, and nothing else: for a T that was filled in place.
template <class T>
void zero_padding(std::byte* object) noexcept {
  if constexpr (has_padding<T>) {
    fields::for_each_part<T>(
        0, [](std::size_t, std::size_t) {},
        [&](std::size_t at, std::size_t size) { std::memset(object + at, 0, size); });
  }
}

}  // namespace psyne::inline v0
