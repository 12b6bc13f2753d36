#pragma once

#include <cstddef>
#include <cstdint>

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PSYNE_EXPLORER_UNDER_ADDRESS_SANITIZER
#endif
#elif defined(__SANITIZE_ADDRESS__)
#define PSYNE_EXPLORER_UNDER_ADDRESS_SANITIZER
#endif

#if defined(PSYNE_EXPLORER_UNDER_ADDRESS_SANITIZER)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#include <sanitizer/lsan_interface.h>
#endif

namespace psyne::explorer {

// What the address sanitizer wants to be told by a program that changes stacks; nothing in other builds. The thread
// sanitizer is of no use to the explorer, all of whose threads are one.

#if defined(PSYNE_EXPLORER_UNDER_ADDRESS_SANITIZER)

inline void tell_leaving(void** fake_stack, const void* bottom, std::size_t size) noexcept {
  __sanitizer_start_switch_fiber(fake_stack, bottom, size);
}
inline void tell_arrived(void* fake_stack, const void** old_bottom, std::size_t* old_size) noexcept {
  __sanitizer_finish_switch_fiber(fake_stack, old_bottom, old_size);
}
inline void tell_unused(void* stack, std::size_t size) noexcept { __asan_unpoison_memory_region(stack, size); }

/// An execution that fails is left in the middle, with whatever its threads owned.
using MayLeak = __lsan::ScopedDisabler;

/// By how much a search is cut: its size is for the plain build, this one is after wrong accesses in the code explored.
inline constexpr std::uint64_t search_cut = 10;

#else

inline void tell_leaving(void**, const void*, std::size_t) noexcept {}
inline void tell_arrived(void*, const void**, std::size_t*) noexcept {}
inline void tell_unused(void*, std::size_t) noexcept {}

struct MayLeak {};
inline constexpr std::uint64_t search_cut = 1;

#endif

}  // namespace psyne::explorer
