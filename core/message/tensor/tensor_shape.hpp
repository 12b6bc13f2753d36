#pragma once

#include <psyne/core/message/tensor/dimensions.hpp>
#include <psyne/core/message/tensor/dtype.hpp>
#include <psyne/core/result/result.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace psyne::inline v0 {

/// How a tensor's elements lie in memory. The numbers are the wire format.
enum class TensorLayout : std::uint8_t {
  row_major = 0,     ///< the last dimension is adjacent (C, NumPy, PyTorch)
  column_major = 1,  ///< the first dimension is adjacent (Fortran)
  channels_last =
      2,        ///< dimension 1 is adjacent, then the last, ... , then 0: N, C, H, W lies as N, H, W, C; rank >= 3
  strided = 3,  ///< strides given, in elements
};
std::string_view name(TensorLayout layout) noexcept;

/// What a sender reserves. A plain aggregate; check_shape() says whether it can be.
struct TensorShape {
  DType dtype{DType::f32};
  Dimensions dims{};
  TensorLayout layout{TensorLayout::row_major};
  Dimensions strides{};  ///< in elements, for TensorLayout::strided only; 0 repeats, overlap is allowed

  /// The shape of elements E: TensorShape::of<float>({3, 4}).
  template <Number E>
  static TensorShape of(Dimensions dims, TensorLayout layout = TensorLayout::row_major) {
    return {.dtype = dtype_of<E>, .dims = dims, .layout = layout};
  }
  /// Elements E with these distances between neighbours, in elements.
  template <Number E>
  static TensorShape of(Dimensions dims, Dimensions strides) {
    return {.dtype = dtype_of<E>, .dims = dims, .layout = TensorLayout::strided, .strides = strides};
  }
};

/// What follows from a shape that was checked: nothing of it overflows 63 bits.
struct TensorExtent {
  Dimensions strides;        ///< of every dimension, in elements, whatever the layout
  std::uint64_t elements{};  ///< how many there are
  std::uint64_t span{};      ///< how many fit from the first to the last in memory; 0 when there are none
  /// True when no memory lies between elements and none is shared: each byte belongs to exactly one.
  bool dense{};
};

/// The extent of a shape, or Code::invalid_argument (rank, strides that do not fit the layout) or Code::too_large.
Result<TensorExtent> check_shape(const TensorShape& shape);

/// "u8[32,3,224,224]", with the layout where it is not row_major: for errors and logs.
std::string describe(const TensorShape& shape);

}  // namespace psyne::inline v0
