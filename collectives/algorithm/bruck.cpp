#include <psyne/collectives/algorithm/bruck.hpp>
#include <psyne/collectives/algorithm/parts.hpp>
#include <psyne/collectives/schedule/schedule_builder.hpp>

#include <algorithm>

namespace psyne::inline v0::bruck {

namespace {

constexpr std::uint64_t many(Rank blocks) noexcept { return static_cast<std::uint64_t>(blocks); }

}  // namespace

void all_gather(const Problem& problem, ScheduleBuilder& builder) {
  const std::uint64_t bytes = problem.received.of(problem.rank).bytes;
  // Block i here is that of rank + i.
  const Place gathered = builder.workspace(bytes * many(problem.size));
  builder.copy(gathered, builder.input(), bytes);
  for (Rank distance = 1; distance < problem.size; distance *= 2) {
    const Rank blocks = std::min(distance, problem.size - distance);
    builder.send(around(problem.rank - distance, problem.size), gathered, bytes * many(blocks));
    const Place received = builder.receive(around(problem.rank + distance, problem.size), bytes * many(blocks));
    builder.copy(gathered + bytes * many(distance), received, bytes * many(blocks));
  }
  for (Rank index = 0; index < problem.size; ++index) {
    const Stretch block = problem.received.of(around(problem.rank + index, problem.size));
    builder.copy(builder.output(block.offset), gathered + bytes * many(index), bytes);
  }
}

void all_to_all(const Problem& problem, ScheduleBuilder& builder) {
  const std::uint64_t bytes = problem.sent.of(problem.rank).bytes;
  // Block i here has i ranks to go: its way is the bits of i, lowest first.
  const Place blocks = builder.workspace(bytes * many(problem.size));
  const Place bundle = builder.workspace(bytes * many((problem.size + 1) / 2));
  for (Rank index = 0; index < problem.size; ++index) {
    const Stretch block = problem.sent.of(around(problem.rank + index, problem.size));
    builder.copy(blocks + bytes * many(index), builder.input(block.offset), bytes);
  }
  for (Rank distance = 1; distance < problem.size; distance *= 2) {
    Rank bundled = 0;
    for (Rank index = distance; index < problem.size; ++index) {
      if ((index & distance) == 0) continue;
      builder.copy(bundle + bytes * many(bundled++), blocks + bytes * many(index), bytes);
    }
    builder.send(around(problem.rank + distance, problem.size), bundle, bytes * many(bundled));
    const Place received = builder.receive(around(problem.rank - distance, problem.size), bytes * many(bundled));
    bundled = 0;
    for (Rank index = distance; index < problem.size; ++index) {
      if ((index & distance) == 0) continue;
      builder.copy(blocks + bytes * many(index), received + bytes * many(bundled++), bytes);
    }
  }
  for (Rank index = 0; index < problem.size; ++index) {
    const Stretch block = problem.received.of(around(problem.rank - index, problem.size));
    builder.copy(builder.output(block.offset), blocks + bytes * many(index), bytes);
  }
}

}  // namespace psyne::inline v0::bruck
