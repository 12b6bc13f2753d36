#include <psyne/collectives/algorithm/parts.hpp>
#include <psyne/collectives/algorithm/two_shot.hpp>
#include <psyne/collectives/schedule/schedule_builder.hpp>

#include <vector>

namespace psyne::inline v0::two_shot {

namespace {

// This rank's part of the fold, at `to`.
void fold_part(const Problem& problem, ScheduleBuilder& builder, const Parts& parts, Place to) {
  for (Rank step = 1; step < problem.size; ++step) {
    const Rank other = around(problem.rank + step, problem.size);
    builder.send(other, builder.input(parts.of(other).offset), parts.of(other).bytes);
  }
  const Stretch own = parts.of(problem.rank);
  std::vector<Place> places;
  places.reserve(static_cast<std::size_t>(problem.size));
  for (Rank rank = 0; rank < problem.size; ++rank) {
    places.push_back(rank == problem.rank ? builder.input(own.offset) : builder.receive(rank, own.bytes));
  }
  builder.fold(to, places, own.bytes);
}

void receive_part(const Problem& problem, ScheduleBuilder& builder, const Parts& parts, Rank step) {
  const Rank other = around(problem.rank - step, problem.size);
  const Stretch part = parts.of(other);
  builder.copy(builder.output(part.offset), builder.receive(other, part.bytes), part.bytes);
}

}  // namespace

void all_reduce(const Problem& problem, ScheduleBuilder& builder) {
  const Parts parts(problem, problem.size);
  const Stretch own = parts.of(problem.rank);
  fold_part(problem, builder, parts, builder.output(own.offset));
  for (Rank step = 1; step < problem.size; ++step) {
    builder.send(around(problem.rank + step, problem.size), builder.output(own.offset), own.bytes);
  }
  for (Rank step = 1; step < problem.size; ++step) receive_part(problem, builder, parts, step);
}

void reduce(const Problem& problem, ScheduleBuilder& builder) {
  const Parts parts(problem, problem.size);
  const Stretch own = parts.of(problem.rank);
  if (problem.rank == problem.root) {
    fold_part(problem, builder, parts, builder.output(own.offset));
    for (Rank step = 1; step < problem.size; ++step) receive_part(problem, builder, parts, step);
    return;
  }
  const Place folded = builder.workspace(own.bytes);
  fold_part(problem, builder, parts, folded);
  builder.send(problem.root, folded, own.bytes);
}

void broadcast(const Problem& problem, ScheduleBuilder& builder) {
  const Parts parts(problem, problem.size);
  const Stretch own = parts.of(problem.rank);
  const auto is_root = [&](Rank rank) { return rank == problem.root; };
  if (is_root(problem.rank)) {
    for (Rank step = 1; step < problem.size; ++step) {
      const Rank other = around(problem.rank + step, problem.size);
      builder.send(other, builder.input(parts.of(other).offset), parts.of(other).bytes);
    }
    for (Rank step = 1; step < problem.size; ++step) {
      builder.send(around(problem.rank + step, problem.size), builder.input(own.offset), own.bytes);
    }
    builder.copy(builder.output(), builder.input(), problem.bytes);
    return;
  }
  const Place mine = builder.receive(problem.root, own.bytes);
  for (Rank step = 1; step < problem.size; ++step) {
    const Rank other = around(problem.rank + step, problem.size);
    if (!is_root(other)) builder.send(other, mine, own.bytes);
  }
  builder.copy(builder.output(own.offset), mine, own.bytes);
  for (Rank step = 1; step < problem.size; ++step) receive_part(problem, builder, parts, step);
}

}  // namespace psyne::inline v0::two_shot
