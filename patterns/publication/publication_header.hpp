#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace psyne::inline v0 {

/// What a record of a publication is. Values are the wire's.
enum class PublicationKind : std::uint16_t {
  message,   ///< topic and value
  replayed,  ///< the same, published before the subscriber came
  greeting,  ///< the publisher knows the subscriber and not its prefixes: tell them; no topic, no value, no number
  end,       ///< the publisher closes; `number` is that of the last message, though that may have been dropped
};

/// What stands in front of every record of a publication; the topic's bytes follow, then the value, aligned.
struct PublicationHeader {
  static constexpr std::string_view psyne_name = "publication/1";

  std::uint64_t number = 0;  ///< of the messages that were meant for this subscriber, dropped ones included; from 1
  PublicationKind kind = PublicationKind::message;
  std::uint16_t topic = 0;  ///< bytes of it
  std::uint32_t reserved = 0;

  bool holds_value() const noexcept { return kind == PublicationKind::message || kind == PublicationKind::replayed; }
};

/// Bytes of a topic, and of a prefix.
inline constexpr std::size_t longest_topic = 255;

}  // namespace psyne::inline v0
