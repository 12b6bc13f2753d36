#pragma once

#include <psyne/core/message/fields/fields.hpp>
#include <psyne/core/message/fields/leaf.hpp>
#include <psyne/core/message/schema.hpp>

#include <cstddef>
#include <string_view>

namespace psyne::inline v0::fields {

/// Appends the canonical text of T (docs/messages.md) to a SchemaHash or a string: "u64", "f32[2][3]",
/// "{u64@0,f64@8;16;8}".
template <class T, class Text>
constexpr void append_canonical(Text& text);

template <class T, class Text>
constexpr void append_extents(Text& text) {
  if constexpr (IsArray<T>) {
    text += "[";
    canonical::append_number(text, Array<T>::size);
    text += "]";
    append_extents<typename Array<T>::Element>(text);
  }
}

template <class T>
struct Innermost {
  using Type = T;
};
template <IsArray T>
struct Innermost<T> : Innermost<typename Array<T>::Element> {};

template <class T, class Text>
constexpr void append_aggregate(Text& text) {
  text += "{";
  if constexpr (Vouched<T>) {
    text += vouched_schema<T>;
  } else {
    bool first = true;
    Fields<T>::for_each([&]<class Field>(std::size_t offset) {
      if (!first) text += ",";
      first = false;
      append_canonical<Field>(text);
      text += "@";
      canonical::append_number(text, offset);
    });
  }
  text += ";";
  canonical::append_number(text, sizeof(T));
  text += ";";
  canonical::append_number(text, alignof(T));
  text += "}";
}

template <class T, class Text>
constexpr void append_canonical(Text& text) {
  using Plain = std::remove_cv_t<T>;
  if constexpr (IsArray<Plain>) {
    append_canonical<typename Innermost<Plain>::Type>(text);
    append_extents<Plain>(text);
  } else if constexpr (Leaf<Plain>) {
    text += leaf_name<Plain>();
  } else {
    append_aggregate<Plain>(text);
  }
}

}  // namespace psyne::inline v0::fields
