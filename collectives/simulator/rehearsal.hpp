#pragma once

#include <psyne/collectives/schedule/pair_banks.hpp>
#include <psyne/collectives/schedule/problem.hpp>
#include <psyne/collectives/schedule/schedule.hpp>
#include <psyne/collectives/simulator/symbolic_memory.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace psyne::inline v0 {

/// Makes the schedule of one rank: an algorithm with all but the rank decided.
using ScheduleMaker = std::function<Schedule(const Problem&)>;

/// One operation of a rehearsal, as all ranks see it.
struct Scene {
  Problem problem;  ///< whatever its rank
  ScheduleMaker make;
  bool needs_order = false;      ///< elements must have been folded in the order of the ranks
  bool needs_canonical = false;  ///< and by one step each
};

struct RehearsalOptions {
  bool hazards = true;  ///< look for accesses that nothing orders; costs size^2 words, and their time for each signal
  std::uint64_t seed = 1;  ///< of the order in which ranks take their steps
};

/// All ranks of a communicator do operations one after the other, in one thread and on symbols: what a schedule says
/// is done as the runner would do it, with the same banks, and everything is checked.
///
/// Finds: outputs that are not what the operation promises; ranks that wait for each other or for nobody; signals that
/// nobody counted on; reads of what nobody has written; two accesses to the same element, one of them a write, that no
/// chain of signals orders (vector clocks, after Flanagan and Freund, "FastTrack", 2009), be they of one operation or
/// of two that follow each other; use of more memory than a schedule says; memory of a program that others touch after
/// it has returned.
///
/// Each rank may be as far ahead of others as its waits allow. One thread. O(steps), times size with hazards.
class Rehearsal {
 public:
  explicit Rehearsal(Rank size, const RehearsalOptions& options = {});

  /// What is wrong, in words; nothing where all is well. Once.
  std::optional<std::string> run(const std::vector<Scene>& scenes);

 private:
  struct Actor {
    std::size_t scene = 0;
    std::size_t step = 0;
    Problem problem;
    Schedule schedule;
    bool entered = false;
  };

  void enter(Rank rank);
  void leave(Rank rank);
  /// Takes one step; false where it has to wait.
  bool advance(Rank rank);
  bool take(Rank rank, const Step& step);
  void check_bounds(Rank rank, const Place& place, std::uint64_t bytes);
  void copy(Rank rank, const Step& step);
  void fold(Rank rank, const Step& step);
  void check_output(Rank rank);
  void wrong(Rank rank, const std::string& what);
  std::string standing() const;

  Rank size_;
  RehearsalOptions options_;
  const std::vector<Scene>* scenes_ = nullptr;
  std::vector<Actor> actors_;
  SymbolicMemory memory_;
  std::vector<PairBanks> banks_;
  std::optional<std::string> fault_;
};

}  // namespace psyne::inline v0
