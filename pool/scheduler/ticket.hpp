#pragma once

#include <psyne/core/executor/work.hpp>
#include <psyne/pool/memory/job_memory.hpp>

#include <atomic>
#include <cstdint>
#include <new>

namespace psyne::inline v0 {

/// Work that lies where any thread of a pool takes it, and that who waits for it may still take for himself.
///
///   take                     any thread, wait-free; once it gives the work, which may be gone afterwards
///   let_go                   who waits, once
///   leave_queue              the queue, once: by running it, or whoever could not put it there
///
/// The entry in the queue stays there when the work has been taken: who comes to it then finds nothing to do. So a
/// thread has a bounded number of tickets in the queue, and memory stays flat though nobody may come for long.
class Ticket final : public Work {
 public:
  static constexpr std::uint32_t most = 1024;

  /// `lying`: how many of the calling thread lie in the queue. Null when there are `most`, and when there is no memory.
  static Ticket* make(Work& work, std::atomic<std::uint32_t>& lying) noexcept {
    if (lying.load(std::memory_order_relaxed) >= most) return nullptr;
    try {
      auto* const ticket = new (take_job_memory(sizeof(Ticket))) Ticket(work, lying);
      lying.fetch_add(1, std::memory_order_relaxed);
      return ticket;
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

  void leave_queue() noexcept {
    lying_.fetch_sub(1, std::memory_order_relaxed);
    let_go();
  }

  Ticket* after = nullptr;  ///< of who keeps several

 private:
  Ticket(Work& work, std::atomic<std::uint32_t>& lying) noexcept
      : Work([](Work& self) noexcept {
          auto& own = static_cast<Ticket&>(self);
          Work* const taken = own.take();
          own.leave_queue();
          if (taken != nullptr) taken->run(*taken);
        }),
        work_(&work),
        lying_(lying) {}
  ~Ticket() = default;

  std::atomic<Work*> work_;
  std::atomic<std::uint32_t>& lying_;
  std::atomic<std::uint32_t> holders_{2};
};

}  // namespace psyne::inline v0
