#pragma once

#include <psyne/core/park/parker.hpp>
#include <psyne/pool/crew/crew.hpp>

#include <functional>
#include <optional>
#include <utility>
#include <vector>

#include <explorer/atomics.hpp>

namespace psyne::explorer {

/// What those who use a Crew could forget: to look for work once more after a change of it.
enum class TeamBug : std::uint8_t { none, resting, blocking, leaving_as_guest, retiring, withdrawing, widening };

/// A pool of which only the crew is real: work is a number, and jobs are run in their order. So small that its
/// interleavings can be gone through, other than those of a whole scheduler.
template <class Atomics = ExplorerAtomics, TeamBug bug = TeamBug::none>
class Team {
 public:
  using Crew = psyne::Crew<Atomics>;
  using Jobs = std::vector<std::function<void()>>;
  static constexpr Clock::duration never = Clock::duration::max();

  Team(std::uint32_t places, std::size_t threads, Jobs jobs, Clock::duration retire_after = never)
      : crew_(places),
        seats_(static_cast<std::uint32_t>(threads)),
        retire_after_(retire_after),
        jobs_(std::move(jobs)) {
    for (std::uint32_t thread = 0; thread < places; ++thread) {
      crew_.admit();
      require(start(), "there are as many seats as places");
    }
  }

  /// One more of the jobs may be run.
  void publish() {
    published_.fetch_add(1, std::memory_order_seq_cst);
    if (crew_.wanted_by_jobs()) call();
  }

  // A job's wait.
  void blocking() {
    crew_.leave();
    if constexpr (bug != TeamBug::blocking) look_and_call();
  }
  void resumed() { crew_.come_back(); }

  void enter() { crew_.guest_enters(); }
  void exit() {
    crew_.guest_leaves();
    if constexpr (bug != TeamBug::leaving_as_guest) look_and_call();
  }

  void set_places(std::uint32_t places) {
    crew_.set_places(places);
    if constexpr (bug != TeamBug::widening) look_and_call();
  }

  /// All that was published is run, and all threads end.
  void close() {
    quiet_.wait(
        [&] {
          const auto state = crew_.snapshot();
          return state.active == 0 && state.blocked == 0 && !any_work();
        },
        no_deadline, no_patience);
    ending_.store(true, std::memory_order_seq_cst);
    crew_.call_all();
    for (std::size_t at = 0; at < threads_.size(); ++at) threads_[at].join();
    const auto state = crew_.snapshot();
    require(state.active + state.searching + state.idle + state.blocked + state.guests == 0, "nobody is counted");
    require(taken_.load(std::memory_order_relaxed) == jobs_.size(), "every job was run");
  }

 private:
  bool any_work() const { return taken_.load(std::memory_order_seq_cst) < published_.load(std::memory_order_seq_cst); }
  std::optional<std::uint32_t> take() {
    for (std::uint32_t next = taken_.load(std::memory_order_seq_cst);
         next < published_.load(std::memory_order_seq_cst);) {
      if (taken_.compare_exchange_weak(next, next + 1, std::memory_order_seq_cst)) return next;
    }
    return std::nullopt;
  }

  void run() {
    for (bool searching = true;;) {
      auto job = searching ? std::nullopt : take();
      if (!job) {
        if (!searching) crew_.search();
        job = look();
        if (!job) break;
      }
      jobs_[*job]();
      searching = crew_.crowded() && crew_.step_down();
      if (searching && !sleep()) break;
    }
    seats_.fetch_add(1, std::memory_order_seq_cst);
    if constexpr (bug != TeamBug::retiring) look_and_call();
  }

  std::optional<std::uint32_t> look() {
    for (;;) {
      if (const auto job = take()) {
        if (crew_.found() && crew_.wanted_by_jobs() && any_work()) call();
        return job;
      }
      crew_.rest();
      if (bug != TeamBug::resting && any_work()) {
        if (crew_.rise() == Crew::Rise::searching) continue;
      } else {
        quiet_.wake();
      }
      if (!sleep()) return std::nullopt;
    }
  }

  bool sleep() {
    if (ending_.load(std::memory_order_seq_cst) && crew_.retire()) return false;
    if (crew_.any_spare()) {
      const Deadline deadline = retire_after_ == never ? no_deadline : Atomics::now() + retire_after_;
      if (crew_.sleep(deadline) == Sleep::woken) return true;
      if (crew_.retire_spare()) return false;
    }
    crew_.sleep();
    return true;
  }

  void look_and_call() {
    if (!any_work()) return quiet_.wake();
    if (crew_.wanted_by_jobs()) call();
  }

  void call() {
    while (crew_.call(true) == Crew::Called::newcomer) {
      if (start() || crew_.withdraw()) return;
      quiet_.wake();
      if (bug == TeamBug::withdrawing || seats_.load(std::memory_order_seq_cst) == 0 || !any_work()) return;
    }
  }

  bool start() {
    for (std::uint32_t free = seats_.load(std::memory_order_seq_cst); free != 0;) {
      if (!seats_.compare_exchange_weak(free, free - 1, std::memory_order_seq_cst)) continue;
      threads_.push_back(ExploredThread([this] { run(); }));
      return true;
    }
    return false;
  }

  template <class T>
  using Atomic = ExplorerAtomics::Atomic<T>;

  Crew crew_;
  Atomic<std::uint32_t> published_{0}, taken_{0}, seats_;
  Atomic<bool> ending_{false};
  Parker<ExplorerAtomics> quiet_;
  const Clock::duration retire_after_;
  const Jobs jobs_;
  std::vector<ExploredThread> threads_;
};

}  // namespace psyne::explorer
