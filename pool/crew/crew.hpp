#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/atomics/cache_line.hpp>
#include <psyne/core/park/semaphore.hpp>

#include <atomic>
#include <cstdint>

namespace psyne::inline v0 {

/// Which of a pool's threads hold a place, look for work, sleep: one word, and a semaphore to sleep on.
///
/// A pool has some *places*, mostly one for each worker. Who runs or searches for work holds one; who sleeps for want
/// of work is idle; who waits inside a job is blocked, and a spare may have his place. Guests are threads from outside
/// that take part for the length of one call. When the blocked come back, guests come, or places are taken away, more
/// may hold a place than there are places, until a worker between two jobs steps down.
///
///   wanted, snapshot              any thread                              wait-free
///   call                          any thread that published work before   lock-free; one system call when it wakes
///   found, rest, rise, retire, step_down     a worker that holds a place, or none, as said      lock-free
///   sleep                         a worker after rest() or step_down()    blocks
///   reserve                       any thread that saw a place free        lock-free
///   leave, come_back, arrive, guest_enters, guest_sleeps, guest_wakes, guest_arrives, guest_leaves
///                                 the thread itself                       lock-free
///   set_places                    one thread at a time                    wait-free
///
/// No wake is lost. Publishing work is a sequentially consistent store; wanted() is a load after it. All changes here
/// are sequentially consistent exchanges of the word, after which their thread looks for work once more:
///   who publishes:   store work;              load the word
///   who leaves:      exchange of the word;    look for work
/// so either he who publishes sees that somebody is wanted, or he who leaves sees the work. While somebody searches,
/// more are called only for jobs that are known to wait beyond those who search: the last searcher that finds something
/// looks for more, and calls the next if there is. He who calls counts the sleeper out (idle to searching) and gives
/// one token, so no call is for nothing and none wakes two.
template <class Atomics = StandardAtomics>
class Crew {
 public:
  static constexpr std::uint32_t most_threads = 4095;

  struct State {
    std::uint32_t active;  ///< hold a place, searching and guests included
    std::uint32_t searching;
    std::uint32_t idle;
    std::uint32_t blocked;  ///< workers that wait inside a job, and guests that wait
    std::uint32_t guests;
  };

  /// What call() did.
  enum class Called : std::uint8_t {
    nobody,   ///< enough search, or no place is free
    sleeper,  ///< one that slept
    newcomer  ///< none sleeps: the caller starts a thread, which begins as a searcher, or calls withdraw()
  };

  enum class Rise : std::uint8_t {
    searching,  ///< it holds a place again, and searches
    called,     ///< another has called it: a token is there, or will be; sleep() takes it
    no_place    ///< the places are taken; sleep
  };

  /// One place for each of `workers`, until set_places().
  explicit Crew(std::uint32_t workers) noexcept : workers_(workers), places_(workers) {}
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  State snapshot() const noexcept { return state_of(word_.load(std::memory_order_seq_cst)); }
  std::uint32_t places() const noexcept { return places_.load(std::memory_order_seq_cst); }
  /// So many threads stay, however few places there are just now.
  std::uint32_t workers() const noexcept { return workers_; }

  /// Whether work that was just forked should bring somebody: a place is free and nobody searches.
  bool wanted() const noexcept { return for_forks(word_.load(std::memory_order_seq_cst), places()); }

  /// The same for work that came from outside: guests do none of it, so one worker at least is to be there.
  bool wanted_by_jobs() const noexcept { return for_jobs(word_.load(std::memory_order_seq_cst), places(), 1); }

  /// Whether somebody might be wanted by jobs, though others search.
  bool room_for_jobs() const noexcept { return has_room(state_of(word_.load(std::memory_order_seq_cst)), places()); }

  /// Has one more look for work, if somebody is wanted (by jobs, or by forks alone). Of `jobs` that are known to wait
  /// each may have a searcher of its own.
  Called call(bool by_jobs, std::uint64_t jobs = 1) noexcept {
    std::uint64_t word = word_.load(std::memory_order_seq_cst);
    for (;;) {
      if (!needed(word, by_jobs, jobs)) return Called::nobody;
      const bool slept = (word & idle_mask) != 0;
      if (!replace(word, word + one_active + one_searching - (slept ? one_idle : 0))) continue;
      if (!slept) return Called::newcomer;
      tokens_.give();
      return Called::sleeper;
    }
  }

