#pragma once

#include <psyne/core/message/tensor/dtype.hpp>
#include <psyne/core/result/result.hpp>

#include <cstddef>
#include <span>
#include <type_traits>

namespace psyne::inline v0 {

/// Why elements of type `held` cannot be seen as `asked`.
Error dtype_mismatch(DType held, DType asked);

/// Elements of a dtype known at run time: `Byte` is std::byte for a sender, const std::byte for a receiver.
template <class Byte>
class Elements {
 public:
  /// E as this view hands it out.
  template <class E>
  using Element = std::conditional_t<std::is_const_v<Byte>, const E, E>;

  Elements(std::span<Byte> bytes, DType dtype) noexcept : bytes_(bytes), dtype_(dtype) {}

  DType dtype() const noexcept { return dtype_; }
  std::size_t size() const noexcept { return bytes_.size() / size_of(dtype_); }
  std::span<Byte> bytes() const noexcept { return bytes_; }

  template <Number E>
  bool holds() const noexcept {
    return dtype_ == dtype_of<E>;
  }

  /// All elements as E, or Code::incompatible when they are of another dtype.
  template <Number E>
  Result<std::span<Element<E>>> as() const {
    if (!holds<E>()) return dtype_mismatch(dtype_, dtype_of<E>);
    return std::span<Element<E>>(reinterpret_cast<Element<E>*>(bytes_.data()), size());
  }

  /// as<E>().value(): throws psyne::Exception when the elements are of another dtype.
  template <Number E>
  std::span<Element<E>> span() const {
    return as<E>().value();
  }

 private:
  std::span<Byte> bytes_;
  DType dtype_;
};

}  // namespace psyne::inline v0
