#pragma once

#include <psyne/core/atomics/atomics.hpp>

#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <sstream>
#include <string>
#include <vector>

#include <explorer/choices.hpp>
#include <explorer/fiber.hpp>
#include <explorer/memory.hpp>
#include <explorer/places.hpp>

namespace psyne::explorer {

/// What an execution is allowed to do and how much of the unusual.
struct Bounds {
  std::uint32_t preemptions = 3;    ///< switches away from a thread that could go on, time-outs before their time
  std::uint32_t weak_choices = 4;   ///< loads of stores that are not the newest, stores behind later ones
  std::uint32_t spurious = 0;       ///< wakes for nothing, failures of compare_exchange_weak
  std::uint32_t steps = 4000;       ///< more of them mean that a thread never comes to an end
  bool asymmetric_barriers = true;  ///< false: light barriers are full ones
};

/// One execution of a program of several threads, under a deterministic schedule. Each operation of ExplorerAtomics is
/// one step, before which the choices may let another thread run. Threads are fibers; time is virtual and goes on by
/// steps and to a deadline when a sleeper's comes.
///
/// Fails when all sleep, when a step limit shows that a thread spins without end, when a plain access races, when
/// require() does, or when the body throws.
class Execution {
 public:
  using Number = Memory::Number;

  explicit Execution(Choices& choices);
  ~Execution();

  /// Runs `body` as thread 0. Returns what failed, if anything did.
  std::optional<std::string> run(const std::function<void()>& body, const Bounds& bounds, bool traced);

  /// Of the last run: all choices, and what happened if it was traced.
  const Schedule& schedule() const noexcept { return recorder_.schedule; }
  const std::string& trace() const noexcept { return trace_; }

  /// The one that runs now. Only its threads may touch explored atomics.
  static Execution& current();
  /// The number of the thread that runs now.
  Number thread() const noexcept { return running_; }

  // What ExplorerAtomics is made of. Those that begin a step may let others run first.
  void add_atomic(Place place);
  void remove_atomic(Place place);
  std::uint64_t load(Place place, std::memory_order order);
  void store(Place place, std::uint64_t value, std::memory_order order);
  /// Replaces the value by next(value); returns what it was.
  template <class Next>
  std::uint64_t modify(Place place, const Next& next, std::memory_order order) {
    step();
    const Number atomic = atomic_at(place);
    const std::uint64_t before = memory_.modify(running_, atomic, order, next);
    place.set_bits(memory_.newest(atomic));
    if (traced_) note_modified(atomic, before, next(before), order);
    return before;
  }
  bool compare_exchange(Place place, std::uint64_t& expected, std::uint64_t desired, std::memory_order success,
                        std::memory_order failure, bool weak);
  void light_barrier();
  void heavy_barrier();
  void full_barrier();
  void give_way();
  bool asymmetric_barriers() const noexcept { return bounds_.asymmetric_barriers; }
  Sleep wait(Place place, std::uint32_t expected, Sharing sharing, Deadline deadline);
  void wake(Place place, std::uint32_t count, Sharing sharing);
  Deadline now();
  Number spawn(std::function<void()> body);
  void join(Number thread);

  void plain_read(const void* address);
  void plain_write(const void* address);

  /// Ends the execution as failed; does not return.
  [[noreturn]] void fail(std::string what);

 private:
  enum class State : std::uint8_t { none, ready, asleep, joining, finished };
  struct Thread {
    Execution* execution = nullptr;
    State state = State::none;
    bool gave_way = false;
    bool timed_out = false;
    const void* word = nullptr;  // slept on
    Sharing sharing{};
    Deadline deadline{};
    Number joins = 0;
    std::function<void()> body;
    std::unique_ptr<Fiber> fiber;
  };

  /// What the recorded choices of this execution were, passed on to who makes them.
  class Recorder final : public Choices {
   public:
    explicit Recorder(Choices& choices) : choices_(choices) {}
    std::uint32_t thread(std::span<const std::uint8_t> candidates) override;
    std::uint32_t branch(std::uint32_t count) override;
    void gave_way(std::uint8_t thread) override { choices_.gave_way(thread); }
    Schedule schedule;

   private:
    Choices& choices_;
  };

  static void enter(void* thread);
  void step();
  /// The atomic there, with what was written over it as bytes.
  Number atomic_at(Place place);
  Number pick();
  void change_to(Number next);
  void end_thread();
  bool spurious();
  template <class... Parts>
  void note(const Parts&... parts);
  void note_modified(Number atomic, std::uint64_t before, std::uint64_t after, std::memory_order order);

  Recorder recorder_;
  Memory memory_;
  Places places_;
  Bounds bounds_;
  std::array<Thread, max_threads> threads_;
  Number thread_count_ = 0;
  Number running_ = 0;
  Fiber host_;
  bool chosen_ = false;  // the running thread was chosen when it last could not go on, and has made no step since
  std::uint32_t preemptions_ = 0;
  std::uint32_t spurious_ = 0;
  std::uint64_t steps_ = 0;
  Clock::duration time_{};
  std::optional<std::string> failure_;
  bool traced_ = false;
  std::string trace_;
};

/// Fails the execution unless `condition`; says what was required.
void require(bool condition, const char* what);

}  // namespace psyne::explorer
