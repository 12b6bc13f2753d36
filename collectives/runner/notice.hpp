#pragma once

#include <psyne/collectives/runner/call_record.hpp>
#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/atomics/cache_line.hpp>
#include <psyne/core/atomics/shared_word.hpp>
#include <psyne/core/result/error.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace psyne::inline v0 {

/// What one rank tells another apart from the operations themselves: that it waits in one, or why it can do no more.
struct Notice {
  static constexpr std::size_t longest_reason = 64;
  static constexpr std::size_t word_count = 3 * CallRecord::word_count + 1 + longest_reason / 8 + 1;
  using Words = std::array<std::uint64_t, word_count>;

  std::optional<CallRecord> mine{};      ///< what its sender is in, or was in last, or disagrees about
  std::optional<CallRecord> previous{};  ///< what it called before that
  std::optional<Code> failure{};         ///< why its communicator is broken; nothing: it works
  std::optional<Rank> culprit{};         ///< whom that comes from
  std::optional<CallRecord> culprits{};  ///< what the culprit called in place of `mine`
  std::string reason{};                  ///< of an abort; longer ones are cut

  Words encoded() const noexcept;
  /// Nothing where no notice was written there, or not the whole of one.
  static std::optional<Notice> decoded(const Words& from) noexcept;
};

/// Where one rank's notices lie in the window of another: two places in turn, and how many there have been. Put as
/// bytes by ranks that do not map the window, who count by a signal.
struct alignas(cache_line) NoticeBox {
  using Place = std::array<SharedWord<StandardAtomics, std::uint64_t>, Notice::word_count>;

  SharedWord<StandardAtomics, std::uint64_t> count{0};
  std::array<Place, 2> places{};
};

}  // namespace psyne::inline v0
