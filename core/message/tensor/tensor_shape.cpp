#include <psyne/core/message/record.hpp>
#include <psyne/core/message/tensor/tensor_shape.hpp>

#include <algorithm>
#include <array>
#include <span>

namespace psyne::inline v0 {

namespace {

Error refused(const TensorShape& shape, std::string why) {
  return Error(Code::invalid_argument, "cannot lay out the tensor " + describe(shape)).because(std::move(why));
}

/// The dimensions from the one whose neighbours are adjacent to the outermost.
std::array<std::size_t, most_dimensions> inner_to_outer(const TensorShape& shape) {
  const std::size_t rank = shape.dims.size();
  std::array<std::size_t, most_dimensions> order{};
  for (std::size_t index = 0; index < rank; ++index) {
    order[index] = shape.layout == TensorLayout::column_major ? index : rank - 1 - index;
  }
  // N, C, H, W: from W, H, C, N to C, W, H, N.
  if (shape.layout == TensorLayout::channels_last) std::rotate(&order[0], &order[rank - 2], &order[rank - 1]);
  return order;
}

/// Strides of neighbours without gaps; the product of all extents, a zero counted as one, in `dense_size`.
Dimensions dense_strides(const TensorShape& shape, record::Size& dense_size) {
  Dimensions strides = shape.dims;
  dense_size = 1;
  const auto order = inner_to_outer(shape);
  for (std::size_t index = 0; index < shape.dims.size(); ++index) {
    strides[order[index]] = dense_size.value();
    dense_size = dense_size * std::max<std::uint64_t>(shape.dims[order[index]], 1);
  }
  return strides;
}

/// True when, ordered by stride, each dimension begins where the one before ends. Extents of 1 have no neighbours.
bool without_gaps(const Dimensions& dims, const Dimensions& strides) {
  std::array<std::size_t, most_dimensions> order{};
  std::size_t count = 0;
  for (std::size_t index = 0; index < dims.size(); ++index) {
    if (dims[index] != 1) order[count++] = index;
  }
  std::sort(&order[0], &order[0] + count,
            [&](std::size_t left, std::size_t right) { return strides[left] < strides[right]; });
  std::uint64_t expected = 1;
  for (const std::size_t index : std::span(order).first(count)) {
    if (strides[index] != expected) return false;
    expected *= dims[index];
  }
  return true;
}

}  // namespace

std::string_view name(TensorLayout layout) noexcept {
  switch (layout) {
    case TensorLayout::row_major: return "row_major";
    case TensorLayout::column_major: return "column_major";
    case TensorLayout::channels_last: return "channels_last";
    case TensorLayout::strided: return "strided";
  }
  return "unknown";
}

std::string describe(const TensorShape& shape) {
  std::string text(name(shape.dtype));
  text += '[';
  for (const std::uint64_t& extent : shape.dims) {
    if (&extent != shape.dims.begin()) text += ',';
    text += std::to_string(extent);
  }
  text += ']';
  if (shape.layout != TensorLayout::row_major) text += " " + std::string(name(shape.layout));
  return text;
}

Result<TensorExtent> check_shape(const TensorShape& shape) {
  const std::size_t rank = shape.dims.size();
  const bool strided = shape.layout == TensorLayout::strided;
  if (size_of(shape.dtype) == 0) return refused(shape, "there is no such dtype");
  if (shape.layout > TensorLayout::strided) return refused(shape, "there is no such layout");
  if (rank > most_dimensions)
    return refused(shape, "it has " + std::to_string(rank) + " dimensions and 8 are the most");
  if (shape.layout == TensorLayout::channels_last && rank < 3) {
    return refused(shape, "channels_last needs at least 3 dimensions");
  }
  if (shape.strides.size() != (strided ? rank : 0)) {
    return refused(shape, strided ? "it needs one stride for each dimension" : "only a strided layout has strides");
  }

  // Checked with zero extents counted as one, so that no stride of an empty tensor overflows either.
  record::Size dense_size(1);
  TensorExtent extent{.strides = dense_strides(shape, dense_size)};
  record::Size span = dense_size;
  if (strided) {
    extent.strides = shape.strides;
    span = 1;
    for (std::size_t index = 0; index < rank; ++index) {
      span = span + record::Size(std::max<std::uint64_t>(shape.dims[index], 1) - 1) * shape.strides[index];
    }
  }
  const std::size_t element = size_of(shape.dtype);
  if (!(dense_size * element).fits() || !(span * element).fits()) {
    return Error(Code::too_large, "cannot lay out the tensor " + describe(shape)).because("its size overflows 63 bits");
  }
  const bool empty = std::find(shape.dims.begin(), shape.dims.end(), 0) != shape.dims.end();
  extent.elements = empty ? 0 : dense_size.value();
  extent.span = empty ? 0 : span.value();
  extent.dense = empty || !strided || without_gaps(shape.dims, shape.strides);
  return extent;
}

}  // namespace psyne::inline v0
