#include <psyne/core/atomics/atomics.hpp>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace psyne::inline v0 {

#if defined(__x86_64__)

namespace {

bool cpu_has_waitpkg() noexcept {
  unsigned eax = 0, ebx = 0, ecx = 0, edx = 0;
  return __get_cpuid_count(7, 0, &eax, &ebx, &ecx, &edx) != 0 && (ecx & (1U << 5U)) != 0;
}

const bool has_waitpkg = cpu_has_waitpkg();

/// C0.1, the lighter of the two states: it is left in about the time of a cache miss. 100 ticks of the time stamp
/// counter are 30 to 50 ns, what `pause` takes on the same CPUs, but the core's other thread has the units meanwhile.
[[gnu::target("waitpkg")]] void pause_until_soon() noexcept {
  constexpr unsigned light_sleep = 1;
  constexpr unsigned long long ticks = 100;
  _tpause(light_sleep, __rdtsc() + ticks);
}

}  // namespace

void StandardAtomics::pause() noexcept {
  if (has_waitpkg) return pause_until_soon();
  _mm_pause();
}

#elif defined(__aarch64__)

// `yield` does nothing on most cores; `isb` drains the pipeline, some tens of nanoseconds.
void StandardAtomics::pause() noexcept { asm volatile("isb" ::: "memory"); }

#else

void StandardAtomics::pause() noexcept {}

#endif

}  // namespace psyne::inline v0
