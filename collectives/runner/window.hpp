#pragma once

#include <psyne/collectives/runner/logbook.hpp>
#include <psyne/collectives/runner/notice.hpp>
#include <psyne/collectives/schedule/place.hpp>
#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/atomics/cache_line.hpp>
#include <psyne/core/atomics/shared_word.hpp>

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

namespace psyne::inline v0 {

/// What one rank hears from one other in one bank: a counter of signals, and the mail that comes along with one. One
/// cache line, so that a few bytes and their signal cross by one miss.
struct alignas(cache_line) Box {
  SharedWord<StandardAtomics, std::uint64_t> signal{0};  ///< a Tidings; by its writer alone
  std::array<std::byte, mail_bytes> mail{};
};
static_assert(sizeof(Box) == cache_line);

/// The value of a signal: how many there were, and which call the last one belongs to. Grows with each, whatever the
/// call's mark.
struct Tidings {
  static constexpr unsigned mark_bits = 24;

  std::uint64_t count = 0;
  std::uint32_t mark = 0;  ///< of the call; its low bits count

  /// Of a call, by its fingerprint.
  static constexpr std::uint32_t mark_of(std::uint64_t fingerprint) noexcept {
    return static_cast<std::uint32_t>(fingerprint >> (64 - mark_bits));
  }
  constexpr std::uint64_t word() const noexcept { return count << mark_bits | (mark & ((1U << mark_bits) - 1)); }
  static constexpr Tidings of(std::uint64_t word) noexcept {
    return {word >> mark_bits, static_cast<std::uint32_t>(word) & ((1U << mark_bits) - 1)};
  }
};

/// What the owner of a window tells those who signal it.
struct alignas(cache_line) Doorplate {
  SharedWord<StandardAtomics, std::uint32_t> sleeps{0};  ///< not 0: ring after each signal; by the owner alone
};

/// Where things lie in a rank's window, the memory that all other ranks of the communicator may write: the doorplate,
/// its own logbook, the others' boxes, notices and slots, and the stage. All ranks have the same sizes. Zeroed memory
/// is a window before anything happened.
class WindowLayout {
 public:
  constexpr WindowLayout(Rank size, std::uint64_t slot_bytes, std::uint64_t stage_bytes) noexcept
      : size_(static_cast<std::uint64_t>(size)), slot_bytes_(slot_bytes), stage_bytes_(stage_bytes) {}

  /// The links' counters: of a writer's boxes by bank, and of its notices.
  static constexpr std::uint32_t notice_counter = 2;

  static constexpr std::uint64_t doorplate() noexcept { return 0; }
  static constexpr std::uint64_t logbook() noexcept { return sizeof(Doorplate); }
  constexpr std::uint64_t box(Rank writer, std::uint32_t bank) const noexcept {
    return logbook() + sizeof(Logbook) + index(writer, bank) * sizeof(Box);
  }
  constexpr std::uint64_t mail(Rank writer, std::uint32_t bank) const noexcept {
    return box(writer, bank) + offsetof(Box, mail);
  }
  constexpr std::uint64_t notices(Rank writer) const noexcept {
    return box(0, 0) + 2 * size_ * sizeof(Box) + static_cast<std::uint64_t>(writer) * sizeof(NoticeBox);
  }
  /// The `turn`-th place, 0 or 1.
  constexpr std::uint64_t notice(Rank writer, std::uint64_t turn) const noexcept {
    return notices(writer) + offsetof(NoticeBox, places) + turn * sizeof(NoticeBox::Place);
  }
  constexpr std::uint64_t slot(Rank writer, std::uint32_t bank) const noexcept {
    return slots() + index(writer, bank) * slot_bytes_;
  }
  constexpr std::uint64_t stage(std::uint32_t bank) const noexcept {
    return slots() + 2 * size_ * slot_bytes_ + bank * stage_bytes_;
  }
  constexpr std::uint64_t bytes() const noexcept { return stage(2); }
  constexpr std::uint64_t slot_bytes() const noexcept { return slot_bytes_; }
  constexpr std::uint64_t stage_bytes() const noexcept { return stage_bytes_; }

 private:
  static constexpr std::uint64_t index(Rank writer, std::uint32_t bank) noexcept {
    return static_cast<std::uint64_t>(writer) * 2 + bank;
  }
  // From a page on, so that slots begin as their sizes allow.
  constexpr std::uint64_t slots() const noexcept {
    return (notices(0) + size_ * sizeof(NoticeBox) + 4095) / 4096 * 4096;
  }

  std::uint64_t size_;
  std::uint64_t slot_bytes_;
  std::uint64_t stage_bytes_;
};

}  // namespace psyne::inline v0
