#pragma once

#include <psyne/core/atomics/atomics.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>

namespace psyne::inline v0 {

/// How long the first of a queue has waited, to a quarter of a second and up to `longest`, without a time for each.
///
/// Entries are numbered as they come. A mark says from which number on they came after its time; there is one for each
/// quarter of a second in which any came. Not thread safe.
class Ageing {
 public:
  static constexpr Clock::duration step = std::chrono::milliseconds(250);
  static constexpr std::size_t marks = 16;
  static constexpr Clock::duration longest = step * (marks - 2);

  /// The entry `number`, one more than the one before, comes `now`.
  void came(std::size_t number, Deadline now) noexcept {
    if (count_ != 0 && now - mark(count_ - 1).time < step) return;
    mark(count_++) = {number, now};
  }

  /// How long `number` has waited; at most a step too much, and `longest` where that is all that is known. Zero when it
  /// came after `now`, which its taker may have looked at long before.
  Clock::duration waited(std::size_t number, Deadline now) const noexcept {
    const std::size_t oldest = count_ > marks ? count_ - marks : 0;
    for (std::size_t place = count_; place > oldest; --place) {
      if (mark(place - 1).number <= number) return std::clamp(now - mark(place - 1).time, Clock::duration{}, longest);
    }
    return longest;
  }

 private:
  struct Mark {
    std::size_t number = 0;
    Deadline time;
  };
  Mark& mark(std::size_t place) noexcept { return marks_[place % marks]; }
  const Mark& mark(std::size_t place) const noexcept { return marks_[place % marks]; }

  std::array<Mark, marks> marks_;
  std::size_t count_ = 0;  // marks that were ever made
};

}  // namespace psyne::inline v0
