#pragma once

#include <psyne/core/compression/unpacker.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <span>
#include <vector>

namespace psyne::inline v0 {

/// Where the messages of one lane are unpacked: memory that is kept and used again, so that nothing is allocated for
/// each message once the lane is in its stride. The receiver's thread.
///
/// Memory of a view is in use for as long as its record is not given back to the sender, which the lane's cursor tells.
/// All together it is at most as large as the ring: what views hold of packed messages is limited as what they hold of
/// others is, however much a hostile sender packs into its records.
class Unpacking {
 public:
  /// `most`: bytes of all memory, a power of two.
  Unpacking(Compress codec, std::uint64_t most) : unpacker_(codec), most_(most) {}

  /// Memory for `bytes`, at most half of `most`, aligned to 64, until the cursor of the lane, which is at `given_back`
  /// now, is at `end`. Empty when what is in use leaves no room for it.
  std::span<std::byte> room(std::uint64_t bytes, std::uint64_t end, std::uint64_t given_back);

  /// The same until the next call, for who looks at one message at a time: never empty, and beside the memory that
  /// views hold.
  std::span<std::byte> room_for_now(std::uint64_t bytes);

  /// Whether `packed` are the bytes that become all of `into`. They are a stranger's and may change meanwhile: a copy
  /// of them is what is unpacked.
  bool unpack(std::span<const std::byte> packed, std::span<std::byte> into);

 private:
  static constexpr std::align_val_t alignment{64};
  struct Free {
    void operator()(std::byte* memory) const noexcept { ::operator delete(memory, alignment); }
  };
  struct Memory {
    Memory() = default;
    explicit Memory(std::uint64_t size)
        : begin(static_cast<std::byte*>(::operator new(size, alignment))), bytes(size) {}
    std::unique_ptr<std::byte, Free> begin;
    std::uint64_t bytes = 0;
    std::uint64_t end = 0;  // of the record in it, in positions
  };

  Unpacker unpacker_;
  std::uint64_t most_;
  std::uint64_t allocated_ = 0;
  std::vector<Memory> memories_;
  Memory now_;
  Memory copy_;
};

}  // namespace psyne::inline v0
