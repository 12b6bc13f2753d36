#pragma once

#include <psyne/core/message/fields/padding.hpp>
#include <psyne/core/message/message.hpp>
#include <psyne/core/message/record.hpp>
#include <psyne/core/result/result.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace psyne::inline v0 {

/// What a pattern puts in front of a user's message: a plain struct without padding, at most a cache line, with a name
/// for schemas: `static constexpr std::string_view psyne_name = "ask/1"`.
template <class Header>
concept EnvelopeHeader = std::is_trivially_copyable_v<Header> && !has_padding<Header> && sizeof(Header) <= cache_line &&
                         requires { std::string_view(Header::psyne_name); };

/// A header whose envelope may hold words in place of the message, and says so: `bool holds_text() const`.
template <class Header>
concept MayHoldText = requires(const Header& header) { static_cast<bool>(header.holds_text()); };

template <class Header>
constexpr bool holds_text(const Header& header) noexcept {
  if constexpr (MayHoldText<Header>) {
    return header.holds_text();
  } else {
    return false;
  }
}

/// A message that is a header and a message of type T in one record, so that the user's message is written and read in
/// place as it would be by itself. Of a T of fixed size it is a value of fixed size; else it names the message type.
///
/// Where the header may say so, text lies in place of the message: a failure travels where the answer would have.
template <EnvelopeHeader Header, class T>
class Envelope {
 public:
  static constexpr std::string_view psyne_schema = Header::psyne_name;  // every byte of it is value
  static constexpr std::size_t begin = (sizeof(Header) + alignof(T) - 1) / alignof(T) * alignof(T);
  static constexpr std::size_t alignment = std::max(alignof(T), alignof(std::uint64_t));
  /// With text at least 40 bytes: with a header of 16 and the record's word that is one cache line.
  static constexpr std::size_t room = MayHoldText<Header> ? std::max<std::size_t>(sizeof(T), 40) : sizeof(T);

  Envelope() noexcept = default;
  Envelope(const Header& header, const T& body) noexcept {
    set_header(header);
    copy_without_padding(bytes_.data() + begin, body);
  }
  /// Text in place of a message: as much of it as there is room for.
  Envelope(const Header& header, std::string_view text) noexcept
    requires(MayHoldText<Header>)
  {
    set_header(header);
    std::memcpy(bytes_.data() + begin, text.data(), std::min(text.size(), room));
  }

  /// A copy: what is decided on is not read again, for a peer may change it meanwhile.
  Header header() const noexcept {
    Header copy;
    record::copy_once(&copy, std::span(bytes_).template first<sizeof(Header)>());
    return copy;
  }
  void set_header(const Header& header) noexcept { std::memcpy(bytes_.data(), &header, sizeof header); }

  T& body() noexcept { return *std::launder(reinterpret_cast<T*>(bytes_.data() + begin)); }
  const T& body() const noexcept { return *std::launder(reinterpret_cast<const T*>(bytes_.data() + begin)); }
  std::span<const std::byte> text() const noexcept { return std::span(bytes_).template subspan<begin, room>(); }
  /// Of a body that was written in place: no byte of it is what lay there before.
  void zero_body_padding() noexcept { zero_padding<T>(bytes_.data() + begin); }

 private:
  alignas(alignment) std::array<std::byte, (begin + room + alignment - 1) / alignment * alignment> bytes_{};
};

template <EnvelopeHeader Header, class T>
  requires(!Message<T>::fixed)
class Envelope<Header, T> {
 public:
  Envelope() = delete;

  /// What a sender writes: its header, and the message or text.
  struct Writable {
    Header* in_place;
    std::optional<typename Message<T>::Writable> message;
    std::span<char> characters;

    void set_header(const Header& header) noexcept { std::memcpy(in_place, &header, sizeof header); }
    auto& body() noexcept { return *message; }
  };
  /// What a receiver reads.
  struct Readable {
    Header copy;
    std::optional<typename Message<T>::Readable> message;
    std::span<const std::byte> characters;

    const Header& header() const noexcept { return copy; }
    const auto& body() const noexcept { return *message; }
    std::span<const std::byte> text() const noexcept { return characters; }
  };
  /// How large: the message's own shape, or so many characters.
  struct Shape {
    std::optional<typename Message<T>::Shape> message;
    std::size_t characters = 0;
  };
};

/// Equal on both sides only where header and message type are.
template <class Header, class T>
constexpr std::uint64_t envelope_schema() noexcept {
  SchemaHash hash;
  hash += Header::psyne_name;
  hash += "(";
  canonical::append_number(hash, Message<T>::schema);
  hash += ")";
  return hash.value();
}

template <EnvelopeHeader Header, class T>
  requires(Message<T>::fixed)
struct Message<Envelope<Header, T>> {
  static constexpr bool fixed = true;
  static constexpr std::size_t alignment = sizeof(Envelope<Header, T>) > cache_line ? cache_line
                                                                                    : alignof(Envelope<Header, T>);
  static constexpr std::uint64_t schema = envelope_schema<Header, T>();
  static constexpr bool needs_check = Message<T>::needs_check;

  static std::string describe() { return std::string(Header::psyne_name) + "(" + Message<T>::describe() + ")"; }
  static Result<void> check(const Envelope<Header, T>& envelope) {
    if (holds_text(envelope.header())) return {};
    return Message<T>::check(envelope.body());
  }
};

/// The header takes a cache line, so that the message behind it is aligned as it would be by itself.
template <EnvelopeHeader Header, class T>
  requires(!Message<T>::fixed)
struct Message<Envelope<Header, T>> {
  static constexpr bool fixed = false;
  static constexpr std::size_t alignment = cache_line;
  static constexpr std::uint64_t schema = envelope_schema<Header, T>();
  static std::string describe() { return std::string(Header::psyne_name) + "(" + Message<T>::describe() + ")"; }

  using Shape = typename Envelope<Header, T>::Shape;
  using Writable = typename Envelope<Header, T>::Writable;
  using Readable = typename Envelope<Header, T>::Readable;

  static Result<std::size_t> bytes(const Shape& shape) {
    auto body = shape.message ? Message<T>::bytes(*shape.message) : Result<std::size_t>(shape.characters);
    if (!body) return body;
    return record::to_reserve(record::Size(*body) + cache_line, Header::psyne_name);
  }

  static Result<Writable> write(std::span<std::byte> record, const Shape& shape) {
    auto needed = bytes(shape);
    if (!needed) return needed.error();
    if (auto space = record::check_space(record, *needed, Header::psyne_name); !space) return space.error();
    std::memset(record.data(), 0, cache_line);
    Writable writable{reinterpret_cast<Header*>(record.data()), {}, {}};
    const auto rest = record.subspan(cache_line);
    if (shape.message) {
      auto message = Message<T>::write(rest, *shape.message);
      if (!message) return message.error();
      writable.message.emplace(std::move(*message));
    } else {
      writable.characters = record::section<char>(rest, 0, rest.size());
    }
    return writable;
  }

  static Result<Readable> read(std::span<const std::byte> record) {
    auto header = record::read_header<Header>(record, Header::psyne_name);
    if (!header) return header.error();
    if (record.size() < cache_line) {
      return record::corrupted(Header::psyne_name, std::to_string(record.size()) + " bytes are less than its header");
    }
    Readable readable{*header, {}, {}};
    const auto rest = record.subspan(cache_line);
    if (holds_text(*header)) {
      readable.characters = rest;
    } else {
      auto message = Message<T>::read(rest);
      if (!message) return message.error();
      readable.message.emplace(std::move(*message));
    }
    return readable;
  }
};

}  // namespace psyne::inline v0
