#include <psyne/collectives/algorithm/direct.hpp>
#include <psyne/collectives/algorithm/parts.hpp>
#include <psyne/collectives/schedule/schedule_builder.hpp>

#include <vector>

namespace psyne::inline v0::direct {

namespace {

// Beginning with the next one, so that not all send to the same rank at once.
template <class Visit>
void for_each_other(const Problem& problem, Visit&& visit) {
  for (Rank step = 1; step < problem.size; ++step) visit(around(problem.rank + step, problem.size));
}

// What ranks 0 to `ranks` - 1 give, this one's at `own`, in their order.
std::vector<Place> contributions(const Problem& problem, ScheduleBuilder& builder, Rank ranks, Place own,
                                 std::uint64_t bytes) {
  std::vector<Place> places;
  places.reserve(static_cast<std::size_t>(ranks));
  for (Rank rank = 0; rank < ranks; ++rank) {
    places.push_back(rank == problem.rank ? own : builder.receive(rank, bytes));
  }
  return places;
}

void send_to_later(const Problem& problem, ScheduleBuilder& builder) {
  for (Rank later = problem.rank + 1; later < problem.size; ++later)
    builder.send(later, builder.input(), problem.bytes);
}

}  // namespace

void all_reduce(const Problem& problem, ScheduleBuilder& builder) {
  for_each_other(problem, [&](Rank other) { builder.send(other, builder.input(), problem.bytes); });
  builder.fold(builder.output(), contributions(problem, builder, problem.size, builder.input(), problem.bytes),
               problem.bytes);
}

void reduce(const Problem& problem, ScheduleBuilder& builder) {
  if (problem.rank != problem.root) return builder.send(problem.root, builder.input(), problem.bytes);
  builder.fold(builder.output(), contributions(problem, builder, problem.size, builder.input(), problem.bytes),
               problem.bytes);
}

void reduce_scatter(const Problem& problem, ScheduleBuilder& builder) {
  for_each_other(problem, [&](Rank other) {
    const Stretch block = problem.sent.of(other);
    builder.send(other, builder.input(block.offset), block.bytes);
  });
  const Stretch own = problem.sent.of(problem.rank);
  builder.fold(builder.output(), contributions(problem, builder, problem.size, builder.input(own.offset), own.bytes),
               own.bytes);
}

void all_gather(const Problem& problem, ScheduleBuilder& builder) {
  const Stretch own = problem.received.of(problem.rank);
  for_each_other(problem, [&](Rank other) { builder.send(other, builder.input(), own.bytes); });
  builder.copy(builder.output(own.offset), builder.input(), own.bytes);
  for_each_other(problem, [&](Rank other) {
    const Stretch block = problem.received.of(other);
    builder.copy(builder.output(block.offset), builder.receive(other, block.bytes), block.bytes);
  });
}

void broadcast(const Problem& problem, ScheduleBuilder& builder) {
  if (problem.rank != problem.root) {
    return builder.copy(builder.output(), builder.receive(problem.root, problem.bytes), problem.bytes);
  }
  for_each_other(problem, [&](Rank other) { builder.send(other, builder.input(), problem.bytes); });
  builder.copy(builder.output(), builder.input(), problem.bytes);
}

void gather(const Problem& problem, ScheduleBuilder& builder) {
  const Stretch own = problem.received.of(problem.rank);
  if (problem.rank != problem.root) return builder.send(problem.root, builder.input(), own.bytes);
  builder.copy(builder.output(own.offset), builder.input(), own.bytes);
  for_each_other(problem, [&](Rank other) {
    const Stretch block = problem.received.of(other);
    builder.copy(builder.output(block.offset), builder.receive(other, block.bytes), block.bytes);
  });
}

void scatter(const Problem& problem, ScheduleBuilder& builder) {
  const Stretch own = problem.sent.of(problem.rank);
  if (problem.rank != problem.root) {
    return builder.copy(builder.output(), builder.receive(problem.root, own.bytes), own.bytes);
  }
  for_each_other(problem, [&](Rank other) {
    const Stretch block = problem.sent.of(other);
    builder.send(other, builder.input(block.offset), block.bytes);
  });
  builder.copy(builder.output(), builder.input(own.offset), own.bytes);
}

void all_to_all(const Problem& problem, ScheduleBuilder& builder) {
  for_each_other(problem, [&](Rank other) {
    const Stretch block = problem.sent.of(other);
    builder.send(other, builder.input(block.offset), block.bytes);
  });
  const Stretch kept = problem.sent.of(problem.rank);
  builder.copy(builder.output(problem.received.of(problem.rank).offset), builder.input(kept.offset), kept.bytes);
  for_each_other(problem, [&](Rank other) {
    const Stretch block = problem.received.of(other);
    builder.copy(builder.output(block.offset), builder.receive(other, block.bytes), block.bytes);
  });
}

void scan(const Problem& problem, ScheduleBuilder& builder) {
  send_to_later(problem, builder);
  builder.fold(builder.output(), contributions(problem, builder, problem.rank + 1, builder.input(), problem.bytes),
               problem.bytes);
}

void exclusive_scan(const Problem& problem, ScheduleBuilder& builder) {
  send_to_later(problem, builder);
  if (problem.rank == 0) return;
  builder.fold(builder.output(), contributions(problem, builder, problem.rank, builder.input(), problem.bytes),
               problem.bytes);
}

}  // namespace psyne::inline v0::direct
