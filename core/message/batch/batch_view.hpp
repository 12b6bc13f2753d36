#pragma once

#include <psyne/core/message/batch/batch_layout.hpp>
#include <psyne/core/message/fixed.hpp>
#include <psyne/core/message/record.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace psyne::inline v0 {

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

}  // namespace psyne::inline v0
