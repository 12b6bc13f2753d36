#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <vector>

#include <explorer/choices.hpp>
#include <explorer/view.hpp>

namespace psyne::explorer {

/// The memory of one execution: every atomic with all its stores in modification order, and what each thread knows.
///
/// Weak orderings, after the view-based semantics of Kang et al., "A Promising Semantics for Relaxed-Memory
/// Concurrency" (2017), without promises:
///   - A load reads any store that is not older than what its thread knows of that atomic. So a store may stay unseen
///     by others as if it lay in a store buffer, buffers drain in any order (TSO, PSO and beyond), loads may be early.
///   - A store (and a read-modify-write, right behind the store it reads) is placed anywhere in modification order
///     behind what its thread knows, not only at the end.
///   - An acquire load joins the view of the release store it reads, or of the one that heads its chain of
///     read-modify-writes.
///   - seq_cst: as acquire and release, and in one order per atomic: such a load reads nothing older than the last such
///     store, such a store is placed behind it. (Operations on different atomics then have an order as well, the one of
///     execution; of others they order only what stands behind full barriers, which is what C++ promises.)
/// Not modelled: a load that reads a store which is later in the execution (load buffering), and values out of thin
/// air. A thread reads the same stale store a bounded number of times, since stores do become visible some day.
///
/// Barriers: a full one exchanges knowledge of stores (not of plain accesses) with all other full ones, and with all
/// seq_cst operations, before and after, in their order. A heavy one is a full one on every thread, not on all at the
/// same time. Where a thread stored after its last light barrier, the compiler could have moved these stores down and
/// the following loads up, across whatever heavy barrier strikes here, up to the thread's next light barrier; so the
/// heavy barrier neither publishes these stores nor shows that thread anything before then.
///
/// Plain accesses are checked for races by clocks, as in Flanagan and Freund, "FastTrack" (2009).
class Memory {
 public:
  using Number = std::uint8_t;  // of a thread or an atomic; atomics count from 1

  explicit Memory(Choices& choices) : choices_(choices) {}

  /// Starts anew with thread 0, with this many surprising reads and placements allowed.
  void reset(std::uint32_t weak_choices);

  Number add_atomic(Number thread, std::uint64_t value);
  void remove_atomic(Number atomic) { free_.push_back(atomic); }
  std::uint64_t newest(Number atomic) const noexcept { return locations_[atomic].stores.back().value; }
  /// Somebody wrote bytes over the atomic. Others may see that now or later; no store goes before it any more.
  void overwrite(Number atomic, std::uint64_t value);

  std::uint64_t load(Number thread, Number atomic, std::memory_order order);
  void store(Number thread, Number atomic, std::uint64_t value, std::memory_order order);
  /// Replaces the value read by next(value); returns the value read.
  template <class Next>
  std::uint64_t modify(Number thread, Number atomic, std::memory_order order, Next&& next) {
    const std::size_t read = choose_read(thread, atomic, order, true, nullptr);
    const std::uint64_t before = locations_[atomic].stores[read].value;
    take_and_place(thread, atomic, read, next(before), order);
    return before;
  }
  /// True when the value was `expected` and is `desired` now; else `expected` is what was read.
  bool compare_exchange(Number thread, Number atomic, std::uint64_t& expected, std::uint64_t desired,
                        std::memory_order success, std::memory_order failure);

  void full_barrier(Number thread);
  void light_barrier(Number thread);
  void remote_barrier(Number thread);  ///< what a heavy barrier of another thread does to this one

  void start_thread(Number parent, Number child);
  void join_thread(Number parent, Number child);

  /// False when it races with an earlier access.
  bool plain_read(Number thread, const void* address);
  bool plain_write(Number thread, const void* address);

 private:
  struct Store {
    std::uint32_t time;  // its place in modification order; gaps leave room for later ones in between
    std::int32_t view;   // what an acquire load gets, by index into views_, or -1
    std::uint64_t value;
    bool chained;  // a read-modify-write: nothing comes between it and the store before
    bool pinned;   // nothing comes anywhere before it any more
  };
  struct Location {
    std::vector<Store> stores;
    std::uint32_t sequential = 0;  // time of the last seq_cst store
    std::uint32_t last_time = 0;   // also of an earlier atomic of this number
  };
  struct Stale {
    std::uint32_t time;
    std::uint32_t times;
  };
  struct Thread {
    View view;
    View at_barrier;  // its view at the last light barrier, if it stored since
    View deferred;    // what heavy barriers since would have shown it
    bool stored = false;
    bool has_deferred = false;
    std::array<Stale, max_locations + 1> stale;
  };
  struct Plain {
    const void* address;
    Number writer;
    std::uint32_t write;
    std::array<std::uint32_t, max_threads> reads;
  };

  std::size_t choose_read(Number thread, Number atomic, std::memory_order order, bool to_modify,
                          const std::uint64_t* expected);
  std::size_t choose_place(Number thread, Number atomic, std::memory_order order);
  void take(Number thread, Number atomic, std::size_t read, std::memory_order order);
  void take_and_place(Number thread, Number atomic, std::size_t read, std::uint64_t value, std::memory_order order);
  void place(Number thread, Number atomic, std::size_t before, std::uint64_t value, std::memory_order order,
             std::int32_t inherited, bool chained);
  std::uint32_t sequential(Number atomic) const noexcept;
  bool room(const Location& location, std::size_t before) const noexcept;
  std::int32_t new_view();
  Plain& plain(const void* address);
  std::uint32_t weak_choice(std::uint32_t count);

  Choices& choices_;
  std::uint32_t weak_left_ = 0;
  std::vector<Location> locations_;
  std::vector<Location> spare_;
  std::vector<Number> free_;
  std::deque<View> views_;
  std::size_t views_used_ = 0;
  std::array<Thread, max_threads> threads_;
  View barriers_;
  std::vector<Plain> plains_;
};

}  // namespace psyne::explorer
