#pragma once

#include <psyne/core/message/sparse/sparse_message.hpp>
#include <psyne/core/message/sparse/sparse_view.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace psyne::inline v0 {

/// Names messages that are sparse matrices as coordinates: nonzero n is values[n] at (row_indices[n],
/// column_indices[n]). In any order; what is named twice counts as the sum, as in SciPy and PyTorch.
template <Number E, Index I = std::int32_t, Indices checking = Indices::checked>
struct Coo {
  Coo() = delete;
};

using CooMatrix = Coo<float>;
using DoubleCooMatrix = Coo<double>;

/// The leading indices are a row index for each nonzero, below rows().
struct CooLayout {
  static constexpr std::string_view type = "coo/1";
  static constexpr std::string_view leading = "row index";

  static constexpr std::uint64_t leading_indices(const SparseShape& shape) noexcept { return shape.nonzeros; }
  template <Index I>
  static Result<void> check_leading(std::span<const I> rows, const SparseShape& shape) {
    return sparse::check_indices(rows, shape.rows, leading, type);
  }
};

/// A view of a sparse matrix in a record. `E` and `I` are const for a receiver.
template <class E, class I>
class CooView : public SparseView<CooLayout, E, I> {
 public:
  using SparseView<CooLayout, E, I>::SparseView;

  std::span<I> row_indices() const noexcept { return this->leading(); }
};

template <class E, class I, Indices checking>
struct Message<Coo<E, I, checking>> : SparseMessage<CooLayout, CooView, E, I, checking> {};

}  // namespace psyne::inline v0
