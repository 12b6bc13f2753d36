#pragma once

#include <psyne/pool/algorithm/another_stack.hpp>
#include <psyne/pool/algorithm/loop.hpp>
#include <psyne/pool/algorithm/par_options.hpp>
#include <psyne/pool/algorithm/results.hpp>
#include <psyne/pool/algorithm/team.hpp>

#include <algorithm>
#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <numeric>
#include <ranges>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// Copies of the elements for which `predicate` is true, in their order. The predicate is called once for each, by
/// several threads at once, grouped as par_for_each does; then the chosen are counted by blocks, and copied to their
/// places. One byte for each element besides the result; O(count).
///
/// Throws as par_for_each; std::bad_alloc.
template <std::random_access_iterator Iterator, std::sized_sentinel_for<Iterator> Sentinel, class Predicate>
  requires std::predicate<Predicate&, std::iter_reference_t<Iterator>>
std::vector<std::iter_value_t<Iterator>> par_filter(Iterator first, Sentinel last, Predicate&& predicate,
                                                    ParOptions options = {}) {
  if (stack_is_low()) [[unlikely]]
    return on_another_stack([&] { return par_filter(first, last, predicate, std::move(options)); });
  constexpr std::size_t block = 4096;
  const auto count = static_cast<std::size_t>(last - first);
  const std::size_t blocks = (count + block - 1) / block;
  const auto at = [&](std::size_t place) { return first + static_cast<std::iter_difference_t<Iterator>>(place); };
  Team team(options, count + 2 * blocks, "par_filter");

  const auto chosen = std::make_unique_for_overwrite<unsigned char[]>(count);
  auto choose = [&](std::size_t place, std::size_t end) {
    for (Iterator element = at(place); place != end; ++place, ++element) {
      chosen[place] = std::invoke(predicate, *element) ? 1 : 0;
    }
  };
  Loop(team, choose, options.grain).run(count);

  std::vector<std::size_t> places(blocks + 1);  // of the first chosen one of each block
  auto count_chosen = [&](std::size_t number, std::size_t end) {
    for (; number != end; ++number) {
      const unsigned char* const begin = chosen.get() + number * block;
      places[number + 1] = std::accumulate(begin, begin + std::min(block, count - number * block), std::size_t{0});
    }
  };
  Loop(team, count_chosen, 1).run(blocks);
  std::partial_sum(places.begin(), places.end(), places.begin());

  Results<std::iter_value_t<Iterator>> results(places[blocks]);
  auto copy = [&](std::size_t number, std::size_t end) {
    std::size_t to = places[number];
    for (std::size_t place = number * block; place != std::min(end * block, count); ++place) {
      if (chosen[place] != 0) results.set(to++, *at(place));
    }
  };
  Loop(team, copy, 1).run(blocks);
  team.finish();
  return results.take();
}

template <std::ranges::random_access_range Range, class Predicate>
  requires std::ranges::sized_range<Range> && std::predicate<Predicate&, std::ranges::range_reference_t<Range>>
auto par_filter(Range&& range, Predicate&& predicate, ParOptions options = {}) {
  const auto first = std::ranges::begin(range);
  return par_filter(first, first + std::ranges::ssize(range), predicate, std::move(options));
}

}  // namespace psyne::inline v0
