#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/executor/work.hpp>
#include <psyne/core/metrics/instruments.hpp>
#include <psyne/core/park/blocking_observer.hpp>
#include <psyne/core/park/parker.hpp>
#include <psyne/pool/crew/crew.hpp>
#include <psyne/pool/queue/injection_queue.hpp>
#include <psyne/pool/scheduler/priority.hpp>
#include <psyne/pool/scheduler/seats.hpp>
#include <psyne/pool/scheduler/worker.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <span>

namespace psyne::inline v0 {

/// Brings the threads of a pool and their work together: who picks what, who is woken, who sleeps.
///
///   post                  any thread                          lock-free; wakes or starts a thread, if one is wanted
///   forked                who put a child aside               one load, mostly
///   run                   a thread of the pool                until the end, or until it retires
///   enter, exit           a thread from outside               a guest: its children are stolen, it runs nothing posted
///   blocking, resumed     a thread of the pool inside a job   another has its place meanwhile
///   guest_blocking, guest_resumed     a guest                 the same
///   settle                the same two, after resumed
///   close                 any thread
///   wait_until_quiet, end the owner, one thread at a time
///   set_places            one thread at a time                as post
///   watch, unwatch        one thread at a time                wait-free
///
/// The owner gives threads: `start(worker)` is called, on any of the threads above, when one is wanted and none sleeps;
/// it has to have run(worker) called on a new thread, or to return false. `place_taken(owner)` is called, on any of
/// them too, when a thread got a place while that was watched for.
///
/// What a thread picks between two jobs: the highest priority that waits anywhere, its own before others'; every 61st
/// time it looks at what came from outside first. Looking for work without finding any, it does so for 50 us at most
/// and then sleeps; between two looks it pauses, for looking at others' lines slows them.
///
/// Shut-down: close(), wait_until_quiet(), end(), then join the threads; from end() on `start` has to say false, for a
/// thread that retires may look for work until it has ended.
template <class Atomics = StandardAtomics, std::size_t deque_capacity = 256>
class BasicScheduler {
 public:
  using Worker = BasicWorker<Atomics, deque_capacity>;
  using Crew = psyne::Crew<Atomics>;
  using Producer = typename InjectionQueue<Atomics>::Producer;
  /// Starts a thread for a worker that is idle; false when there is none to be had.
  using Start = bool (*)(void* owner, Worker& worker) noexcept;
  /// A thread holds a place that held none.
  using PlaceTaken = void (*)(void* owner) noexcept;

  static constexpr std::uint32_t fair_turn = 61;
  static constexpr std::size_t batch = std::min<std::size_t>(32, deque_capacity);
  static constexpr Clock::duration usual_patience = std::chrono::microseconds(50);

  /// `workers`: how many run at once, at least 1. `threads`: how many there may be, those that wait inside jobs
  /// included, and guests. `retire_after`: how long a spare sleeps before it ends, if it is less than for ever.
  /// `patience`: how long a thread looks for work before it sleeps; zero looks once. Throws std::bad_alloc.
  BasicScheduler(std::uint32_t workers, std::uint32_t threads, Clock::duration retire_after, Start start, void* owner,
                 Clock::duration patience = usual_patience)
      : crew_(workers),
        seats_(std::min(threads, Crew::most_threads)),
        retire_after_(retire_after),
        patience_(patience),
        start_(start),
        owner_(owner) {}
  BasicScheduler(const BasicScheduler&) = delete;
  BasicScheduler& operator=(const BasicScheduler&) = delete;

  /// Where it is counted that somebody found no seat. Before the first thread.
  void count_limited(metrics::Cell& cell) noexcept { seats_.count_limited(cell); }

  /// Who is told of places that are taken. Before the first thread.
  void tell_of_places(PlaceTaken taken) noexcept { place_taken_ = taken; }
  /// The next thread that gets a place is told of, once. Whoever looks at crew() afterwards either sees that thread
  /// there, or is told of it.
  void watch() noexcept { watched_.store(true, std::memory_order_seq_cst); }
  void unwatch() noexcept { watched_.store(false, std::memory_order_seq_cst); }

