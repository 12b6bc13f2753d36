#pragma once

#include <psyne/pool/algorithm/another_stack.hpp>
#include <psyne/pool/algorithm/combine_leaves.hpp>
#include <psyne/pool/algorithm/loop.hpp>
#include <psyne/pool/algorithm/par_options.hpp>
#include <psyne/pool/algorithm/results.hpp>
#include <psyne/pool/algorithm/team.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// Whether the value at a place of a scan has the element of that place in it.
enum class Scan : std::uint8_t { inclusive, exclusive };

/// All the values of a fold: at place i of the result init op x0 op ... op xi; with Scan::exclusive without the last.
/// `op` has to be associative, or nearly; it need not be commutative.
///
/// The result has the same bits whoever computed what: leaves of options.grain elements (0: about the root of the
/// count) are folded from left to right, the values before each leaf from left to right by those, and each leaf once
/// more, beginning with the value before it. So it is for one thread, and outside of any pool.
///
/// op(Value, Value) and op(Value, element) are called by several threads at once, twice for each element; Values are
/// copied. O(count). Throws as par_for_each; std::bad_alloc.
template <std::random_access_iterator Iterator, std::sized_sentinel_for<Iterator> Sentinel, std::copyable Value,
          class Op>
std::vector<Value> par_scan(Iterator first, Sentinel last, Value init, Op op, ParOptions options = {},
                            Scan kind = Scan::inclusive) {
  if (stack_is_low()) [[unlikely]]
    return on_another_stack([&] { return par_scan(first, last, std::move(init), op, std::move(options), kind); });
  const auto count = static_cast<std::size_t>(last - first);
  const std::size_t size = options.grain != 0 ? options.grain : 4 * default_leaf(count);
  const std::size_t leaves = (count + size - 1) / size;
  const auto at = [&](std::size_t place) { return first + static_cast<std::iter_difference_t<Iterator>>(place); };
  Team team(options, 2 * leaves, "par_scan");

  // First what a leaf folds to, then what all before it fold to.
  const auto before = std::make_unique<std::optional<Value>[]>(leaves + 1);
  auto fold = [&](std::size_t leaf, std::size_t end) {
    for (; leaf != end; ++leaf) {
      Iterator element = at(leaf * size);
      Value value(*element);
      const std::size_t more = std::min(size, count - leaf * size) - 1;
      for (std::size_t left = more; left != 0; --left) value = std::invoke(op, std::move(value), *++element);
      before[leaf + 1].emplace(std::move(value));
    }
  };
  Loop(team, fold, 1).run(leaves);
  before[0].emplace(std::move(init));
  for (std::size_t leaf = 1; leaf < leaves; ++leaf) {
    before[leaf].emplace(std::invoke(op, Value(*before[leaf - 1]), std::move(*before[leaf])));
  }

  Results<Value> results(count);
  auto scan = [&](std::size_t leaf, std::size_t end) {
    for (; leaf != end; ++leaf) {
      Value value(std::move(*before[leaf]));
      std::size_t place = leaf * size;
      Iterator element = at(place);
      for (const std::size_t behind = std::min(place + size, count); place != behind; ++place, ++element) {
        if (kind == Scan::exclusive) results.set(place, value);
        value = std::invoke(op, std::move(value), *element);
        if (kind == Scan::inclusive) results.set(place, value);
      }
    }
  };
  Loop(team, scan, 1).run(leaves);
  team.finish();
  return results.take();
}

template <std::ranges::random_access_range Range, std::copyable Value, class Op>
  requires std::ranges::sized_range<Range>
std::vector<Value> par_scan(Range&& range, Value init, Op op, ParOptions options = {}, Scan kind = Scan::inclusive) {
  const auto first = std::ranges::begin(range);
  return par_scan(first, first + std::ranges::ssize(range), std::move(init), std::move(op), std::move(options), kind);
}

}  // namespace psyne::inline v0
