#pragma once

#include <psyne/pool/algorithm/another_stack.hpp>
#include <psyne/pool/algorithm/loop.hpp>
#include <psyne/pool/algorithm/par_options.hpp>
#include <psyne/pool/algorithm/team.hpp>

#include <concepts>
#include <cstddef>
#include <functional>
#include <iterator>
#include <ranges>

namespace psyne::inline v0 {

/// Calls function(*i) for every i of [first, last), each once, in no order that may be relied on, by several threads at
/// once: `function` is shared by them.
///
/// Calls that take nanoseconds are grouped, those that take long lie there to be taken one by one: the caller need not
/// say which (options.grain does). A loop that is done within a microsecond costs 100 ns more than a plain one and
/// calls nobody. No allocation.
///
/// Throws what `function` threw; of several exceptions that of the lowest position, and the others are counted. What
/// has not begun by then is not begun. psyne::Exception: with the error of options.stop if that left something undone,
/// Code::closed or Code::forked if options.pool takes nothing more.
template <std::random_access_iterator Iterator, std::sized_sentinel_for<Iterator> Sentinel, class Function>
  requires std::invocable<Function&, std::iter_reference_t<Iterator>>
void par_for_each(Iterator first, Sentinel last, Function&& function, ParOptions options = {}) {
  if (stack_is_low()) [[unlikely]]
    return on_another_stack([&] { par_for_each(first, last, function, std::move(options)); });
  const auto count = static_cast<std::size_t>(last - first);
  Team team(options, count, "par_for_each");
  auto chunk = [&](std::size_t begin, std::size_t end) {
    Iterator at = first + static_cast<std::iter_difference_t<Iterator>>(begin);
    for (std::size_t left = end - begin; left != 0; --left, ++at) std::invoke(function, *at);
  };
  Loop(team, chunk, options.grain).run(count);
  team.finish();
}

/// The same for every element of a range: a container, a span, std::views::iota(0, n) for a loop over numbers.
template <std::ranges::random_access_range Range, class Function>
  requires std::ranges::sized_range<Range> && std::invocable<Function&, std::ranges::range_reference_t<Range>>
void par_for_each(Range&& range, Function&& function, ParOptions options = {}) {
  const auto first = std::ranges::begin(range);
  par_for_each(first, first + std::ranges::ssize(range), function, std::move(options));
}

}  // namespace psyne::inline v0
