#pragma once

#include <psyne/pool/algorithm/another_stack.hpp>
#include <psyne/pool/algorithm/loop.hpp>
#include <psyne/pool/algorithm/par_options.hpp>
#include <psyne/pool/algorithm/team.hpp>

#include <atomic>
#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <ranges>
#include <utility>

namespace psyne::inline v0 {

/// Whether `predicate` is true for any element. It is called by several threads at once; the first that finds one ends
/// all. O(count), no allocation. Throws as par_for_each, whatever was found.
template <std::random_access_iterator Iterator, std::sized_sentinel_for<Iterator> Sentinel, class Predicate>
  requires std::predicate<Predicate&, std::iter_reference_t<Iterator>>
bool par_any(Iterator first, Sentinel last, Predicate&& predicate, ParOptions options = {}) {
  if (stack_is_low()) [[unlikely]]
    return on_another_stack([&] { return par_any(first, last, predicate, std::move(options)); });
  const auto count = static_cast<std::size_t>(last - first);
  Team team(options, count, "par_any");
  std::atomic<bool> found{false};
  auto chunk = [&](std::size_t place, std::size_t end) {
    Iterator at = first + static_cast<std::iter_difference_t<Iterator>>(place);
    for (; place != end; ++place, ++at) {
      if (!std::invoke(predicate, *at)) continue;
      found.store(true, std::memory_order_relaxed);
      return team.end_at(0);
    }
  };
  Loop(team, chunk, options.grain).run(count);
  team.finish();
  return found.load(std::memory_order_relaxed);
}

template <std::ranges::random_access_range Range, class Predicate>
  requires std::ranges::sized_range<Range> && std::predicate<Predicate&, std::ranges::range_reference_t<Range>>
bool par_any(Range&& range, Predicate&& predicate, ParOptions options = {}) {
  const auto first = std::ranges::begin(range);
  return par_any(first, first + std::ranges::ssize(range), predicate, std::move(options));
}

}  // namespace psyne::inline v0
