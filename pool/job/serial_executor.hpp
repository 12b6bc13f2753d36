#pragma once

#include <psyne/core/atomics/short_lock.hpp>
#include <psyne/core/executor/executor.hpp>
#include <psyne/core/executor/work.hpp>
#include <psyne/core/park/parker.hpp>

#include <atomic>
#include <cstdint>

namespace psyne::inline v0 {

/// Runs work in the order in which it was posted, one at a time, on the threads of another executor; holds no thread
/// while there is none. What runs here needs no lock against what else runs here.
///
///   post    any thread, work that runs here included; a short lock
///
/// Each time that it gets a thread it runs `turn` pieces at most and then makes room for others. The destructor waits
/// until all that was posted has run: not from within work that runs here. Does not own `where`, which outlives it.
class SerialExecutor final : public Executor {
 public:
  static constexpr std::uint32_t turn = 64;

  /// For a pool: SerialExecutor(pool.executor()).
  explicit SerialExecutor(Executor& where) noexcept : where_(where), turn_(*this) {}
  SerialExecutor(const SerialExecutor&) = delete;
  SerialExecutor& operator=(const SerialExecutor&) = delete;
  ~SerialExecutor() override;

  void post(Work& work) noexcept override;

 private:
  struct Turn final : Work {
    explicit Turn(SerialExecutor& executor) noexcept
        : Work([](Work& self) noexcept { static_cast<Turn&>(self).own.run(); }), own(executor) {}
    SerialExecutor& own;
  };

  void start() noexcept;
  void run() noexcept;
  bool run_one() noexcept;

  Executor& where_;
  Turn turn_;         // on its way, or running, while `busy_`
  ShortLock<> lock_;  // guards queue_ and busy_
  WorkQueue queue_;
  bool busy_ = false;
  std::atomic<std::uint32_t> turns_{0};  // that have begun and still touch this
  Parker<> parker_;
};

}  // namespace psyne::inline v0