  /// So many run at once from now on, at least 1, at most as many as in the beginning. Who is too many steps down
  /// between two jobs.
  void set_places(std::uint32_t places) noexcept {
    const bool more = places > crew_.places();
    crew_.set_places(places);
    if (more) place_left();
  }

  Crew& crew() noexcept { return crew_; }
  const Crew& crew() const noexcept { return crew_; }

  /// An end of the injection queue for the calling thread; see InjectionQueue. Null when there is no memory.
  Producer* join(From from) noexcept { return injected_.join(from); }
  void part(Producer& producer) noexcept { injected_.part(producer); }

  /// Puts work where any worker takes it. False after close(), unless it comes from inside, a job of this pool; and
  /// when there is no memory.
  [[nodiscard]] bool post(Producer& producer, Work& work, Priority level, From from) noexcept {
    return injected_.push(producer, work, level, Atomics::coarse_now(), from, [&] {
      // Not only when nobody searches: who was called just now takes microseconds to come, and calls the next only
      // then.
      if (crew_.room_for_jobs()) [[unlikely]]
        call(true, injected_.size(producer, level));
    });
  }

  /// From now on nothing is taken from outside. True the first time.
  bool close() noexcept { return injected_.close(); }
  bool closed() const noexcept { return injected_.closed(); }

  /// After a child was put aside.
  void forked() noexcept {
    if (crew_.wanted()) [[unlikely]]
      call(false);
  }

  /// A worker for the calling thread, which holds a place from now on; null when there are as many as there may be, or
  /// after close().
  Worker* enter() noexcept {
    Worker* worker = seats_.take();
    if (worker == nullptr) return nullptr;
    crew_.guest_enters();  // from here on wait_until_quiet() waits, or close() has been called before
    place_taken();
    if (!closed()) return worker;
    exit(*worker);
    return nullptr;
  }
  /// Nothing is left in the guest's deques.
  void exit(Worker& guest) noexcept {
    seats_.leave(guest);
    crew_.guest_leaves();
    place_left();
  }

  /// Makes the calling thread one of the pool's, which begins as a searcher, until end() or until it retires.
  void run(Worker& me) noexcept {
    bool searching = true;
    for (;;) {
      Work* work = searching ? nullptr : linger(me);
      if (work == nullptr) {
        if (!searching) crew_.search();
        work = look(me);
        if (work == nullptr) break;
      }
      searching = false;
      me.counters().runs.add();
      work->run(*work);
      if (crew_.crowded()) [[unlikely]] {
        searching = crew_.step_down();
        if (searching && !sleep(me)) break;
        if (!searching) place_taken();  // it may have been without for a moment
      }
    }
    seats_.leave(me);
    place_left();  // a newcomer that was called meanwhile may have found no seat
  }

  /// The thread of `me` is about to sleep inside a job, and goes on. One that slept for parts of an errand may have
  /// been recalled: then it searches, and says so by settle() when it has done that, before it does anything else.
  void blocking(Worker& me) noexcept {
    me.lie_down();
    crew_.leave(me.stop_searching());
    place_left();
  }
  void resumed(Worker& me) noexcept {
    me.get_up() ? crew_.arrive() : crew_.come_back();
    place_taken();
  }

  /// The same for a guest, whose place is free while it sleeps.
  void guest_blocking(Worker& me) noexcept {
    me.lie_down();
    crew_.guest_sleeps(me.stop_searching());
    place_left();
  }
  void guest_resumed(Worker& me) noexcept {
    me.get_up() ? crew_.guest_arrives() : crew_.guest_wakes();
    place_taken();
  }

  void settle(Worker& me) noexcept {
    if (me.stop_searching()) found();
  }

  /// The next thing to do between two jobs; null when nothing was found.
  Work* next(Worker& me) noexcept { return next(me, me.highest()); }

