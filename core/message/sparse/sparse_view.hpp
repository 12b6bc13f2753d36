#pragma once

#include <psyne/core/message/sparse/indices.hpp>

#include <cstddef>
#include <span>
#include <string_view>
#include <type_traits>

namespace psyne::inline v0 {

/// What views of sparse matrices have in common: values, a column index for each, and leading indices, which say how
/// they lie in rows. `Layout` says how, and what of it can be wrong; `E` and `I` are const for a receiver.
template <class Layout, class E, class I>
class SparseView {
 public:
  using PlainIndex = std::remove_const_t<I>;

  SparseView(const SparseShape& shape, std::span<E> values, std::span<I> leading, std::span<I> columns) noexcept
      : shape_(shape), values_(values), leading_(leading), column_indices_(columns) {}

  std::size_t rows() const noexcept { return shape_.rows; }
  std::size_t columns() const noexcept { return shape_.columns; }
  std::size_t nonzeros() const noexcept { return shape_.nonzeros; }

  std::span<E> values() const noexcept { return values_; }
  std::span<I> column_indices() const noexcept { return column_indices_; }

  /// Code::corrupted unless all indices are what the layout asks, see there.
  Result<void> validate() const {
    return check(std::span<const PlainIndex>(leading_), std::span<const PlainIndex>(column_indices_));
  }

  /// Copies both index arrays into memory of the caller and validates the copies: for senders that are not trusted.
  Result<void> copy_indices(std::span<PlainIndex> leading, std::span<PlainIndex> columns) const {
    if (auto room = sparse::check_room(leading.size(), leading_.size(), Layout::leading); !room) return room;
    if (auto room = sparse::check_room(columns.size(), column_indices_.size(), "column index"); !room) return room;
    sparse::copy_indices(std::span<const PlainIndex>(leading_), leading);
    sparse::copy_indices(std::span<const PlainIndex>(column_indices_), columns);
    return check(leading, columns);
  }

 protected:
  std::span<I> leading() const noexcept { return leading_; }

 private:
  Result<void> check(std::span<const PlainIndex> leading, std::span<const PlainIndex> columns) const {
    if (auto good = Layout::check_leading(leading, shape_); !good) return good;
    return sparse::check_indices(columns, shape_.columns, "column index", Layout::type);
  }

  SparseShape shape_;
  std::span<E> values_;
  std::span<I> leading_;
  std::span<I> column_indices_;
};

}  // namespace psyne::inline v0
