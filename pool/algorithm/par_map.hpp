#pragma once

#include <psyne/pool/algorithm/another_stack.hpp>
#include <psyne/pool/algorithm/loop.hpp>
#include <psyne/pool/algorithm/par_options.hpp>
#include <psyne/pool/algorithm/results.hpp>
#include <psyne/pool/algorithm/team.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// map(x) for every x, in the order of the elements. `map` is called once for each, by several threads at once, grouped
/// as par_for_each does. The values need be movable only; where they have no default, they are moved once more.
///
/// Throws as par_for_each; std::bad_alloc. O(count).
template <std::random_access_iterator Iterator, std::sized_sentinel_for<Iterator> Sentinel, class Map>
  requires std::invocable<Map&, std::iter_reference_t<Iterator>>
auto par_map(Iterator first, Sentinel last, Map&& map, ParOptions options = {}) {
  using Value = std::remove_cvref_t<std::invoke_result_t<Map&, std::iter_reference_t<Iterator>>>;
  const auto all = [&]() -> std::vector<Value> {
    const auto count = static_cast<std::size_t>(last - first);
    Team team(options, count, "par_map");
    Results<Value> results(count);
    auto chunk = [&](std::size_t place, std::size_t end) {
      Iterator at = first + static_cast<std::iter_difference_t<Iterator>>(place);
      for (; place != end; ++place, ++at) results.set(place, std::invoke(map, *at));
    };
    Loop(team, chunk, options.grain).run(count);
    team.finish();
    return results.take();
  };
  return stack_is_low() ? on_another_stack(all) : all();
}

template <std::ranges::random_access_range Range, class Map>
  requires std::ranges::sized_range<Range> && std::invocable<Map&, std::ranges::range_reference_t<Range>>
auto par_map(Range&& range, Map&& map, ParOptions options = {}) {
  const auto first = std::ranges::begin(range);
  return par_map(first, first + std::ranges::ssize(range), map, std::move(options));
}

}  // namespace psyne::inline v0
