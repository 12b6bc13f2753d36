#pragma once

#include <psyne/core/message/fixed.hpp>
#include <psyne/core/message/tensor/tensor_shape.hpp>
#include <psyne/core/message/tensor/tensor_view.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace psyne::inline v0 {

/// Names messages that are tensors of any dtype, up to eight dimensions and any layout, known at run time.
struct Tensor {
  Tensor() = delete;
};

template <>
struct Message<Tensor> {
  static constexpr bool fixed = false;
  static constexpr std::size_t alignment = cache_line;
  static constexpr canonical::Text text{"tensor/1"};
  static constexpr std::uint64_t schema = schema_hash(text);
  static std::string describe() { return std::string(std::string_view(text)); }

  using Shape = TensorShape;
  using Writable = TensorView<std::byte>;
  using Readable = TensorView<const std::byte>;

  /// Errors of check_shape().
  static Result<std::size_t> bytes(const Shape& shape);

  /// Writes the header, and zero between strided elements; the elements themselves are the sender's to write.
  static Result<Writable> write(std::span<std::byte> record, const Shape& shape);

  static Result<Readable> read(std::span<const std::byte> record);
};

}  // namespace psyne::inline v0
