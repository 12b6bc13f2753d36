#pragma once

#include <psyne/core/message/fixed.hpp>
#include <psyne/core/message/record.hpp>
#include <psyne/core/message/tensor/dtype.hpp>

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace psyne::inline v0 {

/// Names messages that are matrices of E of any size, row after row. Senders fill a MatrixView<E>, receivers get a
/// MatrixView<const E>.
template <Number E>
struct Matrix {
  Matrix() = delete;
};

using FloatMatrix = Matrix<float>;
using DoubleMatrix = Matrix<double>;

/// How many rows and columns a sender reserves.
struct MatrixShape {
  std::uint64_t rows{0};
  std::uint64_t columns{0};
  friend bool operator==(const MatrixShape&, const MatrixShape&) = default;
};

/// A view of a matrix in a record, row after row. Indices are the caller's to keep below rows() and columns(), as with
/// a std::span. Valid as long as the draft or the received message.
template <class E>
class MatrixView {
 public:
  MatrixView(std::span<E> elements, MatrixShape shape) noexcept : elements_(elements), shape_(shape) {}

  std::size_t rows() const noexcept { return shape_.rows; }
  std::size_t columns() const noexcept { return shape_.columns; }
  std::size_t size() const noexcept { return elements_.size(); }
  E& operator()(std::size_t row, std::size_t column) const { return elements_[row * shape_.columns + column]; }
  std::span<E> row(std::size_t index) const { return elements_.subspan(index * shape_.columns, shape_.columns); }
  std::span<E> span() const noexcept { return elements_; }

 private:
  std::span<E> elements_;
  MatrixShape shape_;
};

template <class E>
struct Message<Matrix<E>> {
  static constexpr bool fixed = false;
  static constexpr std::size_t alignment = cache_line;
  static constexpr canonical::Text text{"matrix/1(", name(dtype_of<E>), ")"};
  static constexpr std::uint64_t schema = schema_hash(text);
  static std::string describe() { return std::string(std::string_view(text)); }

  using Shape = MatrixShape;
  using Writable = MatrixView<E>;
  using Readable = MatrixView<const E>;

  static Result<std::size_t> bytes(const Shape& shape) { return record::to_reserve(layout(shape).bytes, text); }

  static Result<Writable> write(std::span<std::byte> record, const Shape& shape) {
    const auto where = layout(shape);
    if (auto space = record::check_space(record, where.bytes, text); !space) return space.error();
    record::write_header(record, shape, where);
    return Writable(record::section<E>(record, where.begin[0], shape.rows * shape.columns), shape);
  }

  static Result<Readable> read(std::span<const std::byte> record) {
    const auto shape = record::read_header<Shape>(record, text);
    if (!shape) return shape.error();
    const auto where = layout(*shape);
    if (auto length = record::check_length(record, where.bytes, text); !length) return length.error();
    return Readable(record::section<E>(record, where.begin[0], shape->rows * shape->columns), *shape);
  }

 private:
  static constexpr record::Layout<1> layout(const Shape& shape) {
    return record::lay_out<1>(sizeof(Shape), {{{record::Size(shape.rows) * shape.columns, sizeof(E)}}});
  }
};

}  // namespace psyne::inline v0
