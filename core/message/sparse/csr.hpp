#pragma once

#include <psyne/core/message/sparse/sparse_message.hpp>
#include <psyne/core/message/sparse/sparse_view.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace psyne::inline v0 {

/// Names messages that are sparse matrices in compressed rows: row r has the values and columns from row_pointers[r] to
/// row_pointers[r + 1].
template <Number E, Index I = std::int32_t, Indices checking = Indices::checked>
struct Csr {
  Csr() = delete;
};

using CsrMatrix = Csr<float>;
using DoubleCsrMatrix = Csr<double>;

/// The leading indices are rows() + 1 row pointers, which rise from 0 to nonzeros().
struct CsrLayout {
  static constexpr std::string_view type = "csr/1";
  static constexpr std::string_view leading = "row pointer";

  static constexpr std::uint64_t leading_indices(const SparseShape& shape) noexcept { return shape.rows + 1; }
  template <Index I>
  static Result<void> check_leading(std::span<const I> row_pointers, const SparseShape& shape) {
    return sparse::check_row_pointers(row_pointers, shape.nonzeros, type);
  }
};

/// A view of a sparse matrix in a record. `E` and `I` are const for a receiver.
template <class E, class I>
class CsrView : public SparseView<CsrLayout, E, I> {
 public:
  /// One row; both spans have its number of nonzeros.
  struct Row {
    std::span<I> columns;
    std::span<E> values;
  };

  using SparseView<CsrLayout, E, I>::SparseView;

  std::span<I> row_pointers() const noexcept { return this->leading(); }  ///< rows() + 1 of them

  /// Row `index` (below rows()). Never reaches outside the record, whatever a peer writes to the row pointers
  /// meanwhile: they are read once and cut to nonzeros().
  Row row(std::size_t index) const {
    const std::size_t begin = cut(record::read_once(row_pointers()[index]));
    const std::size_t end = std::max(begin, cut(record::read_once(row_pointers()[index + 1])));
    return {this->column_indices().subspan(begin, end - begin), this->values().subspan(begin, end - begin)};
  }

 private:
  std::size_t cut(std::remove_const_t<I> pointer) const noexcept {
    return pointer < 0 ? 0 : std::min(static_cast<std::size_t>(pointer), this->nonzeros());
  }
};

template <class E, class I, Indices checking>
struct Message<Csr<E, I, checking>> : SparseMessage<CsrLayout, CsrView, E, I, checking> {};

}  // namespace psyne::inline v0