  /// Takes something that another thread has put aside: the highest level first, from anywhere.
  Work* steal(Worker& me) noexcept {
    const std::uint32_t count = used();
    const std::uint32_t first = me.random();
    for (std::size_t level = priorities; level-- > 0;) {
      for (std::uint32_t step = 0; step < count; ++step) {
        Worker* victim = seats_.worker((first % count + step) % count);
        if (victim == nullptr || victim == &me || !victim->ever_at(level)) continue;
        if (Work* work = victim->steal(level)) {
          me.set_level(static_cast<Priority>(level));
          me.counters().stolen.add();
          return work;
        }
      }
    }
    return nullptr;
  }

  /// Whether anything lies anywhere to take. Sequentially consistent.
  bool any_work() noexcept {
    if (injected_.any()) return true;
    const std::uint32_t count = used();
    for (std::uint32_t number = 0; number < count; ++number) {
      const Worker* worker = seats_.worker(number);
      if (worker != nullptr && !worker->idle()) return true;
    }
    return false;
  }

  /// Whether a thread beside the one that asks could run something: one that is active or sleeps, or one that can be
  /// started.
  bool others_can_run() const noexcept {
    const auto state = crew_.snapshot();
    return state.active > state.guests + 1 || state.idle != 0 || seats_.any_free();
  }

  /// How many threads and guests there are, or were at once.
  std::uint32_t used() const noexcept { return seats_.used(); }
  /// One of them, below used(); null when it has not come yet.
  Worker* worker(std::uint32_t number) noexcept { return seats_.worker(number); }

  /// Sleeps until every thread is idle and nothing is left to do, or `deadline`. True when it is so. After close().
  bool wait_until_quiet(Deadline deadline) noexcept {
    draining_.store(true, std::memory_order_seq_cst);
    return quiet_.wait([this] { return quiet(); }, deadline, no_patience);
  }

  /// Every thread leaves run() when it finds nothing more to do.
  void end() noexcept {
    ending_.store(true, std::memory_order_seq_cst);
    crew_.call_all();
  }

  /// Has the first threads started: as many as there are workers. False when one could not be.
  bool start_all() noexcept {
    for (std::uint32_t started = 0; started < crew_.workers(); ++started) {
      crew_.admit();
      place_taken();
      if (start_one() == Started::yes) continue;
      static_cast<void>(crew_.withdraw());
      return false;
    }
    return true;
  }

 private:
  enum class Started : std::uint8_t { yes, no_seat, refused };

  // `own`: the highest level at which the thread has something itself.
  Work* next(Worker& me, std::size_t own) noexcept {
    const bool fair = me.turn() % fair_turn == 0 && own != priorities && !me.newest_is_job(own);
    const std::uint32_t waiting = injected_.waiting();
    if (own != priorities && !fair && (waiting >> (own + 1)) == 0) [[likely]] {
      if (Work* work = take_own(me, own)) return work;
    }
    if (waiting != 0) {
      if (Work* work = take_injected(me, own)) return work;
    }
    const std::size_t left = me.highest();
    return left != priorities ? take_own(me, left) : steal(me);
  }

  Work* take_own(Worker& me, std::size_t level) noexcept {
    Work* work = me.pop_between_jobs(level);
    if (work != nullptr) me.set_level(static_cast<Priority>(level));
    return work;
  }

  // Of a level that is not below `own`, what lies in the thread's own deques; several at once when there is nothing.
  Work* take_injected(Worker& me, std::size_t own) noexcept {
    std::array<Work*, batch> taken;  // NOLINT(cppcoreguidelines-pro-type-member-init): as many as are read
    const bool empty = own == priorities;
    const auto [count, level, from] =
        injected_.take(std::span(taken).first(empty ? batch : 1), static_cast<Priority>(empty ? 0 : own),
                       crew_.places(), Atomics::coarse_now(), me.random());
    if (count == 0) return nullptr;
    if (empty) me.took(from == From::outside && count < batch ? count : 0);
    me.set_level(level);
    // The oldest goes last, so that this thread, which takes the newest, does them in their order. There is room:
    // either the deque was empty, or there is one.
    for (std::size_t place = count; place-- > 1;) {
      __builtin_prefetch(taken[place], 1);
      static_cast<void>(me.deque().push(taken[place]));
    }
    me.jobs_put_aside();
    if (count > 1) forked();  // in between, who looked saw nothing, and may have gone to sleep
    return taken[0];
  }

