#pragma once

#include <psyne/core/message/fields/bindings.hpp>
#include <psyne/core/message/fields/field_count.hpp>

#include <array>
#include <cstddef>
#include <tuple>
#include <type_traits>

namespace psyne::inline v0::fields {

/// A class whose fields psyne cannot see, or which has too many, lists them itself, in order of declaration:
/// `static constexpr auto psyne_fields() { return std::tuple(&Order::price_, &Order::side_); }`
template <class T>
concept ListsFields = requires { T::psyne_fields(); };

/// Calls `visit` with a pointer to each field of `object`.
template <class T, class Visit>
constexpr decltype(auto) visit_fields(T& object, Visit&& visit) {
  using Plain = std::remove_const_t<T>;
  if constexpr (ListsFields<Plain>) {
    return std::apply([&](auto... member) { return visit(&(object.*member)...); }, Plain::psyne_fields());
  } else {
    return bind_fields<field_count<Plain>()>(object, visit);
  }
}

template <class... Types>
struct TypeList {
  static constexpr std::size_t size = sizeof...(Types);
};

#if defined(__clang__)
#pragma clang diagnostic push
#pragma clang diagnostic ignored "-Wundefined-var-template"
#pragma clang diagnostic ignored "-Wundefined-internal"
#endif

/// A T at an address that the compiler knows, to ask where its fields lie. Declared and never defined, since only
/// addresses are taken, while compiling; so T needs no constructor and no program holds one.
template <class T>
struct Imagined {
  union Place {
    std::byte bytes[sizeof(T)];
    T object;
  };
  static const Place place;
};

/// The fields of the aggregate or field-listing class T: their types, and where they lie.
template <class T>
class Fields {
  static constexpr auto types() {
    return visit_fields(Imagined<T>::place.object,
                        []<class... Field>(const Field*...) { return TypeList<std::remove_const_t<Field>...>{}; });
  }

 public:
  using Types = decltype(types());
  static constexpr std::size_t count = Types::size;

  /// Offset of each field in bytes, measured on the compiler's own layout (alignas and packing included): the bytes
  /// after the field before are tried until one has the field's address. A field that overlaps that one, or is listed
  /// out of order, is not found and gets sizeof(T).
  static constexpr std::array<std::size_t, count> offsets = [] {
    return visit_fields(Imagined<T>::place.object, []<class... Field>(const Field*... field) {
      std::array<std::size_t, count> found{};
      std::size_t index = 0, at = 0;
      const auto find = [&](const void* address, std::size_t size) {
        while (at < sizeof(T) && static_cast<const void*>(&Imagined<T>::place.bytes[at]) != address) ++at;
        found[index++] = at;
        at = at < sizeof(T) ? at + size : at;
      };
      (find(field, sizeof(Field)), ...);
      static_cast<void>(find);
      return found;
    });
  }();

  /// Calls `visit.template operator()<Field>(offset)` for every field in order.
  template <class Visit>
  static constexpr void for_each(Visit&& visit) {
    [&]<class... Field>(TypeList<Field...>) {
      [[maybe_unused]] std::size_t index = 0;
      (visit.template operator()<Field>(offsets[index++]), ...);
    }(Types{});
  }
};

#if defined(__clang__)
#pragma clang diagnostic pop
#endif

}  // namespace psyne::inline v0::fields
