#pragma once

#include <psyne/core/message/fixed.hpp>
#include <psyne/core/message/record.hpp>
#include <psyne/core/message/sparse/indices.hpp>
#include <psyne/core/message/tensor/elements.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <span>
#include <string>
#include <string_view>

namespace psyne::inline v0 {

/// Names messages that are the gradient of one parameter at one step of training: all of its values, or some of them
/// with their positions.
template <Indices checking>
struct GradientOf {
  GradientOf() = delete;
};

using Gradient = GradientOf<Indices::checked>;

/// The number under which a parameter's gradients travel: a hash of its name, the same in every language.
constexpr std::uint64_t parameter_id(std::string_view name) noexcept { return schema_hash(name); }

enum class GradientForm : std::uint8_t {
  dense = 0,   ///< one value for each element of the parameter
  sparse = 1,  ///< values for some elements, with their positions in the flattened parameter
};

/// What a sender reserves.
struct GradientShape {
  std::uint64_t parameter{0};  ///< parameter_id(name), or any number that both sides know
  std::uint64_t step{0};
  DType dtype{DType::f32};
  std::uint64_t elements{0};  ///< of the whole parameter; below 2^32 when sparse
  GradientForm form{GradientForm::dense};
  std::uint64_t values{0};  ///< how many are sent, when sparse; ignored when dense
};

/// A view of a gradient in a record: `Byte` is std::byte for a sender, const std::byte for a receiver.
template <class Byte>
class GradientView {
 public:
  using Position = std::conditional_t<std::is_const_v<Byte>, const std::uint32_t, std::uint32_t>;

  GradientView(const GradientShape& shape, Elements<Byte> values, std::span<Position> positions) noexcept
      : shape_(shape), values_(values), positions_(positions) {}

  std::uint64_t parameter() const noexcept { return shape_.parameter; }
  std::uint64_t step() const noexcept { return shape_.step; }
  DType dtype() const noexcept { return shape_.dtype; }
  std::size_t elements() const noexcept { return shape_.elements; }  ///< of the whole parameter
  bool sparse() const noexcept { return shape_.form == GradientForm::sparse; }

  /// The values sent: one for each element, or for each of positions().
  const Elements<Byte>& values() const noexcept { return values_; }
  /// Where the values of a sparse gradient belong; empty when dense.
  std::span<Position> positions() const noexcept { return positions_; }

  /// Code::corrupted unless every position is below elements().
  Result<void> validate() const { return check(std::span<const std::uint32_t>(positions_)); }

  /// Copies the positions into memory of the caller and validates the copy: for senders that are not trusted.
  Result<void> copy_positions(std::span<std::uint32_t> copy) const {
    if (auto room = sparse_room(copy.size()); !room) return room;
    sparse::copy_indices(std::span<const std::uint32_t>(positions_), copy);
    return check(copy);
  }

 private:
  Result<void> sparse_room(std::size_t given) const { return sparse::check_room(given, positions_.size(), "position"); }
  Result<void> check(std::span<const std::uint32_t> positions) const {
    return sparse::check_indices(positions, shape_.elements, "position", "gradient/1");
  }

  GradientShape shape_;
  Elements<Byte> values_;
  std::span<Position> positions_;
};

template <Indices checking>
struct Message<GradientOf<checking>> {
  static constexpr bool fixed = false;
  static constexpr std::size_t alignment = cache_line;
  static constexpr canonical::Text text{"gradient/1"};
  static constexpr std::uint64_t schema = schema_hash(text);
  static std::string describe() { return std::string(std::string_view(text)); }

  using Shape = GradientShape;
  using Writable = GradientView<std::byte>;
  using Readable = GradientView<const std::byte>;

  static Result<std::size_t> bytes(const Shape& shape) {
    return record::to_reserve(layout(header_of(shape)).bytes, text);
  }

  static Result<Writable> write(std::span<std::byte> record, const Shape& shape) {
    const Header header = header_of(shape);
    const auto where = layout(header);
    if (auto space = record::check_space(record, where.bytes, text); !space) return space.error();
    record::write_header(record, header, where);
    return Writable(shape, {record.subspan(where.begin[0], where.end[0] - where.begin[0]), shape.dtype},
                    record::section<std::uint32_t>(record, where.begin[1], positions(header)));
  }

  static Result<Readable> read(std::span<const std::byte> record) {
    const auto header = record::read_header<Header>(record, text);
    if (!header) return header.error();
    const auto shape = shape_of(*header);
    if (!shape) return shape.error();
    const auto where = layout(*header);
    if (auto length = record::check_length(record, where.bytes, text); !length) return length.error();
    const Readable view(*shape, {record.subspan(where.begin[0], where.end[0] - where.begin[0]), shape->dtype},
                        record::section<std::uint32_t>(record, where.begin[1], positions(*header)));
    if constexpr (checking == Indices::checked) {
      if (auto valid = view.validate(); !valid) return valid.error();
    }
    return view;
  }

 private:
  /// As it lies in a record.
  struct Header {
    std::uint64_t parameter;
    std::uint64_t step;
    std::uint64_t elements;
    std::uint64_t values;
    std::uint8_t dtype;
    std::uint8_t form;
    std::array<std::uint8_t, 6> zero;
  };

  static Header header_of(const Shape& shape) {
    return {.parameter = shape.parameter,
            .step = shape.step,
            .elements = shape.elements,
            .values = shape.form == GradientForm::dense ? shape.elements : shape.values,
            .dtype = static_cast<std::uint8_t>(shape.dtype),
            .form = static_cast<std::uint8_t>(shape.form),
            .zero = {}};
  }

  static Result<Shape> shape_of(const Header& header) {
    const auto dtype = dtype_from(header.dtype);
    if (!dtype) return record::corrupted(text, "there is no dtype " + std::to_string(header.dtype));
    if (header.form > static_cast<std::uint8_t>(GradientForm::sparse) || header.zero != decltype(header.zero){}) {
      return record::corrupted(text, "its form is neither dense nor sparse");
    }
    const auto form = static_cast<GradientForm>(header.form);
    if (form == GradientForm::dense && header.values != header.elements) {
      return record::corrupted(text, "it is dense and has another number of values than of elements");
    }
    return Shape{.parameter = header.parameter,
                 .step = header.step,
                 .dtype = *dtype,
                 .elements = header.elements,
                 .form = form,
                 .values = header.values};
  }

  static std::uint64_t positions(const Header& header) { return header.form == 0 ? 0 : header.values; }

  static record::Layout<2> layout(const Header& header) {
    constexpr std::uint64_t most = std::numeric_limits<std::uint32_t>::max();
    if (header.form != 0 && header.elements > most) return {.bytes = record::Size::overflow()};
    return record::lay_out<2>(sizeof(Header), {{{header.values, size_of(static_cast<DType>(header.dtype))},
                                                {positions(header), sizeof(std::uint32_t)}}});
  }
};

}  // namespace psyne::inline v0
