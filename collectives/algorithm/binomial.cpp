#include <psyne/collectives/algorithm/binomial.hpp>
#include <psyne/collectives/algorithm/parts.hpp>
#include <psyne/collectives/schedule/schedule_builder.hpp>

#include <algorithm>
#include <bit>
#include <vector>

namespace psyne::inline v0::binomial {

namespace {

// Ranks counted from the root on. Below position p are the positions up to p + span - 1, in children of 1, 2, 4, ...
struct Position {
  Position(const Problem& problem, Rank top_rank)
      : size(problem.size), root(top_rank), position(around(problem.rank - root, problem.size)) {
    const auto bits = static_cast<std::uint32_t>(position);
    const Rank room = position == 0 ? static_cast<Rank>(std::bit_ceil(static_cast<std::uint32_t>(size)))
                                    : static_cast<Rank>(bits & (~bits + 1));
    span = std::min(room, size - position);
  }

  bool top() const noexcept { return position == 0; }
  Rank rank(Rank at) const noexcept { return around(at + root, size); }
  Rank parent() const noexcept { return rank(position & (position - 1)); }

  // How many positions from there on are that child's.
  struct Child {
    Rank rank, first, span;
  };
  std::vector<Child> children() const {  // the largest last
    std::vector<Child> all;
    for (Rank distance = 1; distance < span; distance *= 2) {
      all.push_back({rank(position + distance), position + distance, std::min(distance, span - distance)});
    }
    return all;
  }

  Rank size;
  Rank root;
  Rank position;
  Rank span;
};

// This rank's and those below it, at `to`, or at the input where there is nobody below.
Place fold_up(const Problem& problem, ScheduleBuilder& builder, const Position& position, Place to) {
  Place folded = builder.input();
  for (const auto& child : position.children()) {
    builder.fold(to, {folded, builder.receive(child.rank, problem.bytes)}, problem.bytes);
    folded = to;
  }
  if (!position.top()) builder.send(position.parent(), folded, problem.bytes);
  return folded;
}

// The longest way first.
void tell_down(const Problem& problem, ScheduleBuilder& builder, const Position& position, Place from) {
  const auto children = position.children();
  for (auto child = children.rbegin(); child != children.rend(); ++child)
    builder.send(child->rank, from, problem.bytes);
}

}  // namespace

void reduce(const Problem& problem, ScheduleBuilder& builder) {
  const Position position(problem, problem.root);
  const Place to = position.top() ? builder.output() : builder.workspace(position.span > 1 ? problem.bytes : 0);
  const Place folded = fold_up(problem, builder, position, to);
  if (position.top()) builder.copy(builder.output(), folded, problem.bytes);
}

void broadcast(const Problem& problem, ScheduleBuilder& builder) {
  const Position position(problem, problem.root);
  const Place from = position.top() ? builder.input() : builder.receive(position.parent(), problem.bytes);
  tell_down(problem, builder, position, from);
  builder.copy(builder.output(), from, problem.bytes);
}

void all_reduce(const Problem& problem, ScheduleBuilder& builder) {
  const Position position(problem, 0);
  Place from = fold_up(problem, builder, position, builder.output());
  if (!position.top()) from = builder.receive(position.parent(), problem.bytes);
  tell_down(problem, builder, position, from);
  builder.copy(builder.output(), from, problem.bytes);
}

void gather(const Problem& problem, ScheduleBuilder& builder) {
  const Position position(problem, problem.root);
  const auto block = [&](Rank at) { return problem.received.of(position.rank(at)); };
  const std::uint64_t bytes = block(position.position).bytes;
  if (position.top()) {
    builder.copy(builder.output(block(0).offset), builder.input(), bytes);
    for (const auto& child : position.children()) {
      const Place received = builder.receive(child.rank, bytes * static_cast<std::uint64_t>(child.span));
      for (Rank at = 0; at < child.span; ++at) {
        builder.copy(builder.output(block(child.first + at).offset), received + bytes * static_cast<std::uint64_t>(at),
                     bytes);
      }
    }
    return;
  }
  if (position.span == 1) return builder.send(position.parent(), builder.input(), bytes);
  const std::uint64_t all = bytes * static_cast<std::uint64_t>(position.span);
  const Place gathered = builder.workspace(all);
  builder.copy(gathered, builder.input(), bytes);
  for (const auto& child : position.children()) {
    const std::uint64_t theirs = bytes * static_cast<std::uint64_t>(child.span);
    builder.copy(gathered + bytes * static_cast<std::uint64_t>(child.first - position.position),
                 builder.receive(child.rank, theirs), theirs);
  }
  builder.send(position.parent(), gathered, all);
}

void scatter(const Problem& problem, ScheduleBuilder& builder) {
  const Position position(problem, problem.root);
  const auto block = [&](Rank at) { return problem.sent.of(position.rank(at)); };
  const std::uint64_t bytes = block(position.position).bytes;
  const auto children = position.children();
  Place from;
  if (position.top()) {
    from = builder.workspace(bytes * static_cast<std::uint64_t>(position.size));
    for (Rank at = 1; at < position.size; ++at) {
      builder.copy(from + bytes * static_cast<std::uint64_t>(at), builder.input(block(at).offset), bytes);
    }
  } else {
    from = builder.receive(position.parent(), bytes * static_cast<std::uint64_t>(position.span));
  }
  for (auto child = children.rbegin(); child != children.rend(); ++child) {
    builder.send(child->rank, from + bytes * static_cast<std::uint64_t>(child->first - position.position),
                 bytes * static_cast<std::uint64_t>(child->span));
  }
  builder.copy(builder.output(), position.top() ? builder.input(block(0).offset) : from, bytes);
}

}  // namespace psyne::inline v0::binomial
