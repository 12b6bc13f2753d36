#if defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)

#include <psyne/core/copy/copy.hpp>

#include <emmintrin.h>

#include <cstdint>

namespace psyne::inline v0::copying {

namespace {

constexpr std::size_t line = 64;

// One vector of a whole line: the compiler splits it where the machine's vectors are smaller. Whole lines matter: a
// store buffer of 64 entries holds twice as many lines as with vectors of half the size, and so asks for twice as many
// at once.
using Line = std::uint8_t __attribute__((vector_size(line), aligned(1), may_alias));

__attribute__((target_clones("avx512f", "avx2", "default"))) void copy_lines(std::byte* to, const std::byte* from,
                                                                             std::size_t bytes) noexcept {
  for (std::size_t i = 0; i < bytes; i += line) {
    *reinterpret_cast<Line*>(to + i) = *reinterpret_cast<const Line*>(from + i);
    asm volatile("" ::: "memory");  // else GCC sees a memcpy and calls it
  }
}

std::size_t within_line(const void* place) noexcept { return reinterpret_cast<std::uintptr_t>(place) % line; }

void stream_lines(std::byte* to, const std::byte* from, std::size_t bytes) noexcept {
  for (std::size_t i = 0; i < bytes; i += line) {
    const auto* load = reinterpret_cast<const __m128i*>(from + i);
    auto* store = reinterpret_cast<__m128i*>(to + i);
    const __m128i a = _mm_loadu_si128(load), b = _mm_loadu_si128(load + 1);
    const __m128i c = _mm_loadu_si128(load + 2), d = _mm_loadu_si128(load + 3);
    _mm_stream_si128(store, a);
    _mm_stream_si128(store + 1, b);
    _mm_stream_si128(store + 2, c);
    _mm_stream_si128(store + 3, d);
  }
}

// What stores whole lines, wherever they are loaded from, does all but the ends.
template <class Lines>
void between_ends(void* to, const void* from, std::size_t bytes, Lines lines) noexcept {
  const std::size_t head = (line - within_line(to)) % line;
  std::memcpy(to, from, head);
  auto* target = static_cast<std::byte*>(to) + head;
  const auto* source = static_cast<const std::byte*>(from) + head;
  const std::size_t whole = (bytes - head) / line * line;
  lines(target, source, whole);
  std::memcpy(target + whole, source + whole, bytes - head - whole);
}

}  // namespace

void by_lines(void* to, const void* from, std::size_t bytes) noexcept { between_ends(to, from, bytes, copy_lines); }

void cached(void* to, const void* from, std::size_t bytes) noexcept {
  if (within_line(to) != within_line(from)) return by_lines(to, from, bytes);
  asm volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(bytes) : : "memory");
}

void streamed(void* to, const void* from, std::size_t bytes) noexcept {
  between_ends(to, from, bytes, stream_lines);
  _mm_sfence();  // streamed stores are ordered with a later release store by nothing else
}

}  // namespace psyne::inline v0::copying

#endif
