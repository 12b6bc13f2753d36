#include <psyne/core/channel/unpacking.hpp>
#include <psyne/core/copy/copy.hpp>

#include <algorithm>
#include <atomic>
#include <bit>

namespace psyne::inline v0 {

std::span<std::byte> Unpacking::room(std::uint64_t bytes, std::uint64_t end, std::uint64_t given_back) {
  constexpr std::uint64_t least = 4096;
  const auto is_free = [&](const Memory& memory) { return memory.end <= given_back; };
  const auto found =
      std::ranges::find_if(memories_, [&](const Memory& memory) { return memory.bytes >= bytes && is_free(memory); });
  if (found != memories_.end()) {
    found->end = end;
    return {found->begin.get(), bytes};
  }
  const std::uint64_t size = std::max(least, std::bit_ceil(bytes));
  // What is too small for this one makes way where there would be too much.
  for (auto memory = memories_.begin(); memory != memories_.end() && allocated_ + size > most_;) {
    if (is_free(*memory)) {
      allocated_ -= memory->bytes;
      memory = memories_.erase(memory);
    } else {
      ++memory;
    }
  }
  if (allocated_ + size > most_) return {};
  Memory& memory = memories_.emplace_back(size);
  allocated_ += size;
  memory.end = end;
  return {memory.begin.get(), bytes};
}

std::span<std::byte> Unpacking::room_for_now(std::uint64_t bytes) {
  if (now_.bytes < bytes) now_ = Memory(std::bit_ceil(bytes));
  return {now_.begin.get(), bytes};
}

bool Unpacking::unpack(std::span<const std::byte> packed, std::span<std::byte> into) {
  if (copy_.bytes < packed.size()) copy_ = Memory(std::bit_ceil(packed.size()));
  copy_out(copy_.begin.get(), packed.data(), packed.size());
  std::atomic_signal_fence(std::memory_order_seq_cst);  // the compiler does not read the shared bytes again instead
  return unpacker_.unpack({copy_.begin.get(), packed.size()}, into);
}

}  // namespace psyne::inline v0
