#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>

namespace psyne::explorer {

/// Where an atomic lies.
struct Place {
  const void* address;
  std::size_t size;  // up to 8

  std::uint64_t bits() const noexcept {
    std::uint64_t bits = 0;
    std::memcpy(&bits, address, size);
    return bits;
  }
  void set_bits(std::uint64_t bits) const noexcept { std::memcpy(const_cast<void*>(address), &bits, size); }
};

/// The numbers of the atomics of one execution, found by address.
class Places {
 public:
  void clear() noexcept { ++execution_; }

  /// The number at `address`, 0 for none yet; stays valid until the next clear().
  std::uint8_t& at(const void* address) noexcept {
    std::size_t index = reinterpret_cast<std::uintptr_t>(address) * 0x9e3779b97f4a7c15U >> 54U;
    while (slots_[index].execution == execution_ && slots_[index].address != address)
      index = (index + 1) % slots_.size();
    if (slots_[index].execution != execution_) slots_[index] = {address, execution_, 0};
    return slots_[index].number;
  }

 private:
  struct Slot {
    const void* address = nullptr;
    std::uint64_t execution = 0;
    std::uint8_t number = 0;
  };
  std::array<Slot, 1024> slots_;  // more addresses than any execution has atomics
  std::uint64_t execution_ = 0;
};

}  // namespace psyne::explorer
