#pragma once

#include <psyne/core/channel/take_front.hpp>
#include <psyne/core/message/message.hpp>
#include <psyne/patterns/envelope/envelope.hpp>
#include <psyne/patterns/publication/publication_header.hpp>

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace psyne::inline v0 {

/// A topic and a message of type T in one record, the message as it would lie in a record of its own.
template <class T>
class Publication {
 public:
  Publication() = delete;

  static constexpr std::size_t alignment = std::max<std::size_t>(
      [] {
        if constexpr (Message<T>::fixed) {
          return alignof(T);
        } else {
          return Message<T>::alignment;
        }
      }(),
      8);

  /// Where the message begins behind a topic of that many bytes.
  static constexpr std::size_t begin(std::size_t topic) noexcept {
    return (sizeof(PublicationHeader) + topic + alignment - 1) / alignment * alignment;
  }
  /// Writes what stands in front of the message, and zero between.
  static void write_front(std::span<std::byte> record, const PublicationHeader& header,
                          std::string_view topic) noexcept {
    std::memcpy(record.data(), &header, sizeof header);
    std::ranges::copy(std::as_bytes(std::span(topic)), record.data() + sizeof header);
    const std::size_t end = sizeof header + topic.size();
    std::memset(record.data() + end, 0, begin(topic.size()) - end);
  }

  /// What a sender writes: all of the record.
  struct Writable {
    std::span<std::byte> record;
  };
  /// What a receiver reads.
  struct Readable {
    PublicationHeader header;
    std::string_view topic;
    std::optional<HeldFor<T>> value;  ///< there where the header says so
  };
};

template <class T>
struct Message<Publication<T>> {
  static constexpr bool fixed = false;
  static constexpr std::size_t alignment = cache_line;
  static constexpr std::uint64_t schema = envelope_schema<PublicationHeader, T>();
  static std::string describe() { return std::string(text) + "(" + Message<T>::describe() + ")"; }

  using Shape = std::size_t;  ///< bytes of the record
  using Writable = typename Publication<T>::Writable;
  using Readable = typename Publication<T>::Readable;

  static Result<std::size_t> bytes(Shape bytes) { return bytes; }
  static Result<Writable> write(std::span<std::byte> record, Shape bytes) {
    if (auto space = record::check_space(record, bytes, text); !space) return space.error();
    return Writable{record};
  }

  static Result<Readable> read(std::span<const std::byte> record) {
    auto header = record::read_header<PublicationHeader>(record, text);
    if (!header) [[unlikely]]
      return header.error();
    if (header->kind > PublicationKind::end || header->topic > longest_topic || header->reserved != 0) [[unlikely]]
      return record::corrupted(text, "its header has values that none has");
    if (!header->holds_value()) return Readable{*header, {}, {}};
    const std::size_t begin = Publication<T>::begin(header->topic);
    if (record.size() < begin) [[unlikely]]
      return record::corrupted(text, std::to_string(record.size()) + " bytes are less than its topic needs");
    const auto* letters = reinterpret_cast<const char*>(record.data() + sizeof *header);
    const auto rest = record.subspan(begin);
    if constexpr (Message<T>::fixed) {
      if (rest.size() != sizeof(T)) [[unlikely]]
        return record::corrupted(text, std::to_string(rest.size()) + " bytes are no value of its type");
    }
    auto value = read_payload<T>(rest);
    if (!value) [[unlikely]]
      return value.error();
    return Readable{*header, std::string_view(letters, header->topic), std::move(*value)};
  }

 private:
  static constexpr std::string_view text = PublicationHeader::psyne_name;
};

}  // namespace psyne::inline v0
