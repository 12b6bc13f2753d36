#pragma once

#include <psyne/core/message/fixed.hpp>
#include <psyne/core/message/record.hpp>
#include <psyne/core/message/sparse/indices.hpp>
#include <psyne/core/message/tensor/dtype.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace psyne::inline v0 {

/// Names messages that are sparse matrices as coordinates: nonzero n is values[n] at (row_indices[n],
/// column_indices[n]). In any order; what is named twice counts as the sum, as in SciPy and PyTorch.
template <Number E, Index I = std::int32_t, Indices checking = Indices::checked>
struct Coo {
  Coo() = delete;
};

using CooMatrix = Coo<float>;
using DoubleCooMatrix = Coo<double>;

/// A view of a sparse matrix in a record. `E` and `I` are const for a receiver.
template <class E, class I>
class CooView {
 public:
  using PlainIndex = std::remove_const_t<I>;

  CooView(const SparseShape& shape, std::span<E> values, std::span<I> rows, std::span<I> columns) noexcept
      : shape_(shape), values_(values), row_indices_(rows), column_indices_(columns) {}

  std::size_t rows() const noexcept { return shape_.rows; }
  std::size_t columns() const noexcept { return shape_.columns; }
  std::size_t nonzeros() const noexcept { return shape_.nonzeros; }

  std::span<E> values() const noexcept { return values_; }
  std::span<I> row_indices() const noexcept { return row_indices_; }
  std::span<I> column_indices() const noexcept { return column_indices_; }

  /// Code::corrupted unless every row index is below rows() and every column index below columns().
  Result<void> validate() const {
    return check(std::span<const PlainIndex>(row_indices_), std::span<const PlainIndex>(column_indices_));
  }

  /// Copies both index arrays into memory of the caller and validates the copies: for senders that are not trusted.
  Result<void> copy_indices(std::span<PlainIndex> rows, std::span<PlainIndex> columns) const {
    if (auto room = sparse::check_room(rows.size(), row_indices_.size(), "row index"); !room) return room;
    if (auto room = sparse::check_room(columns.size(), column_indices_.size(), "column index"); !room) return room;
    sparse::copy_indices(std::span<const PlainIndex>(row_indices_), rows);
    sparse::copy_indices(std::span<const PlainIndex>(column_indices_), columns);
    return check(rows, columns);
  }

 private:
  static constexpr std::string_view type = "coo/1";

  Result<void> check(std::span<const PlainIndex> rows, std::span<const PlainIndex> columns) const {
    if (auto inside = sparse::check_indices(rows, shape_.rows, "row index", type); !inside) return inside;
    return sparse::check_indices(columns, shape_.columns, "column index", type);
  }

  SparseShape shape_;
  std::span<E> values_;
  std::span<I> row_indices_;
  std::span<I> column_indices_;
};

template <class E, class I, Indices checking>
struct Message<Coo<E, I, checking>> {
  static constexpr bool fixed = false;
  static constexpr std::size_t alignment = cache_line;
  static constexpr canonical::Text text{"coo/1(", name(dtype_of<E>), ",", name(dtype_of<I>), ")"};
  static constexpr std::uint64_t schema = schema_hash(text);
  static std::string describe() { return std::string(std::string_view(text)); }

  using Shape = SparseShape;
  using Writable = CooView<E, I>;
  using Readable = CooView<const E, const I>;

  static Result<std::size_t> bytes(const Shape& shape) { return record::to_reserve(layout(shape).bytes, text); }

  static Result<Writable> write(std::span<std::byte> record, const Shape& shape) {
    const auto where = layout(shape);
    if (auto space = record::check_space(record, where.bytes, text); !space) return space.error();
    record::write_header(record, shape, where);
    return Writable(shape, record::section<E>(record, where.begin[0], shape.nonzeros),
                    record::section<I>(record, where.begin[1], shape.nonzeros),
                    record::section<I>(record, where.begin[2], shape.nonzeros));
  }

  static Result<Readable> read(std::span<const std::byte> record) {
    const auto shape = record::read_header<Shape>(record, text);
    if (!shape) return shape.error();
    const auto where = layout(*shape);
    if (auto length = record::check_length(record, where.bytes, text); !length) return length.error();
    const Readable view(*shape, record::section<E>(record, where.begin[0], shape->nonzeros),
                        record::section<I>(record, where.begin[1], shape->nonzeros),
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
        sizeof(Shape), {{{shape.nonzeros, sizeof(E)}, {shape.nonzeros, sizeof(I)}, {shape.nonzeros, sizeof(I)}}});
  }
};

}  // namespace psyne::inline v0
