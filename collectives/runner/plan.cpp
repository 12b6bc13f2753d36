#include <psyne/collectives/runner/plan.hpp>
#include <psyne/core/atomics/cache_line.hpp>

#include <algorithm>
#include <cmath>

namespace psyne::inline v0 {

namespace {

Problem problem_of(const Call& call, Rank rank, Rank size, std::uint64_t bytes) {
  Problem problem;
  problem.operation = call.operation;
  problem.rank = rank;
  problem.size = size;
  problem.root = call.root;
  problem.bytes = bytes;
  problem.sent = problem.received = Blocks(bytes, call.bytes());
  problem.element_bytes = size_of(call.dtype);
  problem.in_place = in_place(call, rank);
  return problem;
}

// How much of its window the fullest rank uses, over what it has: at most 1 where a piece fits.
double fullness(const Algorithm& algorithm, const Call& call, Rank size, std::uint64_t bytes,
                const WindowLimits& limits) {
  double fullest = 0;
  for (Rank rank = 0; rank < size; ++rank) {
    const Schedule schedule = make_schedule(algorithm, problem_of(call, rank, size, bytes));
    const auto share = [](std::uint64_t used, std::uint64_t there) {
      return used == 0 ? 0.0 : static_cast<double>(used) / std::max(static_cast<double>(there), 0.5);
    };
    fullest = std::max(
        {fullest, share(schedule.slot_bytes, limits.slot_bytes), share(schedule.stage_bytes, limits.stage_bytes)});
  }
  return fullest;
}

}  // namespace

Result<Plan> make_plan(const Algorithm& algorithm, const Call& call, Rank rank, Rank size, const WindowLimits& limits) {
  const std::uint64_t bytes = call.bytes();
  std::uint64_t piece = bytes;
  for (;;) {
    const double full = fullness(algorithm, call, size, piece, limits);
    if (full <= 1) break;
    if (piece <= cache_line) {
      return Error(Code::exhausted, "cannot do " + call.text() + " by " + std::string(algorithm.name))
          .because("a window of " + std::to_string(limits.slot_bytes) + " bytes for each other rank is too small for " +
                   std::to_string(size) + " ranks")
          .mend("Set collectives.slot larger, at all ranks alike.");
    }
    // Parts of ranks are whole cache lines where there are enough of them.
    const auto smaller = static_cast<std::uint64_t>(static_cast<double>(piece) / full);
    const std::uint64_t line_each = cache_line * static_cast<std::uint64_t>(size);
    const std::uint64_t grain = smaller >= line_each ? line_each : cache_line;
    piece = std::max<std::uint64_t>(std::min(smaller, piece - 1) / grain * grain, cache_line);
  }
  Plan plan;
  plan.algorithm = &algorithm;
  plan.piece_bytes = piece;
  plan.pieces = piece == 0 ? 1 : (bytes + piece - 1) / piece;
  plan.last = make_schedule(algorithm, problem_of(call, rank, size, bytes - (plan.pieces - 1) * piece));
  if (plan.pieces > 1) plan.piece = make_schedule(algorithm, problem_of(call, rank, size, piece));
  plan.workspace_bytes = std::max(plan.piece.workspace_bytes, plan.last.workspace_bytes);
  return plan;
}

}  // namespace psyne::inline v0
