#pragma once

#include <psyne/core/message/batch/batch_layout.hpp>
#include <psyne/core/message/fixed.hpp>
#include <psyne/core/message/record.hpp>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>

namespace psyne::inline v0 {

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

}  // namespace psyne::inline v0
