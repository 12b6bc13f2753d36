#include <psyne/collectives/algorithm/chain.hpp>
#include <psyne/collectives/algorithm/parts.hpp>
#include <psyne/collectives/schedule/schedule_builder.hpp>

namespace psyne::inline v0::chain {

void scan(const Problem& problem, ScheduleBuilder& builder) {
  const bool last = problem.rank + 1 == problem.size;
  if (problem.rank == 0) {
    builder.copy(builder.output(), builder.input(), problem.bytes);
  } else {
    const Place before = builder.receive(problem.rank - 1, problem.bytes);
    builder.fold(builder.output(), {before, builder.input()}, problem.bytes);
  }
  if (!last) builder.send(problem.rank + 1, builder.output(), problem.bytes);
}

void exclusive_scan(const Problem& problem, ScheduleBuilder& builder) {
  const bool last = problem.rank + 1 == problem.size;
  if (problem.rank == 0) {
    if (!last) builder.send(problem.rank + 1, builder.input(), problem.bytes);
    return;
  }
  const Place before = builder.receive(problem.rank - 1, problem.bytes);
  if (!last) {
    const Place prefix = builder.workspace(problem.bytes);
    builder.fold(prefix, {before, builder.input()}, problem.bytes);
    builder.send(problem.rank + 1, prefix, problem.bytes);
  }
  builder.copy(builder.output(), before, problem.bytes);
}

void reduce(const Problem& problem, ScheduleBuilder& builder) {
  const Rank position = around(problem.rank - problem.root - 1, problem.size);  // the root is the last
  const bool last = position + 1 == problem.size;
  const Rank next = around(problem.rank + 1, problem.size);
  if (position == 0) {
    if (last) return builder.copy(builder.output(), builder.input(), problem.bytes);
    return builder.send(next, builder.input(), problem.bytes);
  }
  const Place received = builder.receive(around(problem.rank - 1, problem.size), problem.bytes);
  builder.fold(last ? builder.output() : received, {received, builder.input()}, problem.bytes);
  if (!last) builder.send(next, received, problem.bytes);
}

}  // namespace psyne::inline v0::chain
