#pragma once

#include <psyne/collectives/communicator/notices.hpp>
#include <psyne/collectives/mesh/mesh.hpp>
#include <psyne/collectives/runner/call_record.hpp>
#include <psyne/collectives/runner/runner.hpp>
#include <psyne/collectives/runner/window.hpp>
#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/result/error.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace psyne::inline v0 {

/// Finds out why an operation does not end, and puts it into words: who is gone, who has not entered it, who does
/// something else, who has given up. What is found here is told to the other ranks, so that none of them waits for it.
///
/// By the thread that runs operations.
class Watch {
 public:
  /// All of them outlive it.
  Watch(Rank rank, const WindowLayout& layout, std::span<std::byte> window, std::vector<Peer>& peers, Runner& runner);

  /// A call has begun, which the runner has.
  void enter() noexcept;

  /// What makes it certain that the call does not end; to be asked now and then by whoever waits. Tells the others that
  /// this rank waits, once it has done so for a while.
  std::optional<Error> trouble();

  /// The error of a call that is given up for this reason. Each of them tells the others.
  Error out_of_time(Code code);
  Error aborted(const std::string& reason);
  /// Of the runner, which has failed.
  Error failed();

 private:
  /// Two calls in one place of the order of calls.
  struct Difference {
    CallRecord mine;
    std::optional<CallRecord> theirs;  // nothing: not known any more
  };
  struct Cause {
    Error error;
    std::optional<Rank> culprit{};
    std::optional<Difference> difference{};
    std::string reason{};
    bool known_to_all = false;
  };

  Error disagreement(Rank one, const CallRecord& ones, Rank other, const std::optional<CallRecord>& others) const;
  Cause disagreement(Rank with, const Difference& difference) const;
  Error as_told_by(Rank rank, const Notice& notice) const;
  void announce();
  std::optional<Cause> told();
  std::optional<Cause> ended();
  std::optional<Difference> difference(Rank rank) const;
  Difference await_difference(Rank rank);
  bool has_entered(Rank rank) const;
  std::string absent() const;
  Error cannot(Code code) const;
  Error tell(Cause cause);
  const std::string& name_of(Rank rank) const noexcept { return peers_[static_cast<std::size_t>(rank)].name; }
  const Logbook& logbook_of(const Peer& peer) const noexcept;

  const Rank rank_;
  const WindowLayout layout_;
  std::vector<Peer>& peers_;
  Runner& runner_;
  Notices notices_;
  std::optional<Clock::time_point> waits_since_{};
  bool announced_ = false;
};

}  // namespace psyne::inline v0
