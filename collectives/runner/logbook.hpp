#pragma once

#include <psyne/collectives/runner/call_record.hpp>
#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/atomics/cache_line.hpp>
#include <psyne/core/atomics/shared_word.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace psyne::inline v0 {

/// The last calls of one rank, in its window: what it has entered, for itself and for whoever maps the window.
///
/// Contract: enter() by the rank alone, one thread at a time, in the order of the sequence; wait-free. The others by
/// any thread of any process, at any time; a call that is being overwritten reads as none (CallRecord tells).
class alignas(cache_line) Logbook {
 public:
  static constexpr std::uint64_t most = 64;

  void enter(const CallRecord::Words& words) noexcept {
    const std::uint64_t sequence = words[0];
    Entry& entry = entries_[sequence % most];
    for (std::size_t word = 0; word < CallRecord::word_count; ++word) {
      entry[word].store(words[word], std::memory_order_relaxed);
    }
    // Release: whoever loads this sees the entry, or a later one in its place.
    newest_.store(sequence, std::memory_order_release);
  }

  /// Which call it has entered last; 0: none.
  std::uint64_t newest() const noexcept { return newest_.load(std::memory_order_acquire); }

  /// Nothing where it is not entered yet, or too long ago.
  std::optional<CallRecord> find(std::uint64_t sequence) const noexcept {
    const Entry& entry = entries_[sequence % most];
    CallRecord::Words words{};
    for (std::size_t word = 0; word < CallRecord::word_count; ++word) {
      words[word] = entry[word].load(std::memory_order_relaxed);
    }
    const auto record = CallRecord::decoded(words);
    return record && record->sequence == sequence ? record : std::nullopt;
  }

 private:
  using Word = SharedWord<StandardAtomics, std::uint64_t>;
  using Entry = std::array<Word, CallRecord::word_count>;

  Word newest_{0};
  std::array<Entry, most> entries_{};
};

}  // namespace psyne::inline v0
