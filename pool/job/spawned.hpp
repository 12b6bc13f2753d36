#pragma once

#include <psyne/core/executor/work.hpp>
#include <psyne/pool/memory/job_memory.hpp>

#include <cstddef>
#include <cstdint>
#include <utility>

namespace psyne::inline v0 {

class Scope;

/// A job of a scope on its way; owns itself.
class Spawned : public Work {
 public:
  Scope& scope() const noexcept { return scope_; }

  /// Whether work that was found in a deque is one of these.
  static bool is(const Work& work) noexcept { return work.run == &run_one; }

  std::uint64_t number = 0;  ///< in the order of spawning

  /// Calls the callable, and ends; whether or not it throws.
  void run_and_end() { call_(*this); }
  /// Ends without a call.
  void end() noexcept { end_(*this); }

 protected:
  using Call = void (*)(Spawned&);
  using End = void (*)(Spawned&) noexcept;
  Spawned(Scope& of, Call how, End finally) noexcept : Work(&run_one), scope_(of), call_(how), end_(finally) {}
  ~Spawned() = default;

 private:
  static void run_one(Work& self) noexcept;

  Scope& scope_;
  const Call call_;
  const End end_;  // destroys the callable and gives the memory back
};

template <class Callable>
class SpawnedCall final : public Spawned {
 public:
  static Spawned& make(Scope& scope, auto&& callable) {
    static_assert(alignof(SpawnedCall) <= alignof(std::max_align_t), "its memory is aligned as operator new does");
    void* const memory = take_job_memory(sizeof(SpawnedCall));
    try {
      return *new (memory) SpawnedCall(scope, std::forward<decltype(callable)>(callable));
    } catch (...) {
      give_back_job_memory(memory, sizeof(SpawnedCall));
      throw;
    }
  }

 private:
  SpawnedCall(Scope& scope, auto&& callable)
      : Spawned(
            scope,
            [](Spawned& self) {
              struct Ending {
                ~Ending() { destroy(own); }
                Spawned& own;
              } const ending{self};
              static_cast<SpawnedCall&>(self).callable_();
            },
            &destroy),
        callable_(std::forward<decltype(callable)>(callable)) {}
  ~SpawnedCall() = default;

  static void destroy(Spawned& self) noexcept {
    auto& own = static_cast<SpawnedCall&>(self);
    own.~SpawnedCall();
    give_back_job_memory(&own, sizeof(SpawnedCall));
  }

  Callable callable_;
};

}  // namespace psyne::inline v0
