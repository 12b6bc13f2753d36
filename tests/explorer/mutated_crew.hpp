#pragma once

#include <psyne/pool/crew/crew.hpp>

#include <explorer/atomics.hpp>

namespace psyne::explorer {

/// What a Crew could get wrong.
enum class CrewBug : std::uint8_t {
  none,
  rests_for_good,            ///< who has seen work after rest() does not rise
  last_finder_calls_nobody,  ///< found() says that others search
  rises_though_called,       ///< rise() takes a place beside the token that is there
  ends_though_called,        ///< retire() succeeds though somebody counted the thread out
  withdraws_from_sleepers,   ///< withdraw() leaves those asleep who slept because of the newcomer
  guests_do_jobs,            ///< jobs bring nobody while guests have all places
  all_step_down,             ///< the last worker gives its place up to guests
  ends_without_a_call,       ///< call_all() calls nobody
  every_spare_ends,          ///< retire_spare() does not look whether it still is a spare
  steps_down_for_good,       ///< step_down() does not look whether there are more places by now
  arrives_twice,             ///< who was recalled takes another place beside the one that is kept for it
  never_settles,             ///< who was recalled and sleeps again is counted among those who search
  reserves_nothing,          ///< reserve() keeps no place for who is recalled
  recalls_nobody,            ///< reserve() says that nobody is wanted
};

/// A policy that gives a Crew, and only that, a bug.
template <CrewBug bug>
struct WithCrewBug : ExplorerAtomics {};

/// A policy whose semaphores give nothing.
struct TokenMissing : ExplorerAtomics {};

}  // namespace psyne::explorer

namespace psyne::inline v0 {

template <explorer::CrewBug bug>
class Crew<explorer::WithCrewBug<bug>> : public Crew<explorer::ExplorerAtomics> {
  using Whole = Crew<explorer::ExplorerAtomics>;
  using Bug = explorer::CrewBug;

 public:
  using Whole::Whole;
  using Called = typename Whole::Called;
  using Rise = typename Whole::Rise;

  bool found() { return Whole::found() && bug != Bug::last_finder_calls_nobody; }
  Rise rise() {
    if constexpr (bug == Bug::rests_for_good) return Rise::no_place;
    const Rise risen = Whole::rise();
    return bug == Bug::rises_though_called && risen == Rise::called ? Rise::searching : risen;
  }
  bool retire() { return Whole::retire() || bug == Bug::ends_though_called; }
  bool retire_spare() {
    if constexpr (bug == Bug::every_spare_ends) return Whole::retire();
    return Whole::retire_spare() || bug == Bug::ends_though_called;
  }
  bool withdraw() {
    if constexpr (bug != Bug::withdraws_from_sleepers) return Whole::withdraw();
    for (;;) {
      Whole::rest();
      if (Whole::retire()) return false;
      Whole::sleep();  // somebody was as quick as to call the newcomer
    }
  }
  bool wanted_by_jobs() const { return bug == Bug::guests_do_jobs ? Whole::wanted() : Whole::wanted_by_jobs(); }
  bool room_for_jobs() const { return bug == Bug::guests_do_jobs ? Whole::wanted() : Whole::room_for_jobs(); }
  Called call(bool by_jobs, std::uint64_t jobs = 1) { return Whole::call(by_jobs && bug != Bug::guests_do_jobs, jobs); }
  bool reserve(bool by_jobs, std::uint64_t jobs = 1) {
    if (bug == Bug::reserves_nothing) return true;
    return bug != Bug::recalls_nobody && Whole::reserve(by_jobs, jobs);
  }
  void arrive() { bug == Bug::arrives_twice ? Whole::come_back() : Whole::arrive(); }
  void leave(bool searched = false) { Whole::leave(searched && bug != Bug::never_settles); }
  bool step_down() {
    if constexpr (bug != Bug::all_step_down && bug != Bug::steps_down_for_good) return Whole::step_down();
    if (bug == Bug::steps_down_for_good && !Whole::crowded()) return false;
    Whole::search();
    Whole::rest();
    return true;
  }
  bool crowded() const {
    return bug == Bug::all_step_down ? Whole::snapshot().active > Whole::places() : Whole::crowded();
  }
  void call_all() {
    if constexpr (bug != Bug::ends_without_a_call) Whole::call_all();
  }
};

template <>
class Semaphore<explorer::TokenMissing> : public Semaphore<explorer::ExplorerAtomics> {
 public:
  void give(std::uint32_t = 1) {}
};

}  // namespace psyne::inline v0
