#pragma once

#include <psyne/pool/budget/fair_shares.hpp>

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <vector>

namespace psyne::inline v0 {

/// How many threads all pools of a process run at once: as many as there are CPUs, or as the widest pool has workers,
/// shared out by demand, one at least for each that has anything to do.
///
///   join, leave     the pool's owner; join allocates
///   place_taken     any thread of the pool, or one that called it
///   tick            the clock that tick_later() set, and no other thread meanwhile
///
/// As long as all that pools run and want fits, each has as many places as workers and nothing is done: they are
/// watched, and the first that gets a place while another runs something sets the clock. From then on each tick asks
/// all what they want, and gives them their fair shares, or all their places back when everything fits again; then the
/// clock stands still. So two pools may run more than the budget for the first ten milliseconds, and one that does
/// some microseconds' work now and then takes nothing from the others but by the chance of a tick.
///
/// A pool's demand is what it runs; all its workers where work waits that nobody looks for.
///
/// Jobs may need each other to run at once, without the pool's knowing. So a pool in which work waits and none began
/// for ten ticks may run one more, beyond its share, until one has begun; and again, up to its workers. What would end
/// with all its workers so ends with any share.
///
/// Lock: one, taken before any lock of a pool. No call of a member comes back into the budget: none is watched while it
/// gets places.
class WorkerBudget {
 public:
  /// Ticks for which work waits that could begin, before a pool gets a place beyond its share.
  static constexpr std::uint32_t patience = 10;

  /// A pool, as the budget sees it. All is called with the budget's lock held.
  class Member {
   public:
    struct Demand {
      std::uint32_t active = 0;     ///< threads that hold a place
      std::uint32_t searching = 0;  ///< of those, that look for work
      bool work_waits = false;      ///< something lies anywhere to take
      std::uint64_t begun = 0;      ///< what its threads took up so far; a number that changes with it
    };

    virtual std::uint32_t workers() const noexcept = 0;
    virtual Demand demand() noexcept = 0;
    virtual bool busy() const noexcept = 0;  ///< whether any thread holds a place
    virtual void set_places(std::uint32_t places) noexcept = 0;
    /// The next thread that gets a place calls place_taken(), unless busy() shows it already.
    virtual void watch() noexcept = 0;
    virtual void unwatch() noexcept = 0;

   protected:
    ~Member() = default;
  };

  explicit WorkerBudget(std::uint32_t cpus) noexcept : cpus_(cpus) {}
  WorkerBudget(const WorkerBudget&) = delete;
  WorkerBudget& operator=(const WorkerBudget&) = delete;

  /// `member` has as many places as workers, and none is taken yet. Throws std::bad_alloc.
  void join(Member& member);
  /// When this returns the member is not called any more.
  void leave(Member& member) noexcept;

  /// After Member::watch(): a thread of `member` got a place.
  void place_taken(const Member& member) noexcept;

  /// Looks at all members, and gives them their places.
  void tick() noexcept;

 protected:
  ~WorkerBudget() = default;

  /// Has tick() called once, some milliseconds from now. False when that cannot be: then all keep their places.
  virtual bool tick_later() noexcept = 0;

  /// In a forked child: no pool has joined, and nobody holds the lock. Async-signal-safe.
  void begin_anew() noexcept;

 private:
  struct Seat {
    Member* member = nullptr;
    std::uint32_t places = 0;
    Member::Demand seen{};
    std::uint64_t begun = 0;
    std::uint32_t still = 0;  // ticks for which work waited and none began
  };

  bool at_rest_but(const Member& member) noexcept;
  bool all_are_served() noexcept;
  bool stand_by() noexcept;
  void give_shares() noexcept;
  void give_all_back() noexcept;
  static void give(Seat& seat, std::uint32_t places) noexcept;
  static std::uint32_t places_of(Seat& seat, const Claim& claim) noexcept;

  const std::uint32_t cpus_;
  std::mutex mutex_;  // guards what follows
  std::vector<Seat> seats_;
  std::vector<Claim> claims_;  // one of each seat; of the last look
  std::size_t turn_ = 0;
  bool ticking_ = false;
};

}  // namespace psyne::inline v0
