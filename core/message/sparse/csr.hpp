#pragma once

#include <psyne/core/message/fixed.hpp>
#include <psyne/core/message/record.hpp>
#include <psyne/core/message/sparse/indices.hpp>
#include <psyne/core/message/tensor/dtype.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace psyne::inline v0 {

/// Names messages that are sparse matrices in compressed rows: row r has the values and columns from row_pointers[r] to
/// row_pointers[r + 1].
template <Number E, Index I = std::int32_t, Indices checking = Indices::checked>
struct Csr {
  Csr() = delete;
};

using CsrMatrix = Csr<float>;
using DoubleCsrMatrix = Csr<double>;

/// A view of a sparse matrix in a record. `E` and `I` are const for a receiver.
template <class E, class I>
class CsrView {
 public:
  using PlainIndex = std::remove_const_t<I>;

  /// One row; both spans have its number of nonzeros.
  struct Row {
    std::span<I> columns;
    std::span<E> values;
  };

  CsrView(const SparseShape& shape, std::span<E> values, std::span<I> row_pointers, std::span<I> columns) noexcept
      : shape_(shape), values_(values), row_pointers_(row_pointers), column_indices_(columns) {}

  std::size_t rows() const noexcept { return shape_.rows; }
  std::size_t columns() const noexcept { return shape_.columns; }
  std::size_t nonzeros() const noexcept { return shape_.nonzeros; }

  std::span<E> values() const noexcept { return values_; }
  std::span<I> row_pointers() const noexcept { return row_pointers_; }  ///< rows() + 1 of them
  std::span<I> column_indices() const noexcept { return column_indices_; }

  /// Row `index` (below rows()). Never reaches outside the record, whatever a peer writes to the row pointers
  /// meanwhile: they are read once and cut to nonzeros().
  Row row(std::size_t index) const {
    const std::size_t begin = cut(record::read_once(row_pointers_[index]));
    const std::size_t end = std::max(begin, cut(record::read_once(row_pointers_[index + 1])));
    return {column_indices_.subspan(begin, end - begin), values_.subspan(begin, end - begin)};
  }

  /// Code::corrupted unless the row pointers rise from 0 to nonzeros() and every column index is below columns().
  Result<void> validate() const {
    return check(std::span<const PlainIndex>(row_pointers_), std::span<const PlainIndex>(column_indices_));
  }

  /// Copies both index arrays into memory of the caller and validates the copies: for senders that are not trusted.
  Result<void> copy_indices(std::span<PlainIndex> row_pointers, std::span<PlainIndex> columns) const {
    if (auto room = sparse::check_room(row_pointers.size(), row_pointers_.size(), "row pointer"); !room) return room;
    if (auto room = sparse::check_room(columns.size(), column_indices_.size(), "column index"); !room) return room;
    sparse::copy_indices(std::span<const PlainIndex>(row_pointers_), row_pointers);
    sparse::copy_indices(std::span<const PlainIndex>(column_indices_), columns);
    return check(row_pointers, columns);
  }

 private:
  static constexpr std::string_view type = "csr/1";

  std::size_t cut(PlainIndex pointer) const noexcept {
    return pointer < 0 ? 0 : std::min(static_cast<std::size_t>(pointer), nonzeros());
  }
  Result<void> check(std::span<const PlainIndex> row_pointers, std::span<const PlainIndex> columns) const {
    if (auto rise = sparse::check_row_pointers(row_pointers, shape_.nonzeros, type); !rise) return rise;
    return sparse::check_indices(columns, shape_.columns, "column index", type);
  }

  SparseShape shape_;
  std::span<E> values_;
  std::span<I> row_pointers_;
  std::span<I> column_indices_;
};

template <class E, class I, Indices checking>
struct Message<Csr<E, I, checking>> {
  static constexpr bool fixed = false;
  static constexpr std::size_t alignment = cache_line;
  static constexpr canonical::Text text{"csr/1(", name(dtype_of<E>), ",", name(dtype_of<I>), ")"};
  static constexpr std::uint64_t schema = schema_hash(text);
  static std::string describe() { return std::string(std::string_view(text)); }

  using Shape = SparseShape;
  using Writable = CsrView<E, I>;
  using Readable = CsrView<const E, const I>;

  static Result<std::size_t> bytes(const Shape& shape) { return record::to_reserve(layout(shape).bytes, text); }

  static Result<Writable> write(std::span<std::byte> record, const Shape& shape) {
    const auto where = layout(shape);
    if (auto space = record::check_space(record, where.bytes, text); !space) return space.error();
    record::write_header(record, shape, where);
    return Writable(shape, record::section<E>(record, where.begin[0], shape.nonzeros),
                    record::section<I>(record, where.begin[1], shape.rows + 1),
                    record::section<I>(record, where.begin[2], shape.nonzeros));
  }

  static Result<Readable> read(std::span<const std::byte> record) {
    const auto shape = record::read_header<Shape>(record, text);
    if (!shape) return shape.error();
    const auto where = layout(*shape);
    if (auto length = record::check_length(record, where.bytes, text); !length) return length.error();
    const Readable view(*shape, record::section<E>(record, where.begin[0], shape->nonzeros),
                        record::section<I>(record, where.begin[1], shape->rows + 1),
                        record::section<I>(record, where.begin[2], shape->nonzeros));
    if constexpr (checking == Indices::checked) {
      if (auto valid = view.validate(); !valid) return valid.error();
    }
    return view;
  }

 private:
  static constexpr record::Layout<3> layout(const Shape& shape) {
    if (!sparse::index_fits<I>(shape.rows, shape.columns, shape.nonzeros)) return {.bytes = record::Size::overflow()};
    return record::lay_out<3>(
        sizeof(Shape), {{{shape.nonzeros, sizeof(E)}, {shape.rows + 1, sizeof(I)}, {shape.nonzeros, sizeof(I)}}});
  }
};

}  // namespace psyne::inline v0
