#pragma once

#include <psyne/pool/algorithm/another_stack.hpp>
#include <psyne/pool/algorithm/loop.hpp>
#include <psyne/pool/algorithm/par_options.hpp>
#include <psyne/pool/algorithm/team.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <iterator>
#include <ranges>
#include <utility>

namespace psyne::inline v0 {

/// The first element for which `predicate` is true, or `last`: the same that std::find_if gives. The predicate is
/// called by several threads at once, for every element before that, and for some behind it: what lies behind one that
/// was found is left out from then on. O(count), no allocation.
///
/// Throws as par_for_each, whatever was found.
template <std::random_access_iterator Iterator, std::sized_sentinel_for<Iterator> Sentinel, class Predicate>
  requires std::predicate<Predicate&, std::iter_reference_t<Iterator>>
Iterator par_find(Iterator first, Sentinel last, Predicate&& predicate, ParOptions options = {}) {
  if (stack_is_low()) [[unlikely]]
    return on_another_stack([&] { return par_find(first, last, predicate, std::move(options)); });
  const auto count = static_cast<std::size_t>(last - first);
  Team team(options, count, "par_find");
  auto chunk = [&](std::size_t place, std::size_t end) {
    Iterator at = first + static_cast<std::iter_difference_t<Iterator>>(place);
    for (; place != end; ++place, ++at) {
      if (std::invoke(predicate, *at)) return team.end_at(place);
    }
  };
  Loop(team, chunk, options.grain).run(count);
  team.finish();
  return first + static_cast<std::iter_difference_t<Iterator>>(std::min(team.end(), count));
}

template <std::ranges::random_access_range Range, class Predicate>
  requires std::ranges::sized_range<Range> && std::ranges::borrowed_range<Range> &&
           std::predicate<Predicate&, std::ranges::range_reference_t<Range>>
auto par_find(Range&& range, Predicate&& predicate, ParOptions options = {}) {
  const auto first = std::ranges::begin(range);
  return par_find(first, first + std::ranges::ssize(range), predicate, std::move(options));
}

}  // namespace psyne::inline v0
