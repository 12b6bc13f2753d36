#pragma once

#include <psyne/core/message/batch/batch_layout.hpp>
#include <psyne/core/message/batch/batch_view.hpp>
#include <psyne/core/message/batch/batch_writer.hpp>
#include <psyne/core/message/fixed.hpp>
#include <psyne/core/message/record.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>

namespace psyne::inline v0 {

/// Names messages that are many messages of type T at once: an array where T is fixed, records with a table of where
/// they lie where it is not.
template <class T>
struct Batch {
  Batch() = delete;
};

namespace batch {

/// Appends the text that is hashed.
template <class T, class Text>
constexpr void append_schema(Text& text) {
  if constexpr (Message<T>::fixed) {
    fields::append_schema<T>(text);
  } else if constexpr (requires { Message<T>::text; }) {
    text += Message<T>::text;
  } else {
    Message<T>::append_schema(text);
  }
}

/// What batches of fixed and of variable messages have in common.
template <class T>
struct Schema {
  static constexpr bool fixed = false;
  static constexpr std::size_t alignment = cache_line;

  template <class Text>
  static constexpr void append_schema(Text& text) {
    text += "batch/1(";
    batch::append_schema<T>(text);
    text += ")";
  }
  static constexpr std::uint64_t schema = [] {
    SchemaHash hash;
    append_schema(hash);
    return hash.value();
  }();
  static std::string describe() {
    std::string text;
    append_schema(text);
    return text;
  }
};

}  // namespace batch

template <class T>
  requires(Message<T>::fixed)
struct Message<Batch<T>> : batch::Schema<T> {
  using Shape = std::size_t;  ///< how many
  using Writable = BatchWriter<T>;
  using Readable = std::span<const T>;

  static Result<std::size_t> bytes(Shape count) { return record::to_reserve(size(count), type); }

  static Result<Writable> write(std::span<std::byte> record, Shape count) {
    if (auto space = record::check_space(record, size(count), type); !space) return space.error();
    if (!record::is_aligned(record, alignof(T))) return record::misaligned(type);
    return Writable(record::section<T>(record, 0, count));
  }

  /// Also checks every value where Message<T>::check() can fail.
  static Result<Readable> read(std::span<const std::byte> record) {
    if (!record::is_aligned(record, std::max<std::size_t>(alignof(T), 8))) return record::misaligned(type);
    if (record.size() % sizeof(T) != 0) {
      return record::corrupted(
          type, std::to_string(record.size()) + " bytes are no whole number of " + batch::Schema<T>::describe());
    }
    const auto values = record::section<T>(record, 0, record.size() / sizeof(T));
    if constexpr (Message<T>::needs_check) {
      for (const T& value : values) {
        if (auto valid = Message<T>::check(value); !valid) return valid.error();
      }
    }
    return values;
  }

 private:
  static constexpr std::string_view type = "batch/1";
  static constexpr record::Size size(Shape count) { return record::Size(count) * sizeof(T); }
};

/// What a sender reserves for a batch of variable messages.
struct BatchShape {
  std::uint64_t records{0};  ///< at most so many
  std::uint64_t room{0};     ///< bytes for them: the sum of Message<Batch<T>>::room(shape) is always enough
};

template <class T>
  requires(!Message<T>::fixed)
struct Message<Batch<T>> : batch::Schema<T> {
  using Shape = BatchShape;
  using Writable = BatchAppender<T>;
  using Readable = BatchView<T>;

  /// The room that one message of this shape takes at most, whatever stands before it.
  static Result<std::size_t> room(const typename Message<T>::Shape& shape) {
    const auto bytes = Message<T>::bytes(shape);
    if (!bytes) return bytes;
    return record::to_reserve(record::Size(*bytes).aligned(8) + (batch::start_alignment(*bytes) - 8), type);
  }

  static Result<std::size_t> bytes(const Shape& shape) {
    return record::to_reserve(batch::layout(header_of(shape)).bytes, type);
  }

  /// Zeroes the record: what add() leaves unused shows nothing of what lay there before.
  static Result<Writable> write(std::span<std::byte> record, const Shape& shape) {
    const batch::Header header = header_of(shape);
    if (auto space = record::check_space(record, batch::layout(header).bytes, type); !space) return space.error();
    std::fill(record.begin(), record.end(), std::byte{0});
    std::memcpy(record.data(), &header, sizeof header);
    return Writable(record, header);
  }

  static Result<Readable> read(std::span<const std::byte> record) {
    if (!record::is_aligned(record)) return record::misaligned(type);
    const auto header = record::read_header<batch::Header>(record, type);
    if (!header) return header.error();
    if (auto length = record::check_length(record, batch::layout(*header).bytes, type); !length) return length.error();
    if (header->used > header->capacity) return record::corrupted(type, "it has more messages than its table");
    return Readable(record, *header);
  }

 private:
  static constexpr std::string_view type = "batch/1";
  static batch::Header header_of(const Shape& shape) {
    return {.capacity = shape.records, .used = 0, .room = shape.room};
  }
};

}  // namespace psyne::inline v0
