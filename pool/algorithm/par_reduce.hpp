#pragma once

#include <psyne/pool/algorithm/another_stack.hpp>
#include <psyne/pool/algorithm/combine_leaves.hpp>
#include <psyne/pool/algorithm/par_options.hpp>
#include <psyne/pool/algorithm/team.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <ranges>
#include <utility>

namespace psyne::inline v0 {

/// init op map(x0) op map(x1) op ...: elements in their order, parentheses where they are best. `op` has to be
/// associative, or nearly, as the addition of floating-point numbers; it need not be commutative.
///
/// The result has the same bits whoever computed what: leaves of options.grain elements (0: a quarter of the root of
/// the count) are folded from left to right, and neighbours combined in a tree that depends on the number of leaves
/// alone; `init` comes last, once, on the left. So it does for one thread, and outside of any pool.
///
/// `map` is called once for each element. `Value` may be only movable. map, and op(Value, Value), and op(Value, what
/// map gives) are called by several threads at once. O(count) calls; memory for a value of each leaf.
///
/// Throws what they threw, of several exceptions that of the lowest position; and as par_for_each.
template <std::random_access_iterator Iterator, std::sized_sentinel_for<Iterator> Sentinel,
          std::move_constructible Value, class Op, class Map>
Value par_map_reduce(Iterator first, Sentinel last, Value init, Op op, Map map, ParOptions options = {}) {
  if (stack_is_low()) [[unlikely]]
    return on_another_stack([&] { return par_map_reduce(first, last, std::move(init), op, map, std::move(options)); });
  const auto count = static_cast<std::size_t>(last - first);
  const std::size_t size = options.grain != 0 ? options.grain : default_leaf(count);
  const std::size_t leaves = (count + size - 1) / size;
  Team team(options, 2 * leaves, "par_reduce");
  if (count == 0) {
    team.finish();
    return init;
  }
  auto fold = [&](std::size_t leaf) {
    const std::size_t begin = leaf * size;
    Iterator at = first + static_cast<std::iter_difference_t<Iterator>>(begin);
    std::size_t left = std::min(size, count - begin) - 1;
    Value value(std::invoke(map, *at));
    for (++at; left != 0; --left, ++at) value = std::invoke(op, std::move(value), std::invoke(map, *at));
    return value;
  };
  Value all = combine_leaves<Value>(team, leaves, fold, op);
  team.finish();
  return std::invoke(op, std::move(init), std::move(all));
}

template <std::ranges::random_access_range Range, std::move_constructible Value, class Op, class Map>
  requires std::ranges::sized_range<Range> && std::invocable<Map&, std::ranges::range_reference_t<Range>>
Value par_map_reduce(Range&& range, Value init, Op op, Map map, ParOptions options = {}) {
  const auto first = std::ranges::begin(range);
  return par_map_reduce(first, first + std::ranges::ssize(range), std::move(init), std::move(op), std::move(map),
                        std::move(options));
}

/// init op x0 op x1 op ...: par_map_reduce of the elements themselves.
template <std::random_access_iterator Iterator, std::sized_sentinel_for<Iterator> Sentinel,
          std::move_constructible Value, class Op>
Value par_reduce(Iterator first, Sentinel last, Value init, Op op, ParOptions options = {}) {
  return par_map_reduce(first, last, std::move(init), std::move(op), std::identity(), std::move(options));
}

template <std::ranges::random_access_range Range, std::move_constructible Value, class Op>
  requires std::ranges::sized_range<Range>
Value par_reduce(Range&& range, Value init, Op op, ParOptions options = {}) {
  const auto first = std::ranges::begin(range);
  return par_map_reduce(first, first + std::ranges::ssize(range), std::move(init), std::move(op), std::identity(),
                        std::move(options));
}

}  // namespace psyne::inline v0
