#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/atomics/cache_line.hpp>
#include <psyne/core/atomics/shared_word.hpp>

#include <cstdint>
#include <type_traits>

namespace psyne::inline v0 {

/// Says "I sleep" to the other side: odd while asleep, another number for each sleep, so that one sleep is woken once
/// though the waker cannot write here.
template <class Atomics>
using SleepFlag = SharedWord<Atomics, std::uint32_t>;

/// What the producer tells: in its own memory, only read by consumers. The ring follows at `ring_offset`.
template <class Atomics = StandardAtomics>
struct ProducerBlock {
  static constexpr std::size_t ring_offset = 4096;
  static constexpr std::size_t most_readers = 64;
  static constexpr std::uint64_t open = ~std::uint64_t{0};

  alignas(cache_line) SleepFlag<Atomics> asleep{0};                 // waits for room
  SharedWord<Atomics, std::uint64_t> closed_at{open};               // no record begins at or after this position
  alignas(cache_line) SharedWord<Atomics, std::uint64_t> floor{0};  // drop_oldest: what is before is dropped
  // A record that is still being copied in: its word, and the position up to which it is filled. See LaneWriter::fill.
  alignas(cache_line) SharedWord<Atomics, std::uint64_t> under_way{0};
  SharedWord<Atomics, std::uint64_t> filled{0};
  // Where the reader that was given this number begins, plus one; 0 while the producer has not let it in yet.
  alignas(cache_line) SharedWord<Atomics, std::uint64_t> joined_at[most_readers]{};
};

/// What the consumer tells: in its own memory, only read by the producer.
template <class Atomics = StandardAtomics>
struct ConsumerBlock {
  alignas(cache_line) SharedWord<Atomics, std::uint64_t> cursor{0};  // what is before is the producer's again
  SharedWord<Atomics, std::uint64_t> taken{0};                       // what is before was handed to the program
  SharedWord<Atomics, std::uint64_t> claim{0};  // drop_oldest: position looked at, | 1 while it is read
  // A line of its own: the producer reads it at every commit, the line above changes at every release.
  alignas(cache_line) SleepFlag<Atomics> asleep{0};
};

static_assert(sizeof(ProducerBlock<>) <= ProducerBlock<>::ring_offset);
static_assert(std::is_standard_layout_v<ProducerBlock<>> && std::is_standard_layout_v<ConsumerBlock<>>);

/// Changes with the meaning of anything that two processes share, here or in what they tell of a lane (LaneOffer).
inline constexpr std::uint32_t lane_layout_version = 4;

}  // namespace psyne::inline v0
