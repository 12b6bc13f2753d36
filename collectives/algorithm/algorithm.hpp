#pragma once

#include <psyne/collectives/schedule/problem.hpp>
#include <psyne/collectives/schedule/schedule.hpp>

#include <cstdint>
#include <span>
#include <string_view>

namespace psyne::inline v0 {

class ScheduleBuilder;

/// What an algorithm asks for, and what it promises beyond the operation's result.
struct AlgorithmTraits {
  bool ordered = false;    ///< folds in the order of the ranks, so that the fold need not commute
  bool canonical = false;  ///< folds all contributions of an element by one step, in the order of the ranks: the same
                           ///< bits as any other canonical algorithm
  bool mapped = false;     ///< loads other ranks' memory
  bool uniform = false;    ///< blocks of all ranks are equally long
};

/// One way to do one operation: a pure function from a problem to what its rank does.
struct Algorithm {
  Operation operation;
  std::string_view name;
  void (*write)(const Problem& problem, ScheduleBuilder& builder);
  AlgorithmTraits traits;
};

/// All that there are; those of one operation stand together, the simplest first.
std::span<const Algorithm> algorithms() noexcept;

/// Nothing where there is none of this name for the operation.
const Algorithm* find_algorithm(Operation operation, std::string_view name) noexcept;

/// The schedule of `problem.rank`.
Schedule make_schedule(const Algorithm& algorithm, const Problem& problem);

}  // namespace psyne::inline v0