  // Between two jobs: looks a few times before it says that it searches, so that a thread which is quicker than the one
  // that posts lets a few jobs gather instead of asking for each line as it is written (400 ns per post became 40). For
  // the same reason it rests before the first look, as long as jobs come faster from outside than it runs them (140 and
  // 250 ns, according to where the threads ran, became 31 to 50).
  Work* linger(Worker& me) noexcept {
    if (patience_ == Clock::duration::zero()) return next(me);
    if (const std::size_t own = me.highest(); own != priorities) {
      if (Work* work = next(me, own)) return work;
    }
    const bool stream = me.stream();
    if (stream) rest_between_looks(2 * gathering);
    me.expect_stream_of(stream ? few : 1);
    for (std::uint32_t look = 0;; ++look) {
      Work* work = next(me);
      if (look == 0 && work == nullptr) me.expect_stream_of(few);
      if (work != nullptr || look == lingering) return work;
      rest_between_looks(gathering);
    }
  }

  // A searcher looks for work, and sleeps when there is none. Null: the thread ends.
  Work* look(Worker& me) noexcept {
    for (;;) {
      if (Work* work = search(me)) {
        found();
        return work;
      }
      crew_.rest();
      if (any_work()) {
        if (crew_.rise() == Crew::Rise::searching) {
          place_taken();
          Atomics::yield();  // to one who has the turn at what is left, and was preempted
          continue;
        }
      } else if (draining_.load(std::memory_order_seq_cst)) {
        quiet_.wake();
      }
      if (!sleep(me)) return nullptr;
    }
  }

  Work* search(Worker& me) noexcept {
    const Deadline until = Atomics::now() + patience_;
    for (;;) {
      if (Work* work = next(me)) return work;
      if (ending_.load(std::memory_order_relaxed) || Atomics::now() >= until) return nullptr;
      rest_between_looks(gathering);
    }
  }

  // Long enough for others to write their lines undisturbed; and where there are more threads than CPUs, one of them
  // has the CPU meanwhile.
  static void rest_between_looks(std::uint32_t pauses) noexcept {
    for (std::uint32_t pause = 0; pause < pauses; ++pause) Atomics::pause();
    Atomics::yield();
  }

  // An idle thread sleeps until it is called; then it searches. False: it ends, and holds no place.
  bool sleep(Worker& me) noexcept {
    const ObserveBlocking hidden(nullptr);  // it is between two jobs
    if (ending_.load(std::memory_order_seq_cst) && crew_.retire()) return false;
    me.counters().sleeps.add();
    if (crew_.any_spare()) {
      if (crew_.sleep(retirement()) == Sleep::woken) return true;
      if (crew_.retire_spare()) return false;
    }
    static_cast<void>(crew_.sleep());
    return true;
  }

  Deadline retirement() const noexcept {
    const Deadline now = Atomics::now();
    return retire_after_ > no_deadline - now ? no_deadline : now + retire_after_;
  }

  // A thread got a place: either this sees that it is watched for, or who watches sees the thread.
  void place_taken() noexcept {
    if (watched_.load(std::memory_order_seq_cst)) [[unlikely]] {
      if (watched_.exchange(false, std::memory_order_seq_cst)) place_taken_(owner_);
    }
  }

  // A place is free, its thread sleeps or has gone, or there are more: somebody may be wanted in it.
  void place_left() noexcept {
    if (any_work()) {
      if (crew_.wanted_by_jobs()) call(true);
    } else if (draining_.load(std::memory_order_seq_cst)) {
      quiet_.wake();
    }
  }

  // A searcher goes to work: if it was the last, the next comes if there is more.
  void found() noexcept {
    if (crew_.found() && crew_.wanted_by_jobs() && any_work()) call(true);
  }

