#pragma once

#include <psyne/core/executor/work.hpp>
#include <psyne/pool/memory/job_memory.hpp>

#include <atomic>
#include <cstdint>
#include <new>

namespace psyne::inline v0 {

/// Work that lies where any thread of a pool takes it, and that who waits for it may still take for himself.
///
///   take                       any thread, wait-free; once it gives the work, which may be gone afterwards
///   let_go                     each of the two that hold it, once: the queue, by running it, and who waits
///
/// The entry in the queue stays there when the work has been taken: who comes to it then finds nothing to do.
class Ticket final : public Work {
 public:
  /// Null when there is no memory for it.
  static Ticket* make(Work& work) noexcept {
    try {
      return new (take_job_memory(sizeof(Ticket))) Ticket(work);
    } catch (const std::bad_alloc&) {
      return nullptr;
    }
  }

  /// Null when another has it.
  Work* take() noexcept { return work_.exchange(nullptr, std::memory_order_acq_rel); }
  bool taken() const noexcept { return work_.load(std::memory_order_acquire) == nullptr; }

  void let_go() noexcept {
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
    this->~Ticket();
    give_back_job_memory(this, sizeof(Ticket));
  }

  Ticket* after = nullptr;  ///< of who keeps several

 private:
  explicit Ticket(Work& work) noexcept
      : Work([](Work& self) noexcept {
          auto& own = static_cast<Ticket&>(self);
          Work* const taken = own.take();
          own.let_go();
          if (taken != nullptr) taken->run(*taken);
        }),
        work_(&work) {}
  ~Ticket() = default;

  std::atomic<Work*> work_;
  std::atomic<std::uint32_t> holders_{2};
};

}  // namespace psyne::inline v0
