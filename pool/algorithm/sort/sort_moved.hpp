#pragma once

#include <psyne/pool/algorithm/loop.hpp>
#include <psyne/pool/algorithm/par_options.hpp>
#include <psyne/pool/algorithm/sort/merge_sort.hpp>
#include <psyne/pool/algorithm/team.hpp>

#include <cstddef>
#include <functional>
#include <iterator>
#include <memory>
#include <numeric>
#include <type_traits>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// Sorts elements by sorting their places: until the order is known none is moved, so nothing is lost if `less` throws.
/// Then each is moved out and to its place, which can neither fail nor be stopped.
template <class Iterator, class Less>
void sort_moved(Iterator first, std::size_t count, Less& less, ParOptions& options) {
  using Value = std::iter_value_t<Iterator>;
  static_assert(std::is_nothrow_move_constructible_v<Value> && std::is_nothrow_move_assignable_v<Value>,
                "an exception of a move would lose elements");
  const auto at = [&](std::size_t place) { return first + static_cast<std::iter_difference_t<Iterator>>(place); };
  std::vector<std::size_t> order(count);
  std::iota(order.begin(), order.end(), std::size_t{0});
  auto less_at = [&](std::size_t left, std::size_t right) { return std::invoke(less, *at(left), *at(right)); };
  std::allocator<Value> memory;
  const auto free = [&](Value* values) { memory.deallocate(values, count); };
  const std::unique_ptr<Value, decltype(free)> moved(memory.allocate(count), free);

  MergeSort sort(order.data(), count, less_at);
  Team team(options, sort.steps(), "par_sort");
  sort.run(team);

  ParOptions unstopped{.pool = options.pool, .max_workers = options.max_workers};
  Team movers(unstopped, count, "par_sort");
  auto move_out = [&](std::size_t place, std::size_t end) {
    for (; place != end; ++place) std::construct_at(moved.get() + place, std::ranges::iter_move(at(order[place])));
  };
  auto move_back = [&](std::size_t place, std::size_t end) {
    for (; place != end; ++place) {
      *at(place) = std::move(moved.get()[place]);
      std::destroy_at(moved.get() + place);
    }
  };
  Loop(movers, move_out, 1).run(count);
  Loop(movers, move_back, 1).run(count);
  team.finish();
}

}  // namespace psyne::inline v0
