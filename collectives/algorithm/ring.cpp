#include <psyne/collectives/algorithm/parts.hpp>
#include <psyne/collectives/algorithm/ring.hpp>
#include <psyne/collectives/schedule/schedule_builder.hpp>

namespace psyne::inline v0::ring {

namespace {

struct Neighbours {
  explicit Neighbours(const Problem& problem)
      : before(around(problem.rank - 1, problem.size)), next(around(problem.rank + 1, problem.size)) {}
  Rank before;
  Rank next;
};

// Block b comes by from rank b + 1 on, and ends at rank b with all contributions, at `whole`. On its way it is folded
// where it has arrived.
template <class BlockOf>
void fold_around(const Problem& problem, ScheduleBuilder& builder, BlockOf&& block_of, Place whole) {
  const auto [before, next] = Neighbours(problem);
  Place sent = builder.input(block_of(before).offset);
  for (Rank step = 1; step < problem.size; ++step) {
    builder.send(next, sent, block_of(around(problem.rank - step, problem.size)).bytes);
    const Stretch block = block_of(around(problem.rank - step - 1, problem.size));
    sent = builder.receive(before, block.bytes);
    builder.fold(step + 1 == problem.size ? whole : sent, {sent, builder.input(block.offset)}, block.bytes);
  }
}

// Every rank has its own block in the output, and all of them afterwards.
template <class BlockOf>
void tell_around(const Problem& problem, ScheduleBuilder& builder, BlockOf&& block_of, Place own) {
  const auto [before, next] = Neighbours(problem);
  Place sent = own;
  for (Rank step = 0; step + 1 < problem.size; ++step) {
    builder.send(next, sent, block_of(around(problem.rank - step, problem.size)).bytes);
    const Stretch block = block_of(around(problem.rank - step - 1, problem.size));
    sent = builder.receive(before, block.bytes);
    builder.copy(builder.output(block.offset), sent, block.bytes);
  }
}

}  // namespace

void all_reduce(const Problem& problem, ScheduleBuilder& builder) {
  if (problem.size == 1) return builder.copy(builder.output(), builder.input(), problem.bytes);
  const Parts parts(problem, problem.size);
  const auto part = [&](Rank rank) { return parts.of(rank); };
  const Place own = builder.output(part(problem.rank).offset);
  fold_around(problem, builder, part, own);
  tell_around(problem, builder, part, own);
}

void reduce_scatter(const Problem& problem, ScheduleBuilder& builder) {
  const auto block = [&](Rank rank) { return problem.sent.of(rank); };
  const Stretch own = block(problem.rank);
  if (problem.size == 1) return builder.copy(builder.output(), builder.input(own.offset), own.bytes);
  fold_around(problem, builder, block, builder.output());
}

void all_gather(const Problem& problem, ScheduleBuilder& builder) {
  const Stretch own = problem.received.of(problem.rank);
  builder.copy(builder.output(own.offset), builder.input(), own.bytes);
  tell_around(
      problem, builder, [&](Rank rank) { return problem.received.of(rank); }, builder.input());
}

void broadcast(const Problem& problem, ScheduleBuilder& builder) {
  const auto [before, next] = Neighbours(problem);
  const bool root = problem.rank == problem.root;
  const Place from = root ? builder.input() : builder.receive(before, problem.bytes);
  if (next != problem.root) builder.send(next, from, problem.bytes);
  builder.copy(builder.output(), from, problem.bytes);
}

}  // namespace psyne::inline v0::ring