  /// As call(), but for one that waits inside a job and is to be woken by the caller: true when a place is kept for it,
  /// as a searcher. It comes by arrive(); or the caller says withdraw().
  bool reserve(bool by_jobs, std::uint64_t jobs = 1) noexcept {
    std::uint64_t word = word_.load(std::memory_order_seq_cst);
    do {
      if (!needed(word, by_jobs, jobs)) return false;
    } while (!replace(word, word + one_active + one_searching));
    return true;
  }

  /// One more thread is about to come, and begins as a searcher.
  void admit() noexcept { add(one_active + one_searching); }

  /// After Called::newcomer, reserve() or admit(), when no thread comes. True when one slept by now, and is called in
  /// its place: it may have gone to sleep since it saw somebody search. Else the caller looks for work once more.
  bool withdraw() noexcept {
    std::uint64_t word = word_.load(std::memory_order_seq_cst);
    for (;;) {
      const bool slept = (word & idle_mask) != 0;
      if (!replace(word, word - (slept ? one_idle : one_active + one_searching))) continue;
      if (slept) tokens_.give();
      return slept;
    }
  }

  /// A searcher has found work. True when no other searches: the caller then looks whether there is more, and calls.
  bool found() noexcept { return (add(0 - one_searching) & searching_mask) == one_searching; }

  /// Between two jobs, having found nothing: searches.
  void search() noexcept { add(one_searching); }

  /// A searcher gives its place up; now it looks for work once more, and then rises or sleeps.
  void rest() noexcept { add(one_idle - one_active - one_searching); }

  /// Takes back rest(), having seen work.
  Rise rise() noexcept {
    std::uint64_t word = word_.load(std::memory_order_seq_cst);
    for (;;) {
      if ((word & idle_mask) == 0) return Rise::called;
      if (!for_jobs(word, places(), 1) && (word & active_mask) >= places()) return Rise::no_place;
      if (replace(word, word + one_active + one_searching - one_idle)) return Rise::searching;
    }
  }

  /// Sleeps until called; then the thread holds a place and searches. At the deadline it is idle still.
  Sleep sleep(Deadline deadline = no_deadline) noexcept { return tokens_.take(deadline); }

  /// Whether there are more threads than workers, guests left aside.
  bool any_spare() const noexcept { return has_spare(word_.load(std::memory_order_seq_cst)); }

  /// An idle thread wants to end. False when it was called meanwhile: sleep() returns at once. After it has left its
  /// seat it looks for work, and calls somebody.
  bool retire() noexcept {
    std::uint64_t word = word_.load(std::memory_order_seq_cst);
    do {
      if ((word & idle_mask) == 0) return false;
    } while (!replace(word, word - one_idle));
    return true;
  }

  /// The same, but only while there are more threads than workers: of several, so many stay.
  bool retire_spare() noexcept {
    std::uint64_t word = word_.load(std::memory_order_seq_cst);
    do {
      if ((word & idle_mask) == 0 || !has_spare(word)) return false;
    } while (!replace(word, word - one_idle));
    return true;
  }

  /// Whether more hold a place than there are places, a worker between two jobs asks; one worker always stays.
  bool crowded() const noexcept { return is_crowded(word_.load(std::memory_order_relaxed), places()); }

  /// Gives the place up if that is still so: then the thread is idle, and sleeps.
  bool step_down() noexcept {
    std::uint64_t word = word_.load(std::memory_order_seq_cst);
    do {
      if (!is_crowded(word, places())) return false;
    } while (!replace(word, word + one_idle - one_active));
    return !take_back_place();
  }

  /// A worker begins to wait inside a job, perhaps as one that searched. Afterwards it looks for work and calls
  /// somebody in its place.
  void leave(bool searched = false) noexcept { add(one_blocked - one_active - (searched ? one_searching : 0)); }
  void come_back() noexcept { add(one_active - one_blocked); }
  /// The same for one that somebody has reserved a place for: it searches.
  void arrive() noexcept { add(0 - one_blocked); }

