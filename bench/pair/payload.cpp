#include "pair/payload.hpp"

namespace psyne::bench {

// The clones let the compiler use the machine's widest vectors without a build for one machine only.
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define PSYNE_BENCH_VECTORS __attribute__((target_clones("avx512f", "avx2", "default")))
#else
#define PSYNE_BENCH_VECTORS
#endif

PSYNE_BENCH_VECTORS void fill(std::span<std::byte> payload, std::uint64_t seed) noexcept {
  auto* words = reinterpret_cast<std::uint64_t*>(payload.data());
  const std::size_t count = payload.size() / sizeof(std::uint64_t);
  for (std::size_t i = 0; i < count; ++i) words[i] = seed + i;
}

PSYNE_BENCH_VECTORS static std::uint64_t sum(std::span<const std::byte> payload) noexcept {
  const auto* words = reinterpret_cast<const std::uint64_t*>(payload.data());
  const std::size_t count = payload.size() / sizeof(std::uint64_t);
  std::uint64_t total = 0;
  for (std::size_t i = 0; i < count; ++i) total += words[i];
  return total;
}

void check(std::span<const std::byte> payload, std::uint64_t seed) {
  const std::uint64_t count = payload.size() / sizeof(std::uint64_t);
  if (sum(payload) != count * seed + count * (count - 1) / 2) throw std::runtime_error("a payload arrived changed");
}

}  // namespace psyne::bench
