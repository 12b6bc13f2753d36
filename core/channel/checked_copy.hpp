#pragma once

#include <psyne/core/message/record.hpp>

#include <cstddef>
#include <new>
#include <span>

namespace psyne::inline v0 {

/// A value of a type that not every byte pattern is a value of (Message<T>::needs_check), taken out of the ring before
/// it is checked: what its sender writes into the ring afterwards is not seen.
template <class T>
class CheckedCopy {
 public:
  CheckedCopy() noexcept = default;
  explicit CheckedCopy(std::span<const std::byte> shared) noexcept { record::copy_once(bytes_, shared); }

  /// Look at it only through Message<T>::check() until that has said that it is a T.
  const T& operator*() const noexcept { return *std::launder(reinterpret_cast<const T*>(bytes_)); }

 private:
  alignas(T) std::byte bytes_[sizeof(T)];
};

}  // namespace psyne::inline v0