  // Where work was put aside, one that waits for what its thread does comes before a sleeper: so thefts use up no more
  // threads. What was posted is for those between two jobs.
  [[gnu::noinline]] void call(bool by_jobs, std::uint64_t jobs = 1) noexcept {
    jobs = std::max<std::uint64_t>(jobs, 1);
    if (!injected_.any() && recall(by_jobs, jobs)) return;
    for (;;) {
      const auto called = crew_.call(by_jobs, jobs);
      if (called == Crew::Called::nobody) return;
      place_taken();
      if (called == Crew::Called::sleeper) return;
      const Started started = start_one();
      if (started == Started::yes || crew_.withdraw()) return;
      // Those who looked meanwhile saw somebody searching, and left to it the end of a drain, and the work: to him who
      // leaves his seat now, nobody else is left.
      if (draining_.load(std::memory_order_seq_cst)) quiet_.wake();
      const bool all_wait = crew_.snapshot().active == 0;  // the last to leave looks again, and sees all the others lie
      if (recall(by_jobs, jobs) || (all_wait && recall_stuck())) return;
      if (started == Started::refused || !seats_.any_free() || !any_work()) return;
    }
  }

  // Calls one that sleeps inside a job and can do part of what it waits for now. True when one comes, or nobody is
  // wanted any more.
  bool recall(bool by_jobs, std::uint64_t jobs) noexcept {
    if (crew_.snapshot().blocked == 0) return false;
    const std::uint32_t count = used();
    for (std::uint32_t number = 0; number < count; ++number) {
      const Worker* const runner = worker(number);
      // The deque before the errand: who sees what was put aside, sees for what.
      if (runner == nullptr || runner->idle()) continue;
      if (recall_for(runner->errand(), *runner, by_jobs, jobs)) return true;
      if (recall_for(runner->outermost_errand(), *runner, by_jobs, jobs)) return true;
    }
    return false;
  }

  bool recall_for(const Errand& errand, const Worker& runner, bool by_jobs, std::uint64_t jobs) noexcept {
    if (errand.of == nullptr || !runner.has_part_of(errand)) return false;
    for (std::uint32_t number = 0; number < used(); ++number) {
      Worker* const waiter = worker(number);
      if (waiter == nullptr || waiter->asleep_for() != errand.of) continue;
      if (!crew_.reserve(by_jobs, jobs)) return true;
      place_taken();
      if (waiter->recall(errand.of) || crew_.withdraw()) return true;
    }
    return false;
  }

  // Every thread that there may be waits inside a job, and none can do part of what it waits for: one that has no stack
  // for what it has put aside is told that nobody else will do it.
  bool recall_stuck() noexcept {
    for (std::uint32_t number = 0; number < used(); ++number) {
      Worker* const one = worker(number);
      if (one == nullptr || one->asleep_for() != one->stuck()) continue;
      crew_.admit();
      place_taken();
      if (one->recall(one->stuck()) || crew_.withdraw()) return true;
    }
    return false;
  }

  Started start_one() noexcept {
    Worker* worker = seats_.take();
    if (worker == nullptr) return Started::no_seat;
    if (start_(owner_, *worker)) return Started::yes;
    seats_.leave(*worker);
    return Started::refused;
  }

  bool quiet() noexcept {
    const auto state = crew_.snapshot();
    return state.active == 0 && state.blocked == 0 && !any_work();
  }

  static constexpr std::uint32_t lingering = 4;   // looks before a thread says that it searches
  static constexpr std::uint32_t gathering = 16;  // pauses between two looks, 0.4 us
  static constexpr std::size_t few = 4;           // so many that were posted in a pause are a stream

  Crew crew_;
  InjectionQueue<Atomics> injected_;
  Seats<Worker, Atomics> seats_;
  const Clock::duration retire_after_;
  const Clock::duration patience_;
  const Start start_;
  void* const owner_;
  typename Atomics::template Atomic<bool> draining_{false};
  typename Atomics::template Atomic<bool> ending_{false};
  typename Atomics::template Atomic<bool> watched_{false};
  PlaceTaken place_taken_ = nullptr;
  Parker<Atomics> quiet_;
};

}  // namespace psyne::inline v0
