#pragma once

#include <psyne/core/atomics/cache_line.hpp>
#include <psyne/core/message/fields/canonical.hpp>
#include <psyne/core/message/fields/check.hpp>
#include <psyne/core/message/fields/obstacle.hpp>
#include <psyne/core/message/fields/padding.hpp>
#include <psyne/core/message/schema.hpp>
#include <psyne/core/result/result.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

namespace psyne::inline v0 {

namespace fields {

/// Appends the text that is hashed: that of the fields, preceded by a name where T says
/// `static constexpr std::string_view psyne_name = "Tick"`.
template <class T, class Text>
constexpr void append_schema(Text& text) {
  if constexpr (requires { std::string_view(T::psyne_name); }) {
    text += std::string_view(T::psyne_name);
    text += ":";
  }
  append_canonical<T>(text);
}

/// The sentence that the compiler prints when T cannot be a message.
template <class T>
consteval bool assert_message() {
  constexpr Obstacle found = message_obstacle<T>;
  static_assert(found != Obstacle::pointer,
                "psyne: this type holds a pointer or reference, which means nothing in another process. "
                "Send the bytes that it points to: an array in the struct, or a psyne::ByteVector.");
  static_assert(found != Obstacle::polymorphic,
                "psyne: this type has virtual functions, whose hidden pointer means nothing in another process. "
                "Send a plain struct of its data.");
  static_assert(
      found != Obstacle::not_trivially_copyable,
      "psyne: this type is not trivially copyable (std::string, std::vector or a copy constructor in it?), so "
      "its bytes are not its value. Send a plain struct, or one of psyne's vectors.");
  static_assert(found != Obstacle::over_aligned,
                "psyne: this type is aligned to more than a cache line (64 bytes), which a ring does not keep.");
  static_assert(found != Obstacle::unportable,
                "psyne: this type holds a long double, a 128-bit integer or the like, which differs between compilers "
                "and languages. Use double, or two 64-bit integers.");
  static_assert(found != Obstacle::is_union,
                "psyne: this type holds a union, and nobody can see which member is meant. Give the union "
                "`static constexpr std::string_view psyne_schema = \"...\"`, or send a struct.");
  static_assert(found != Obstacle::private_fields,
                "psyne cannot see the fields of this type (private fields, or constructors). Give it "
                "`static constexpr auto psyne_fields() { return std::tuple(&T::a_, &T::b_); }`.");
  static_assert(found != Obstacle::base_class,
                "psyne cannot see the fields of this type, because some are in a base class. Make the base a field, or "
                "give the type `static constexpr auto psyne_fields() { return std::tuple(&T::a, &T::b); }`.");
  static_assert(found != Obstacle::too_many_fields,
                "psyne walks at most 32 fields of one struct by itself. Group them in nested structs, or give the type "
                "`static constexpr auto psyne_fields() { return std::tuple(&T::a, &T::b); }`.");
  static_assert(
      found != Obstacle::unwalkable,
      "psyne cannot see the fields of this type: one of them cannot be initialised by `{}` (a reference, or a "
      "class without a default constructor).");
  static_assert(found != Obstacle::overlapping,
                "psyne: psyne_fields() lists this type's fields out of order or twice, or fields of it share bytes "
                "([[no_unique_address]]). List each once, in order of declaration.");
  return found == Obstacle::none;
}

}  // namespace fields

/// The traits of a message type (message.hpp has the contract); this is the one of every type of fixed size: numbers,
/// enums, std::array and structs of them, whose bytes travel without a header.
template <class T>
struct Message {
  static_assert(fields::assert_message<T>());

  static constexpr bool fixed = true;

  /// What is bigger than a line starts on one.
  static constexpr std::size_t alignment = sizeof(T) > cache_line ? cache_line : alignof(T);

  static constexpr std::uint64_t schema = [] {
    SchemaHash hash;
    fields::append_schema<T>(hash);
    return hash.value();
  }();

  /// True when check() can fail. The sender of a shared lane may change bytes after a check: copy a message's bytes
  /// first and check the copy, as receivers do.
  static constexpr bool needs_check = fields::needs_check<T>();

  /// The text that is hashed, with the type's name where it has none of its own: "Tick{u64@0,f64@8;16;8}".
  static std::string describe() {
    std::string text;
    if constexpr (std::is_class_v<T> && !fields::Leaf<T> && !fields::IsArray<T> && !requires { T::psyne_name; }) {
      text += canonical::type_name<T>();
    }
    fields::append_schema<T>(text);
    return text;
  }

  /// Code::corrupted when a bool is neither 0 nor 1, or an enum with psyne_valid() holds none of its values.
  static Result<void> check(const T& message) {
    if constexpr (needs_check) {
      fields::BadValue bad;
      fields::find_bad_value<T>(reinterpret_cast<const std::byte*>(std::addressof(message)), 0, bad);
      if (bad.found) [[unlikely]] {
        return Error(Code::corrupted, "cannot read a message of type " + describe())
            .because("the " + std::string(bad.kind) + " at byte " + std::to_string(bad.offset) + " holds " +
                     std::to_string(bad.number));
      }
    }
    return {};
  }
};

}  // namespace psyne::inline v0
