#pragma once

#include <psyne/pool/algorithm/pace.hpp>
#include <psyne/pool/algorithm/team.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <optional>
#include <utility>

namespace psyne::inline v0 {

/// How many neighbours an algorithm whose result depends on it folds one after the other: a quarter of the root of
/// the count, a power of two. A few dear items are alone in theirs; of many there are enough that a fork for each costs
/// little.
constexpr std::size_t default_leaf(std::size_t count) noexcept {
  const auto bits = static_cast<unsigned>(std::bit_width(count)) / 2;
  return bits > 2 ? std::size_t{1} << (bits - 2) : 1;
}

/// Combines the values of a row of leaves, neighbours in order, in a tree that depends on their number alone: a node of
/// n leaves has n/2 of them, rounded up, on the left. Who does which part depends on the time that parts take, not so
/// the tree. Parts that take less than some microseconds are done in one go.
///
///   value(leaf)            the Value of one leaf
///   combine(left, right)   takes both by rvalue
///   leaf_size              elements of a leaf, for the team's positions
template <class Value, class Leaf, class Combine>
class Tree {
 public:
  Tree(Team& team, Leaf& leaf, Combine& combine, std::size_t leaf_size) noexcept
      : team_(team), leaf_(leaf), combine_(combine), leaf_size_(leaf_size) {}

  /// Of `leaves`, at least one. Nothing when the team wanted no more before all was done.
  std::optional<Value> run(std::size_t leaves) {
    Pace pace(1, team_.few(leaves));
    return node(0, leaves, pace);
  }

 private:
  static std::size_t middle(std::size_t first, std::size_t last) noexcept { return first + (last - first + 1) / 2; }

  std::optional<Value> node(std::size_t first, std::size_t last, Pace& pace) {
    const std::size_t count = last - first;
    if (count <= pace.chunk() && (count == 1 || !pace.each())) return in_one_go(first, last, pace);
    const std::size_t mid = middle(first, last);
    std::optional<Value> left, right;
    if ((pace.each() || pace.worth_sharing(count)) && team_.may_fork()) {
      fork(first, mid, last, pace, left, right);
    } else {
      left = node(first, mid, pace);
      if (left) right = node(mid, last, pace);
    }
    if (!left || !right) return std::nullopt;
    return combine_(std::move(*left), std::move(*right));
  }

  [[gnu::noinline]] void fork(std::size_t first, std::size_t mid, std::size_t last, Pace& pace,
                              std::optional<Value>& left, std::optional<Value>& right) {
    auto elsewhere = [this, mid, last, &right, own = pace]() mutable { right = node(mid, last, own); };
    team_.both([&] { left = node(first, mid, pace); }, elsewhere, [&] { right = node(mid, last, pace); });
  }

  std::optional<Value> in_one_go(std::size_t first, std::size_t last, Pace& pace) {
    if (team_.unwanted(first * leaf_size_)) return std::nullopt;
    pace.start();
    std::optional<Value> value(plain(first, last));
    pace.done(last - first);
    team_.advance((last - first) * leaf_size_);
    return value;
  }

  Value plain(std::size_t first, std::size_t last) {
    if (last - first == 1) return leaf_(first);
    const std::size_t mid = middle(first, last);
    Value left = plain(first, mid);
    return combine_(std::move(left), plain(mid, last));
  }

  Team& team_;
  Leaf& leaf_;
  Combine& combine_;
  const std::size_t leaf_size_;
};

}  // namespace psyne::inline v0
