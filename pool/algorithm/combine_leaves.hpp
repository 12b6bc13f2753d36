#pragma once

#include <psyne/pool/algorithm/loop.hpp>
#include <psyne/pool/algorithm/pace.hpp>
#include <psyne/pool/algorithm/team.hpp>

#include <bit>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace psyne::inline v0 {

/// How many neighbours an algorithm whose result depends on it folds one after the other: a part of the root of the
/// count, a power of two. A few dear elements are alone in theirs; of many there are so many leaves that all threads
/// find some, and so few that a value for each costs next to nothing.
constexpr std::size_t default_leaf(std::size_t count) noexcept {
  const auto bits = static_cast<unsigned>(std::bit_width(count));
  const unsigned less = bits > 20 ? 1 : 2;
  return bits / 2 > less ? std::size_t{1} << (bits / 2 - less) : 1;
}

/// fold(0) op fold(1) op ... op fold(leaves - 1), at least one, each computed once: first all leaves; then each second
/// value with that on its right, until one is left. Which are combined depends on the number of leaves alone.
template <class Value, class Fold, class Op>
Value combine_leaves(Team& team, std::size_t leaves, Fold& fold, Op& op) {
  const auto values = std::make_unique<std::optional<Value>[]>(leaves);
  Pace pace(1, team.few(leaves));
  auto fold_each = [&](std::size_t leaf, std::size_t last) {
    for (; leaf != last; ++leaf) values[leaf].emplace(fold(leaf));
  };
  Loop(team, fold_each, 1).run(leaves, pace);
  for (std::size_t apart = 1; apart < leaves; apart *= 2) {
    auto combine_each = [&](std::size_t pair, std::size_t last) {
      for (; pair != last; ++pair) {
        std::optional<Value>& left = values[2 * apart * pair];
        std::optional<Value>& right = values[2 * apart * pair + apart];
        left.emplace(std::invoke(op, std::move(*left), std::move(*right)));
        right.reset();
      }
    };
    pace.begin_anew();
    Loop(team, combine_each, 1).run((leaves + apart - 1) / (2 * apart), pace);
  }
  return std::move(*values[0]);
}

}  // namespace psyne::inline v0
