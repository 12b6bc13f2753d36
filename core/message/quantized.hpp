#pragma once

#include <psyne/core/message/fixed.hpp>
#include <psyne/core/message/record.hpp>
#include <psyne/core/message/tensor/dtype.hpp>

#include <bit>
#include <cmath>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>

namespace psyne::inline v0 {

/// Names messages that are 8-bit integers which stand for real numbers: real = scale * (code - zero_point).
template <class Code8>
  requires std::same_as<Code8, std::int8_t> || std::same_as<Code8, std::uint8_t>
struct Quantized {
  Quantized() = delete;
};

using Int8Vector = Quantized<std::int8_t>;
using UInt8Vector = Quantized<std::uint8_t>;

/// What a sender reserves: how many, and what the codes stand for.
struct QuantizedShape {
  std::uint64_t count{0};
  float scale{1};
  std::int32_t zero_point{0};
};

/// A view of the codes in a record, and what they stand for.
template <class Code8>
class QuantizedView {
 public:
  using Value = std::remove_const_t<Code8>;

  QuantizedView(std::span<Code8> codes, const QuantizedShape& shape) noexcept
      : codes_(codes), scale_(shape.scale), zero_point_(shape.zero_point) {}

  float scale() const noexcept { return scale_; }
  std::int32_t zero_point() const noexcept { return zero_point_; }
  std::size_t size() const noexcept { return codes_.size(); }
  std::span<Code8> codes() const noexcept { return codes_; }

  /// The real number that the code at `index` stands for. In double, because a zero point may be any 32-bit integer.
  float operator[](std::size_t index) const {
    return static_cast<float>(static_cast<double>(scale_) * (static_cast<double>(codes_[index]) - zero_point_));
  }

  /// Stores the code nearest to `real` (ties to even), the smallest or largest where `real` is outside, that of zero
  /// for NaN.
  void set(std::size_t index, float real) const
    requires(!std::is_const_v<Code8>)
  {
    codes_[index] = quantize(real);
  }

  /// The code that set() stores.
  Value quantize(float real) const {
    constexpr double least = std::numeric_limits<Value>::min(), most = std::numeric_limits<Value>::max();
    const double steps = static_cast<double>(real) / scale_;
    const double code = std::nearbyint(std::isnan(steps) ? 0.0 : steps) + zero_point_;
    return static_cast<Value>(code < least ? least : code > most ? most : code);
  }

 private:
  std::span<Code8> codes_;
  float scale_;
  std::int32_t zero_point_;
};

template <class Code8>
struct Message<Quantized<Code8>> {
  static constexpr bool fixed = false;
  static constexpr std::size_t alignment = cache_line;
  static constexpr canonical::Text text{"quantized/1(", name(dtype_of<Code8>), ")"};
  static constexpr std::uint64_t schema = schema_hash(text);
  static std::string describe() { return std::string(std::string_view(text)); }

  using Shape = QuantizedShape;
  using Writable = QuantizedView<Code8>;
  using Readable = QuantizedView<const Code8>;

  static Result<std::size_t> bytes(const Shape& shape) { return record::to_reserve(layout(shape).bytes, text); }

  /// Code::invalid_argument unless the scale is a finite number above 0.
  static Result<Writable> write(std::span<std::byte> record, const Shape& shape) {
    if (!usable(shape.scale)) {
      return Error(Code::invalid_argument, "cannot write a message of type " + describe())
          .because("its scale is " + std::to_string(shape.scale) + ", not a finite number above 0");
    }
    const auto where = layout(shape);
    if (auto space = record::check_space(record, where.bytes, text); !space) return space.error();
    record::write_header(record, shape, where);
    return Writable(record::section<Code8>(record, where.begin[0], shape.count), shape);
  }

  static Result<Readable> read(std::span<const std::byte> record) {
    const auto shape = record::read_header<Shape>(record, text);
    if (!shape) return shape.error();
    if (!usable(shape->scale)) return record::corrupted(text, "its scale is not a finite number above 0");
    const auto where = layout(*shape);
    if (auto length = record::check_length(record, where.bytes, text); !length) return length.error();
    return Readable(record::section<Code8>(record, where.begin[0], shape->count), *shape);
  }

 private:
  static bool usable(float scale) { return std::isfinite(scale) && scale > 0; }
  static constexpr record::Layout<1> layout(const Shape& shape) {
    return record::lay_out<1>(sizeof(Shape), {{{shape.count, sizeof(Code8)}}});
  }
};

}  // namespace psyne::inline v0
