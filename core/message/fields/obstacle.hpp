#pragma once

#include <psyne/core/atomics/cache_line.hpp>
#include <psyne/core/message/fields/fields.hpp>
#include <psyne/core/message/fields/leaf.hpp>

#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace psyne::inline v0 {

/// Why a type cannot be a message that travels as its bytes.
enum class Obstacle : std::uint8_t {
  none,
  pointer,                 ///< a pointer or reference means nothing in another process
  polymorphic,             ///< virtual functions: a hidden pointer
  not_trivially_copyable,  ///< its bytes are not its value
  over_aligned,            ///< alignment above a cache line is not kept in a ring
  unportable,              ///< long double, a 128-bit integer: differs between compilers and languages
  is_union,                ///< nobody can know which member is meant
  private_fields,          ///< private fields or constructors: psyne cannot see the fields
  base_class,              ///< fields in a base class
  too_many_fields,         ///< more than most_fields
  unwalkable,              ///< a field that `{}` cannot initialise, such as a reference
  overlapping,             ///< fields listed out of order or twice, or sharing bytes
};

namespace fields {

template <class T>
consteval Obstacle obstacle();

template <class... Field>
consteval Obstacle first_obstacle(TypeList<Field...>) {
  Obstacle first = Obstacle::none;
  static_cast<void>(((first = obstacle<Field>(), first == Obstacle::none) && ...));
  return first;
}

template <class T>
consteval Obstacle obstacle_of_fields() {
  for (const std::size_t offset : Fields<T>::offsets) {
    if (offset == sizeof(T)) return Obstacle::overlapping;
  }
  return first_obstacle(typename Fields<T>::Types{});
}

/// What hides the fields of the class T from psyne.
template <class T>
consteval Obstacle obstacle_to_seeing() {
  if constexpr (ListsFields<T>) {
    return Obstacle::none;
  } else if constexpr (std::is_union_v<T>) {
    return Obstacle::is_union;
  } else if constexpr (!std::is_aggregate_v<T>) {
    return Obstacle::private_fields;
  } else if constexpr (has_base<T>) {
    return Obstacle::base_class;
  } else if constexpr (field_count<T>() > most_fields) {
    return Obstacle::too_many_fields;
  } else {
    return field_count<T>() == 0 && !std::is_empty_v<T> ? Obstacle::unwalkable : Obstacle::none;
  }
}

template <class T>
consteval Obstacle obstacle_of_class() {
  if constexpr (std::is_polymorphic_v<T>) {
    return Obstacle::polymorphic;
  } else if constexpr (!std::is_trivially_copyable_v<T>) {
    return Obstacle::not_trivially_copyable;
  } else if constexpr (Vouched<T>) {
    return Obstacle::none;
  } else if constexpr (obstacle_to_seeing<T>() != Obstacle::none) {
    return obstacle_to_seeing<T>();
  } else {
    return obstacle_of_fields<T>();
  }
}

template <class T>
consteval Obstacle obstacle() {
  if constexpr (std::is_pointer_v<T> || std::is_member_pointer_v<T> || std::is_reference_v<T> ||
                std::is_null_pointer_v<T>) {
    return Obstacle::pointer;
  } else if constexpr (alignof(T) > cache_line) {
    return Obstacle::over_aligned;
  } else if constexpr (Leaf<T>) {
    return Obstacle::none;
  } else if constexpr (IsArray<T>) {
    return obstacle<typename Array<T>::Element>();
  } else if constexpr (std::is_class_v<T> || std::is_union_v<T>) {
    return obstacle_of_class<T>();
  } else {
    return Obstacle::unportable;
  }
}

}  // namespace fields

/// What keeps T from being a message of fixed size; Obstacle::none for a type that is one.
template <class T>
inline constexpr Obstacle message_obstacle = fields::obstacle<std::remove_cv_t<T>>();

}  // namespace psyne::inline v0
