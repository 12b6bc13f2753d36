#pragma once

#include <psyne/core/message/tensor/elements.hpp>
#include <psyne/core/message/tensor/grid.hpp>
#include <psyne/core/message/tensor/tensor_shape.hpp>
#include <psyne/core/result/result.hpp>

#include <algorithm>
#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>

namespace psyne::inline v0 {

/// A view of a tensor in a record: `Byte` is std::byte for a sender, const std::byte for a receiver. Shape and strides
/// are its own copies, checked once; the elements are in the record, valid as long as the draft or the received
/// message.
template <class Byte>
class TensorView {
 public:
  template <class E>
  using Element = typename Elements<Byte>::template Element<E>;

  TensorView(std::span<Byte> bytes, const TensorShape& shape, const TensorExtent& extent) noexcept
      : elements_(bytes, shape.dtype), shape_(shape), extent_(extent) {}

  DType dtype() const noexcept { return shape_.dtype; }
  TensorLayout layout() const noexcept { return shape_.layout; }
  std::size_t rank() const noexcept { return shape_.dims.size(); }
  const Dimensions& dims() const noexcept { return shape_.dims; }
  const Dimensions& strides() const noexcept { return extent_.strides; }  ///< in elements, whatever the layout
  std::size_t size() const noexcept { return extent_.elements; }          ///< elements, those of gaps not counted
  const TensorShape& shape() const noexcept { return shape_; }

  /// The memory from the first element to the last, gaps included.
  std::span<Byte> bytes() const noexcept { return elements_.bytes(); }
  /// True when bytes() has no gaps and no element shares its memory.
  bool dense() const noexcept { return extent_.dense; }

  template <Number E>
  bool holds() const noexcept {
    return elements_.template holds<E>();
  }

  /// All elements in the order of memory. Code::incompatible when they are not of type E, Code::unsupported when they
  /// are not dense: use grid() then.
  template <Number E>
  Result<std::span<Element<E>>> as() const {
    if (!dense()) return not_dense(shape_);
    return elements_.template as<E>();
  }

  /// as<E>().value(): throws psyne::Exception with that error.
  template <Number E>
  std::span<Element<E>> span() const {
    return as<E>().value();
  }

  /// The elements by index, not checked on access. Code::incompatible when they are not of type E or `dimensions` is
  /// not the rank.
  template <Number E, std::size_t dimensions>
  Result<Grid<Element<E>, dimensions>> grid() const {
    static_assert(dimensions <= most_dimensions);
    if (rank() != dimensions) return other_rank(shape_, dimensions);
    const auto elements = elements_.template as<E>();
    if (!elements) return elements.error();
    std::array<std::uint64_t, dimensions> extents{}, strides{};
    std::copy_n(dims().begin(), dimensions, extents.begin());
    std::copy_n(extent_.strides.begin(), dimensions, strides.begin());
    return Grid<Element<E>, dimensions>(elements->data(), extents, strides);
  }

  /// One element, everything checked: throws psyne::Exception when the dtype, the rank or an index is wrong.
  template <Number E, std::integral... Indices>
  Element<E>& at(Indices... indices) const {
    const auto by_index = grid<E, sizeof...(Indices)>().value();
    std::size_t dimension = 0;
    (check_index(dimension++, static_cast<std::uint64_t>(indices)), ...);
    return by_index(indices...);
  }

 private:
  static Error not_dense(const TensorShape& shape) {
    return Error(Code::unsupported, "cannot see " + describe(shape) + " as one span")
        .because("there is memory between its elements, or they share some")
        .mend("Use grid<E, rank>() or at<E>(i, j).");
  }
  static Error other_rank(const TensorShape& shape, std::size_t asked) {
    return Error(Code::incompatible, "cannot index " + describe(shape))
        .because(std::to_string(asked) + " indices were given");
  }
  void check_index(std::size_t dimension, std::uint64_t index) const {
    if (index < dims()[dimension]) return;
    throw Exception(
        Error(Code::invalid_argument, "cannot index " + describe(shape_))
            .because("index " + std::to_string(index) + " is outside dimension " + std::to_string(dimension)));
  }

  Elements<Byte> elements_;
  TensorShape shape_;
  TensorExtent extent_;
};

}  // namespace psyne::inline v0