  void guest_enters() noexcept { add(one_active + one_guest); }
  /// A guest begins to wait for others; then the same as after leave().
  void guest_sleeps(bool searched = false) noexcept {
    add(one_blocked - one_active - one_guest - (searched ? one_searching : 0));
  }
  void guest_wakes() noexcept { add(one_active + one_guest - one_blocked); }
  void guest_arrives() noexcept { add(one_guest - one_blocked); }
  /// Afterwards it looks for work and calls somebody in its place.
  void guest_leaves() noexcept { add(0 - one_active - one_guest); }

  /// Wakes everybody that sleeps, so that they see that the end has come.
  void call_all() noexcept {
    std::uint64_t word = word_.load(std::memory_order_seq_cst);
    std::uint64_t idle = 0;
    do {
      idle = (word & idle_mask) / one_idle;
      if (idle == 0) return;
    } while (!replace(word, word - idle * one_idle + idle * (one_active + one_searching)));
    tokens_.give(static_cast<std::uint32_t>(idle));
  }

  /// The pool has fewer or more places from now on, one at least. After more, look for work and call.
  void set_places(std::uint32_t places) noexcept { places_.store(places, std::memory_order_seq_cst); }

 private:
  static constexpr std::uint64_t one_active = 1;
  static constexpr std::uint64_t one_searching = std::uint64_t{1} << 12U;
  static constexpr std::uint64_t one_idle = std::uint64_t{1} << 24U;
  static constexpr std::uint64_t one_blocked = std::uint64_t{1} << 36U;
  static constexpr std::uint64_t one_guest = std::uint64_t{1} << 48U;
  static constexpr std::uint64_t active_mask = most_threads;
  static constexpr std::uint64_t searching_mask = most_threads * one_searching;
  static constexpr std::uint64_t idle_mask = most_threads * one_idle;

  static constexpr State state_of(std::uint64_t word) noexcept {
    const auto field = [word](std::uint64_t one) { return static_cast<std::uint32_t>(word / one) & most_threads; };
    return {field(one_active), field(one_searching), field(one_idle), field(one_blocked), field(one_guest)};
  }
  static constexpr bool for_forks(std::uint64_t word, std::uint32_t places) noexcept {
    return (word & searching_mask) == 0 && (word & active_mask) < places;
  }
  static constexpr bool has_room(const State& state, std::uint32_t places) noexcept {
    return state.active < places || state.active == state.guests;
  }
  static constexpr bool for_jobs(std::uint64_t word, std::uint32_t places, std::uint64_t jobs) noexcept {
    const State state = state_of(word);
    return state.searching < jobs && has_room(state, places);
  }
  static constexpr bool is_crowded(std::uint64_t word, std::uint32_t places) noexcept {
    if ((word & active_mask) <= places) [[likely]]
      return false;
    const State state = state_of(word);
    return state.active > state.guests + 1;
  }

  bool has_spare(std::uint64_t word) const noexcept {
    const State state = state_of(word);
    return state.active - state.guests + state.idle + state.blocked > workers_;
  }

  // Who gave the pool more places may have looked for somebody to call while this thread still held one. False when
  // there are not more, or another has called it.
  bool take_back_place() noexcept {
    std::uint64_t word = word_.load(std::memory_order_seq_cst);
    do {
      if ((word & idle_mask) == 0 || !has_room(state_of(word), places())) return false;
    } while (!replace(word, word + one_active - one_idle));
    return true;
  }

  bool needed(std::uint64_t word, bool by_jobs, std::uint64_t jobs) const noexcept {
    return by_jobs ? for_jobs(word, places(), jobs) : for_forks(word, places());
  }
  bool replace(std::uint64_t& seen, std::uint64_t next) noexcept {
    return word_.compare_exchange_weak(seen, next, std::memory_order_seq_cst);
  }
  std::uint64_t add(std::uint64_t change) noexcept { return word_.fetch_add(change, std::memory_order_seq_cst); }

  alignas(cache_line) typename Atomics::template Atomic<std::uint64_t> word_{0};
  const std::uint32_t workers_;
  typename Atomics::template Atomic<std::uint32_t> places_;
  alignas(cache_line) Semaphore<Atomics> tokens_;
};

}  // namespace psyne::inline v0
