#pragma once

#include <psyne/core/message/fixed.hpp>
#include <psyne/core/message/record.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

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

}  // namespace batch

/// The values of a batch of fixed messages, to be filled.
template <class T>
class BatchWriter {
 public:
  explicit BatchWriter(std::span<T> values) noexcept : values_(values) {}

  std::size_t size() const noexcept { return values_.size(); }
  /// Stores `value` at `index`, and nothing of its padding.
  void set(std::size_t index, const T& value) const noexcept {
    copy_without_padding(reinterpret_cast<std::byte*>(&values_[index]), value);
  }
  /// All values, where T has no padding that an assignment could carry along.
  std::span<T> span() const noexcept
    requires(!has_padding<T>)
  {
    return values_;
  }

 private:
  std::span<T> values_;
};

template <class T>
  requires(Message<T>::fixed)
struct Message<Batch<T>> {
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
      return record::corrupted(type, std::to_string(record.size()) + " bytes are no whole number of " + describe());
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

namespace batch {

/// As it lies at the start of a record.
struct Header {
  std::uint64_t capacity;  ///< entries in the table
  std::uint64_t used;      ///< of them
  std::uint64_t room;      ///< bytes after the table
};

/// Where one record lies, in bytes from the start of the batch's.
struct Entry {
  std::uint64_t begin;
  std::uint64_t bytes;
};

/// A record that fits a line starts at a multiple of 8, a larger one on a line.
constexpr std::uint64_t start_alignment(std::uint64_t bytes) noexcept { return bytes <= cache_line ? 8 : cache_line; }

constexpr record::Layout<2> layout(const Header& header) noexcept {
  return record::lay_out<2>(sizeof(Header), {{{header.capacity, sizeof(Entry)}, {header.room, 1}}});
}

}  // namespace batch

/// Appends variable messages to a batch. One writer per draft: it counts what it added, so copies of it must not be
/// used.
template <class T>
class BatchAppender {
 public:
  using Shape = typename Message<T>::Shape;
  using Writable = typename Message<T>::Writable;

  BatchAppender(std::span<std::byte> record, const batch::Header& header) noexcept
      : record_(record),
        header_(header),
        table_(batch::layout(header).begin[0]),
        end_(batch::layout(header).begin[1]) {}

  std::size_t size() const noexcept { return header_.used; }

  /// The next message, to be filled; Code::too_large when the table or the room is used up.
  Result<Writable> add(const Shape& shape) {
    const auto bytes = Message<T>::bytes(shape);
    if (!bytes) return bytes.error();
    const record::Size begin = record::Size(end_).aligned(batch::start_alignment(*bytes));
    const record::Size end = begin + *bytes;
    if (header_.used == header_.capacity || !end.fits() || end.value() > record_.size()) return full(*bytes);
    auto message = Message<T>::write(record_.subspan(begin.value(), *bytes), shape);
    if (!message) return message;
    const batch::Entry entry{begin.value(), *bytes};
    std::memcpy(record_.data() + table_ + header_.used * sizeof entry, &entry, sizeof entry);
    ++header_.used;
    std::memcpy(record_.data(), &header_, sizeof header_);
    end_ = end.value();
    return message;
  }

 private:
  Error full(std::size_t bytes) const {
    return Error(Code::too_large, "cannot add a message of " + std::to_string(bytes) + " bytes to a batch")
        .because("it has " + std::to_string(header_.used) + " of " + std::to_string(header_.capacity) +
                 " messages and " + std::to_string(record_.size() - end_) + " bytes left")
        .mend("Reserve more records or room.");
  }

  std::span<std::byte> record_;
  batch::Header header_;
  std::uint64_t table_;
  std::uint64_t end_;
};

/// The messages of a batch, each checked when it is looked at.
template <class T>
class BatchView {
 public:
  using Readable = typename Message<T>::Readable;

  BatchView(std::span<const std::byte> record, const batch::Header& header) noexcept
      : record_(record),
        table_(batch::layout(header).begin[0]),
        area_(batch::layout(header).begin[1]),
        size_(header.used) {}

  std::size_t size() const noexcept { return size_; }

  /// Message `index` (below size()); Code::corrupted when it is not inside the batch or not a T.
  Result<Readable> operator[](std::size_t index) const {
    batch::Entry entry{};
    record::copy_once(&entry, record_.subspan(table_ + index * sizeof entry, sizeof entry));
    const record::Size end = record::Size(entry.begin) + entry.bytes;
    if (entry.begin < area_ || !end.fits() || end.value() > record_.size()) return misplaced(index, "is outside of it");
    if (entry.begin % batch::start_alignment(entry.bytes) != 0) return misplaced(index, "is not aligned");
    return Message<T>::read(record_.subspan(entry.begin, entry.bytes));
  }

 private:
  static Error misplaced(std::size_t index, std::string_view how) {
    return record::corrupted("batch/1", "its message " + std::to_string(index) + " " + std::string(how));
  }

  std::span<const std::byte> record_;
  std::uint64_t table_;
  std::uint64_t area_;
  std::uint64_t size_;
};

template <class T>
  requires(!Message<T>::fixed)
struct Message<Batch<T>> {
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
