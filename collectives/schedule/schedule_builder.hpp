#pragma once

#include <psyne/collectives/schedule/problem.hpp>
#include <psyne/collectives/schedule/schedule.hpp>

#include <cstdint>
#include <map>
#include <span>

namespace psyne::inline v0 {

/// Writes down what one rank does. The words that algorithms are written in.
///
/// Messages between two ranks need no addresses: the n-th that one sends in a schedule is the n-th that the other
/// receives, both say how long it is, and so both know where it lies. The first goes as mail where it is short enough.
class ScheduleBuilder {
 public:
  explicit ScheduleBuilder(const Problem& problem) : problem_(problem), rank_(problem.rank) {}

  Place input(std::uint64_t offset = 0) const noexcept { return {Space::input, rank_, rank_, offset}; }
  Place output(std::uint64_t offset = 0) const noexcept { return {Space::output, rank_, rank_, offset}; }
  /// Memory for this schedule alone, of `bytes` more.
  Place workspace(std::uint64_t bytes) noexcept;

  /// Nothing happens where both are the same memory, or there are no bytes.
  void copy(Place to, Place from, std::uint64_t bytes);
  /// What lies at `sources` becomes one, in this order; `to` may be one of them. One source is a copy.
  void fold(Place to, std::span<const Place> sources, std::uint64_t bytes);
  void fold(Place to, std::initializer_list<Place> sources, std::uint64_t bytes) {
    fold(to, std::span(sources.begin(), sources.size()), bytes);
  }

  /// Puts the next message for `peer` where it belongs, and signals.
  void send(Rank peer, Place from, std::uint64_t bytes);
  /// Waits for the next message of `peer`, and says where it lies until this schedule ends.
  Place receive(Rank peer, std::uint64_t bytes);
  void signal(Rank peer);
  void wait(Rank peer);

  /// The bytes of the own stage, which the ranks given load, each after a wait of its own for a signal from here.
  Place stage(std::uint64_t bytes, std::span<const Rank> readers);
  /// The stage of `owner`, to be loaded after its signal.
  Place stage_of(Rank owner, std::uint64_t offset = 0);

  /// The schedule, with the signals at its end and the waits before its puts that its slots and stages need. The
  /// builder is used up.
  Schedule finish();

 private:
  struct Peer {
    std::uint32_t signals_to = 0;
    std::uint32_t waits = 0;
    std::uint64_t sent_bytes = 0;  // in its slot
    std::uint64_t received_bytes = 0;
    bool sends = false;
    bool receives = false;
    bool loads_mine = false;
    bool i_load = false;
  };

  static std::uint64_t slot_room(std::uint64_t bytes) noexcept;

  Problem problem_;
  Rank rank_;
  Schedule schedule_;
  std::map<Rank, Peer> peers_;
};

}  // namespace psyne::inline v0
