#pragma once

#include <psyne/core/message/fixed.hpp>
#include <psyne/core/message/record.hpp>
#include <psyne/core/message/tensor/dtype.hpp>

#include <complex>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace psyne::inline v0 {

/// Names messages that are arrays of E of any length. It has no values itself: a sender fills a std::span<E>, a
/// receiver gets a std::span<const E>. Its record has no header; the length says how many there are.
template <Number E>
struct Vector {
  Vector() = delete;
};

/// Message types whose record is its elements and nothing else, so that both sides may copy it as it is. A batch is
/// none: its values may have padding, which does not travel.
template <class Kind>
concept BareElements = !Kind::fixed && requires { typename Kind::Writable::element_type; } &&
                       std::same_as<typename Kind::Writable, std::span<typename Kind::Writable::element_type>>;

using FloatVector = Vector<float>;
using DoubleVector = Vector<double>;
using ByteVector = Vector<std::byte>;
using ComplexVector = Vector<std::complex<float>>;
using DoubleComplexVector = Vector<std::complex<double>>;

template <class E>
struct Message<Vector<E>> {
  static constexpr bool fixed = false;
  static constexpr std::size_t alignment = cache_line;
  static constexpr canonical::Text text{"vector/1(", name(dtype_of<E>), ")"};
  static constexpr std::uint64_t schema = schema_hash(text);
  static std::string describe() { return std::string(std::string_view(text)); }

  using Shape = std::size_t;  ///< how many elements
  using Writable = std::span<E>;
  using Readable = std::span<const E>;

  static Result<std::size_t> bytes(Shape count) { return record::to_reserve(size(count), text); }

  static Result<Writable> write(std::span<std::byte> record, Shape count) {
    if (auto space = record::check_space(record, size(count), text); !space) return space.error();
    return record::section<E>(record, 0, count);
  }

  static Result<Readable> read(std::span<const std::byte> record) {
    if (!record::is_aligned(record)) return record::misaligned(text);
    if (record.size() % sizeof(E) != 0) {
      return record::corrupted(text, std::to_string(record.size()) + " bytes are no whole number of elements");
    }
    return record::section<E>(record, 0, record.size() / sizeof(E));
  }

 private:
  static constexpr record::Size size(Shape count) { return record::Size(count) * sizeof(E); }
};

}  // namespace psyne::inline v0
