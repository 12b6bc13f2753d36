#include <psyne/core/atomics/cache_line.hpp>
#include <psyne/core/atomics/short_lock.hpp>
#include <psyne/core/process/fork_epoch.hpp>
#include <psyne/pool/memory/job_memory.hpp>

#include <sanitizer/asan_interface.h>

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <mutex>
#include <new>
#include <utility>

namespace psyne::inline v0 {

namespace {

// The first line of a slab; its pieces follow.
struct alignas(cache_line) Slab {
  // Pieces that are out, and `unsettled` while its thread still takes from it.
  std::atomic<std::uint32_t> out;
  Slab* next = nullptr;
};
constexpr std::uint32_t unsettled = 1U << 30U;
constexpr std::size_t step = 16;  // as operator new aligns

constinit std::atomic<std::size_t> slabs{0};

void free_all(Slab* first) noexcept {
  while (first != nullptr) {
    slabs.fetch_sub(1, std::memory_order_relaxed);
    ::operator delete(std::exchange(first, first->next), std::align_val_t(slab_bytes));
  }
}

// The empty slabs of all threads. A slab that comes fresh from the kernel costs four page faults, half of what its jobs
// cost, so they are kept while they are needed.
class Depot {
 public:
  Slab* take() {
    {
      const std::lock_guard guard(lock_);
      if (first_ != nullptr) {
        --count_;
        unneeded_ = std::min(unneeded_, count_);
        return std::exchange(first_, first_->next);
      }
      unneeded_ = 0;
    }
    void* const memory = ::operator new(slab_bytes, std::align_val_t(slab_bytes));
    slabs.fetch_add(1, std::memory_order_relaxed);
    return new (memory) Slab;
  }

  void give_back(Slab* slab) noexcept {
    ASAN_UNPOISON_MEMORY_REGION(slab + 1, slab_bytes - sizeof(Slab));
    const Deadline now = StandardAtomics::coarse_now();
    Slab* surplus = nullptr;
    {
      const std::lock_guard guard(lock_);
      slab->next = std::exchange(first_, slab);
      ++count_;
      if (now - looked_ >= slab_patience) {
        surplus = take_surplus();
        looked_ = now;
        unneeded_ = count_;
      }
    }
    free_all(surplus);
  }

  // In a forked child, where another thread may have held the lock: what lay here is forgotten.
  void forget() noexcept {
    new (&lock_) ShortLock<>;
    first_ = nullptr;
    count_ = unneeded_ = 0;
  }

 private:
  // Under the lock: what was there all the time, but for those that are kept.
  Slab* take_surplus() noexcept {
    if (unneeded_ <= kept_slabs) return nullptr;
    Slab* last = first_;
    for (std::size_t kept = count_ - (unneeded_ - kept_slabs); --kept > 0;) last = last->next;
    count_ -= unneeded_ - kept_slabs;
    return std::exchange(last->next, nullptr);
  }

  ShortLock<> lock_;
  Slab* first_ = nullptr;
  std::size_t count_ = 0;
  std::size_t unneeded_ = 0;  // the least that lay here since `looked_`
  Deadline looked_{};
};
constinit Depot depot;
const ForkHook forget_in_child = on_fork_in_child([] { depot.forget(); });

// Pieces came back, or the thread has ended with a slab.
void settle(Slab* slab, std::uint32_t count) noexcept {
  if (slab->out.fetch_sub(count, std::memory_order_acq_rel) == count) depot.give_back(slab);
}

// The slab that a thread takes from now. Without a destructor, so that an access is one load.
struct OwnSlab {
  std::byte* next = nullptr;
  std::size_t left = 0;
  std::uint32_t taken = 0;  // pieces that were taken, less those that came back as the newest
  Slab* slab = nullptr;
  bool gone = false;  // destructors of thread-local objects may make jobs after this thread has left its slab
};
[[gnu::tls_model("initial-exec")]] constinit thread_local OwnSlab own_slab;

// From here on the slab counts exactly what is out.
void leave(OwnSlab& own) noexcept {
  if (own.slab != nullptr) settle(own.slab, unsettled - own.taken);
  own = {.gone = own.gone};
}

struct LeaveAtEnd {
  ~LeaveAtEnd() {
    own_slab.gone = true;
    leave(own_slab);
  }
};

[[gnu::cold]] void* take_from_next(std::size_t bytes) {
  OwnSlab& own = own_slab;
  Slab* const slab = depot.take();
  auto* const first = reinterpret_cast<std::byte*>(slab + 1);
  if (own.gone) {
    slab->out.store(1, std::memory_order_relaxed);
    return first;
  }
  thread_local const LeaveAtEnd leave_at_end;
  leave(own);
  slab->out.store(unsettled, std::memory_order_relaxed);
  own = {.next = first + bytes, .left = slab_bytes - sizeof(Slab) - bytes, .taken = 1, .slab = slab};
  return first;
}

std::size_t rounded(std::size_t bytes) noexcept { return (bytes + step - 1) / step * step; }

}  // namespace

// The size alone says for both calls whether a piece is of a slab: so a thread that ends takes a whole one.
void* take_job_memory(std::size_t bytes) {
  if (bytes > largest_job) return ::operator new(bytes);
  bytes = rounded(bytes);
  OwnSlab& own = own_slab;
  if (own.left < bytes) [[unlikely]]
    return take_from_next(bytes);
  ASAN_UNPOISON_MEMORY_REGION(own.next, bytes);
  own.left -= bytes;
  ++own.taken;
  return std::exchange(own.next, own.next + bytes);
}

// The newest piece of the thread's own slab is taken back where it lay: the jobs of nested scopes mostly are that, and
// spare the atomic subtraction. No piece of another slab ends where the next one of this begins: a slab begins with its
// first line.
void give_back_job_memory(void* piece, std::size_t bytes) noexcept {
  if (bytes > largest_job) return ::operator delete(piece);
  ASAN_POISON_MEMORY_REGION(piece, bytes);
  OwnSlab& own = own_slab;
  bytes = rounded(bytes);
  if (static_cast<std::byte*>(piece) + bytes == own.next) {
    own.next -= bytes;
    own.left += bytes;
    --own.taken;
    return;
  }
  const std::size_t offset = reinterpret_cast<std::uintptr_t>(piece) % slab_bytes;
  settle(reinterpret_cast<Slab*>(static_cast<std::byte*>(piece) - offset), 1);
}

std::size_t job_slabs() noexcept { return slabs.load(std::memory_order_relaxed); }

}  // namespace psyne::inline v0
