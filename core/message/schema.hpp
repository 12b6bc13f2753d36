#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace psyne::inline v0 {

/// The 64-bit FNV-1a hash (Fowler, Noll, Vo) of a text, taken piece by piece. A schema is that of a message type's
/// canonical text, which docs/messages.md specifies, so that any language can compute it.
class SchemaHash {
 public:
  constexpr SchemaHash& operator+=(std::string_view text) noexcept {
    for (const char letter : text) {
      state_ ^= static_cast<unsigned char>(letter);
      state_ *= 0x0000'0100'0000'01b3u;
    }
    return *this;
  }
  constexpr std::uint64_t value() const noexcept { return state_; }

 private:
  std::uint64_t state_{0xcbf2'9ce4'8422'2325u};
};

constexpr std::uint64_t schema_hash(std::string_view canonical) noexcept { return (SchemaHash() += canonical).value(); }

namespace canonical {

/// Appends `number` in decimal to a SchemaHash or a string.
template <class Text>
constexpr void append_number(Text& text, std::size_t number) {
  char digits[20]{};
  std::size_t begin = sizeof digits;
  do {
    digits[--begin] = static_cast<char>('0' + number % 10);
    number /= 10;
  } while (number != 0);
  text += std::string_view(digits + begin, sizeof digits - begin);
}

/// A short text made while compiling: the canonical text of a variable message type.
class Text {
 public:
  /// `pieces` one after the other.
  template <class... Pieces>
  explicit consteval Text(Pieces... pieces) {
    (append(pieces), ...);
  }
  // NOLINTNEXTLINE(google-explicit-constructor): it is a text
  constexpr operator std::string_view() const noexcept { return {letters_, size_}; }

 private:
  consteval void append(std::string_view piece) {
    for (const char letter : piece) letters_[size_++] = letter;
  }

  char letters_[64]{};
  std::size_t size_{0};
};

template <class T>
consteval std::string_view signature() {
  return __PRETTY_FUNCTION__;
}

/// The unqualified name of T as the compiler writes it, for people: "Tick", "Vec<float, 3>".
template <class T>
consteval std::string_view type_name() {
  std::string_view name = signature<T>();
  name.remove_prefix(name.find("T = ") + 4);
  name = name.substr(0, name.find_first_of(";]"));
  const std::size_t arguments = name.find('<');
  const std::size_t scope = name.substr(0, arguments).rfind("::");
  return scope == std::string_view::npos ? name : name.substr(scope + 2);
}

}  // namespace canonical

}  // namespace psyne::inline v0
