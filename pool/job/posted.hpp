#pragma once

#include <psyne/core/executor/work.hpp>
#include <psyne/pool/memory/job_memory.hpp>
#include <psyne/pool/pool/pool_state.hpp>
#include <psyne/pool/scheduler/current_worker.hpp>

#include <exception>
#include <optional>
#include <type_traits>
#include <utility>

namespace psyne::inline v0 {

/// A callable on its way through a pool, of which nobody keeps a reference: owns itself, in memory that threads keep
/// for the next one.
template <class Callable>
class Posted final : private Work {
 public:
  static Work& make(auto&& callable) {
    static_assert(alignof(Posted) <= alignof(std::max_align_t), "its memory is aligned as operator new does");
    void* const memory = take_job_memory(sizeof(Posted));
    try {
      return *new (memory) Posted(std::forward<decltype(callable)>(callable));
    } catch (...) {
      give_back_job_memory(memory, sizeof(Posted));
      throw;
    }
  }

  /// It was refused.
  static void drop(Work& work) noexcept { static_cast<Posted&>(work).end(); }

 private:
  explicit Posted(auto&& callable) : Work(&run), callable_(std::forward<decltype(callable)>(callable)) {}

  static void run(Work& self) noexcept {
    auto& own = static_cast<Posted&>(self);
    CurrentWorker& me = current_worker;
    PoolState& pool = *me.pool;
    if (pool.dropping()) [[unlikely]] {
      pool.dropped({});
    } else {
      me.job = &pool.context(me.worker->level());
      try {
        own.callable_();
      } catch (...) {
        pool.unobserved(std::current_exception());
      }
      me.job = nullptr;
    }
    own.end();
  }

  void end() noexcept {
    this->~Posted();
    give_back_job_memory(this, sizeof(Posted));
  }
  ~Posted() = default;

  Callable callable_;
};

}  // namespace psyne::inline v0
