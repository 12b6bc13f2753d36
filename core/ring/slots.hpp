#pragma once

#include <psyne/core/atomics/cache_line.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <new>
#include <stdexcept>

namespace psyne::inline v0 {

/// Raw memory for a power of two of values, addressed by positions that only grow: position p lies where p + capacity()
/// will lie. Constructs and destroys nothing; which slots hold a value is known to the ring around it.
/// Thread safety: everything is const after construction.
template <class T>
class Slots {
  static_assert(std::has_single_bit(cache_line));
  static constexpr std::align_val_t alignment{alignof(T) > cache_line ? alignof(T) : cache_line};

 public:
  /// Room for at least `capacity` values, rounded up to a power of two, at least one.
  /// Throws as standard containers do: std::length_error when it cannot be addressed, std::bad_alloc.
  explicit Slots(std::size_t capacity) : mask_(rounded(capacity) - 1), memory_(allocate(mask_ + 1)) {}

  std::size_t capacity() const noexcept { return mask_ + 1; }

  T* at(std::uint64_t position) const noexcept { return memory_.get() + (position & mask_); }

 private:
  struct Free {
    void operator()(T* memory) const noexcept { ::operator delete(memory, alignment); }
  };

  static std::size_t rounded(std::size_t capacity) {
    if (capacity > std::numeric_limits<std::size_t>::max() / 4 / sizeof(T)) {
      throw std::length_error("psyne: a ring of that capacity cannot be addressed");
    }
    return std::bit_ceil(capacity == 0 ? 1 : capacity);
  }

  static T* allocate(std::size_t count) { return static_cast<T*>(::operator new(count * sizeof(T), alignment)); }

  std::size_t mask_;
  std::unique_ptr<T, Free> memory_;
};

}  // namespace psyne::inline v0
