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

/// How sparse matrices lie in a record, whatever `Layout` their indices follow: a SparseShape, the values, the leading
/// indices, the column indices.
template <class Layout, template <class, class> class View, Number E, Index I, Indices checking>
struct SparseMessage {
  static constexpr bool fixed = false;
  static constexpr std::size_t alignment = cache_line;
  static constexpr canonical::Text text{Layout::type, "(", name(dtype_of<E>), ",", name(dtype_of<I>), ")"};
  static constexpr std::uint64_t schema = schema_hash(text);
  static std::string describe() { return std::string(std::string_view(text)); }

  using Shape = SparseShape;
  using Writable = View<E, I>;
  using Readable = View<const E, const I>;

  static Result<std::size_t> bytes(const Shape& shape) { return record::to_reserve(layout(shape).bytes, text); }

  static Result<Writable> write(std::span<std::byte> record, const Shape& shape) {
    const auto where = layout(shape);
    if (auto space = record::check_space(record, where.bytes, text); !space) return space.error();
    record::write_header(record, shape, where);
    return view<Writable, E, I>(record, shape, where);
  }

  static Result<Readable> read(std::span<const std::byte> record) {
    const auto shape = record::read_header<Shape>(record, text);
    if (!shape) return shape.error();
    const auto where = layout(*shape);
    if (auto length = record::check_length(record, where.bytes, text); !length) return length.error();
    const auto readable = view<Readable, E, I>(record, *shape, where);
    if constexpr (checking == Indices::checked) {
      if (auto valid = readable.validate(); !valid) return valid.error();
    }
    return readable;
  }

 private:
  template <class Viewed, class Value, class Position, class Record>
  static Viewed view(Record record, const Shape& shape, const record::Layout<3>& where) {
    return Viewed(shape, record::section<Value>(record, where.begin[0], shape.nonzeros),
                  record::section<Position>(record, where.begin[1], Layout::leading_indices(shape)),
                  record::section<Position>(record, where.begin[2], shape.nonzeros));
  }

  static constexpr record::Layout<3> layout(const Shape& shape) {
    if (!sparse::index_fits<I>(shape.rows, shape.columns, shape.nonzeros)) return {.bytes = record::Size::overflow()};
    return record::lay_out<3>(
        sizeof(Shape),
        {{{shape.nonzeros, sizeof(E)}, {Layout::leading_indices(shape), sizeof(I)}, {shape.nonzeros, sizeof(I)}}});
  }
};

}  // namespace psyne::inline v0
