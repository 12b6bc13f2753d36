#include <psyne/collectives/algorithm/double_tree.hpp>
#include <psyne/collectives/algorithm/parts.hpp>
#include <psyne/collectives/schedule/schedule_builder.hpp>

#include <array>
#include <bit>
#include <optional>
#include <vector>

namespace psyne::inline v0::double_tree {

namespace {

struct Node {
  std::optional<Rank> parent;
  std::vector<Rank> children;
};

// A tree over positions 0 to size - 1 whose leaves are the even ones but for 0, which is the root with one child.
// Position p has its children at half of its lowest bit's distance.
std::optional<Rank> parent_of(Rank position, Rank size) {
  if (position == 0) return std::nullopt;
  auto bit = static_cast<Rank>(std::uint32_t{1} << std::countr_zero(static_cast<std::uint32_t>(position)));
  // Upwards is p with its lowest bit cleared and the next one set, or, where that is nobody, only cleared.
  const Rank up = (position ^ bit) | (bit << 1);
  return up < size ? up : position ^ bit;
}

Node node(Rank position, Rank size) {
  Node node{.parent = parent_of(position, size), .children = {}};
  for (Rank other = 1; other < size; ++other) {
    if (parent_of(other, size) == position) node.children.push_back(other);
  }
  return node;
}

// The second tree is the first with its positions one further on, so that even becomes odd.
Node tree(const Problem& problem, Rank index) {
  Node found = node(around(problem.rank - index, problem.size), problem.size);
  if (found.parent) *found.parent = around(*found.parent + index, problem.size);
  for (Rank& child : found.children) child = around(child + index, problem.size);
  return found;
}

}  // namespace

void all_reduce(const Problem& problem, ScheduleBuilder& builder) {
  const Parts halves(problem, 2);
  const std::array<Node, 2> trees{tree(problem, 0), tree(problem, 1)};
  std::array<Place, 2> whole;
  for (Rank index = 0; index < 2; ++index) {
    const Node& here = trees[static_cast<std::size_t>(index)];
    const Stretch half = halves.of(index);
    std::vector<Place> places{builder.input(half.offset)};
    for (const Rank child : here.children) places.push_back(builder.receive(child, half.bytes));
    Place folded = places.front();
    if (places.size() > 1 || !here.parent) {
      folded = builder.output(half.offset);
      builder.fold(folded, places, half.bytes);
    }
    if (here.parent) builder.send(*here.parent, folded, half.bytes);
    whole[static_cast<std::size_t>(index)] = folded;
  }
  for (Rank index = 0; index < 2; ++index) {
    const Node& here = trees[static_cast<std::size_t>(index)];
    const Stretch half = halves.of(index);
    Place& told = whole[static_cast<std::size_t>(index)];
    if (here.parent) told = builder.receive(*here.parent, half.bytes);
    for (const Rank child : here.children) builder.send(child, told, half.bytes);
    builder.copy(builder.output(half.offset), told, half.bytes);
  }
}

}  // namespace psyne::inline v0::double_tree
