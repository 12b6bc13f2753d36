#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/atomics/cache_line.hpp>
#include <psyne/core/atomics/shared_word.hpp>

#include <array>
#include <cstddef>
#include <cstdint>

namespace psyne::inline v0 {

/// One page per end of a link between ends that share memory: the only memory of an end that a stranger writes. The
/// peer writes every word of it, the end itself only reads, and believes none of them beyond "equal" and "cyclically
/// larger".
///
/// Zero is the state before anything happened, so a fresh page needs no construction. Each word is one cache line,
/// since counters may be signalled by several threads of the peer.
struct CounterPage {
  static constexpr std::size_t bytes = 4096;
  static constexpr std::uint32_t counters = bytes / cache_line - 3;

  struct alignas(cache_line) Word {
    SharedWord<StandardAtomics, std::uint64_t> value{0};
  };

  std::array<Word, counters> counter;
  Word goodbye;       ///< not 0: the peer closed its end, what comes now is no death
  Word revoked;       ///< generation of the region that the peer takes back
  Word acknowledged;  ///< generation of the last region of this end that the peer has given up
};

static_assert(sizeof(CounterPage) == CounterPage::bytes);
static_assert(SharedWord<StandardAtomics, std::uint64_t>::is_always_lock_free, "words are shared between processes");

}  // namespace psyne::inline v0
