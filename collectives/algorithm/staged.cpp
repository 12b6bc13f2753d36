#include <psyne/collectives/algorithm/parts.hpp>
#include <psyne/collectives/algorithm/staged.hpp>
#include <psyne/collectives/schedule/schedule_builder.hpp>

#include <vector>

namespace psyne::inline v0::staged {

namespace {

std::vector<Rank> others(const Problem& problem) {
  std::vector<Rank> ranks;
  ranks.reserve(static_cast<std::size_t>(problem.size - 1));
  for (Rank step = 1; step < problem.size; ++step) ranks.push_back(around(problem.rank + step, problem.size));
  return ranks;
}

void signal(ScheduleBuilder& builder, const std::vector<Rank>& ranks) {
  for (const Rank rank : ranks) builder.signal(rank);
}

// The stage of `owner`, filled.
Place await(ScheduleBuilder& builder, Rank owner) {
  builder.wait(owner);
  return builder.stage_of(owner);
}

}  // namespace

void all_reduce(const Problem& problem, ScheduleBuilder& builder) {
  if (problem.bytes == 0) return;
  const std::vector<Rank> readers = others(problem);
  builder.copy(builder.stage(problem.bytes, readers), builder.input(), problem.bytes);
  signal(builder, readers);
  std::vector<Place> places;
  places.reserve(static_cast<std::size_t>(problem.size));
  for (Rank rank = 0; rank < problem.size; ++rank) {
    places.push_back(rank == problem.rank ? builder.input() : await(builder, rank));
  }
  builder.fold(builder.output(), places, problem.bytes);
}

void all_reduce_two_shot(const Problem& problem, ScheduleBuilder& builder) {
  const Parts parts(problem, problem.size);
  const Stretch own = parts.of(problem.rank);
  const std::vector<Rank> readers = others(problem);
  for (const Rank other : readers) builder.send(other, builder.input(parts.of(other).offset), parts.of(other).bytes);
  if (own.bytes > 0) {
    std::vector<Place> places;
    places.reserve(static_cast<std::size_t>(problem.size));
    for (Rank rank = 0; rank < problem.size; ++rank) {
      places.push_back(rank == problem.rank ? builder.input(own.offset) : builder.receive(rank, own.bytes));
    }
    const Place folded = builder.stage(own.bytes, readers);
    builder.fold(folded, places, own.bytes);
    signal(builder, readers);
    builder.copy(builder.output(own.offset), folded, own.bytes);
  }
  for (const Rank other : readers) {
    const Stretch part = parts.of(other);
    if (part.bytes > 0) builder.copy(builder.output(part.offset), await(builder, other), part.bytes);
  }
}

void all_gather(const Problem& problem, ScheduleBuilder& builder) {
  const Stretch own = problem.received.of(problem.rank);
  const std::vector<Rank> readers = others(problem);
  if (own.bytes > 0) {
    builder.copy(builder.stage(own.bytes, readers), builder.input(), own.bytes);
    signal(builder, readers);
    builder.copy(builder.output(own.offset), builder.input(), own.bytes);
  }
  for (const Rank other : readers) {
    const Stretch block = problem.received.of(other);
    if (block.bytes > 0) builder.copy(builder.output(block.offset), await(builder, other), block.bytes);
  }
}

void broadcast(const Problem& problem, ScheduleBuilder& builder) {
  if (problem.bytes == 0) return;
  if (problem.rank != problem.root) {
    return builder.copy(builder.output(), await(builder, problem.root), problem.bytes);
  }
  const std::vector<Rank> readers = others(problem);
  builder.copy(builder.stage(problem.bytes, readers), builder.input(), problem.bytes);
  signal(builder, readers);
  builder.copy(builder.output(), builder.input(), problem.bytes);
}

}  // namespace psyne::inline v0::staged
