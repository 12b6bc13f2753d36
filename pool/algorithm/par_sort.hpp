#pragma once

#include <psyne/pool/algorithm/another_stack.hpp>
#include <psyne/pool/algorithm/loop.hpp>
#include <psyne/pool/algorithm/par_options.hpp>
#include <psyne/pool/algorithm/sort/merge_sort.hpp>
#include <psyne/pool/algorithm/sort/sort_moved.hpp>
#include <psyne/pool/algorithm/team.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <ranges>
#include <type_traits>
#include <utility>

namespace psyne::inline v0 {

/// Sorts a range, by default ascending. Not stable; the result depends on the elements alone, not on how many threads
/// there are. A range that is sorted already, or the other way round, is only looked through.
///
/// Elements of up to 32 bytes that are copied as bytes are sorted themselves, with room for as many; of others their
/// places, and then each is moved twice, for which it has to be movable without throwing. O(n log n).
///
/// `less` is called by several threads at once, and has to be a strict weak ordering. Throws what it threw, and as
/// par_for_each; std::bad_alloc. All the elements are there afterwards, in some order.
template <std::random_access_iterator Iterator, std::sized_sentinel_for<Iterator> Sentinel, class Less>
  requires std::sortable<Iterator, Less&>
void par_sort(Iterator first, Sentinel last, Less less, ParOptions options = {}) {
  if (stack_is_low()) [[unlikely]]
    return on_another_stack([&] { par_sort(first, last, std::ref(less), std::move(options)); });
  using Value = std::iter_value_t<Iterator>;
  const auto count = static_cast<std::size_t>(last - first);
  const auto at = [&](std::size_t place) { return first + static_cast<std::iter_difference_t<Iterator>>(place); };
  std::size_t ordered = std::min<std::size_t>(count, 1);
  while (ordered < count && !std::invoke(less, *at(ordered), *at(ordered - 1))) ++ordered;
  if (ordered == count) return;
  if (ordered == 1) {
    while (ordered < count && std::invoke(less, *at(ordered), *at(ordered - 1))) ++ordered;
    if (ordered == count) return static_cast<void>(std::ranges::reverse(first, at(count)));
  }
  if constexpr (std::contiguous_iterator<Iterator> && std::is_trivially_copyable_v<Value> && sizeof(Value) <= 32) {
    MergeSort sort(std::to_address(first), count, less);
    Team team(options, sort.steps(), "par_sort");
    sort.run(team);
    team.finish();
  } else {
    sort_moved(first, count, less, options);
  }
}

template <std::ranges::random_access_range Range, class Less>
  requires std::ranges::sized_range<Range> && std::sortable<std::ranges::iterator_t<Range>, Less&>
void par_sort(Range&& range, Less less, ParOptions options = {}) {
  const auto first = std::ranges::begin(range);
  par_sort(first, first + std::ranges::ssize(range), std::move(less), std::move(options));
}

/// Ascending.
template <std::ranges::random_access_range Range>
  requires std::ranges::sized_range<Range> && std::sortable<std::ranges::iterator_t<Range>>
void par_sort(Range&& range, ParOptions options = {}) {
  par_sort(range, std::ranges::less(), std::move(options));
}

}  // namespace psyne::inline v0
