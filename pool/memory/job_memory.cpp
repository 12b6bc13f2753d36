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

// Destructors of thread-local objects may make jobs after this one's.
constinit thread_local bool own_slab_gone = false;

// The slab that a thread takes from now.
class OwnSlab {
 public:
  constexpr OwnSlab() noexcept = default;
  OwnSlab(const OwnSlab&) = delete;
  OwnSlab& operator=(const OwnSlab&) = delete;
  ~OwnSlab() {
    own_slab_gone = true;
    leave();
  }

  void* take(std::size_t bytes) {
    if (left_ < bytes) [[unlikely]]
      begin();
    std::byte* const piece = next_;
    next_ += bytes;
    left_ -= bytes;
    ++taken_;
    return piece;
  }

 private:
  void begin() {
    Slab* const slab = depot.take();
    leave();
    slab_ = slab;
    slab_->out.store(unsettled, std::memory_order_relaxed);
    next_ = reinterpret_cast<std::byte*>(slab_ + 1);
    left_ = slab_bytes - sizeof(Slab);
    taken_ = 0;
  }

  // From here on the slab counts exactly what is out.
  void leave() noexcept {
    if (slab_ != nullptr) settle(slab_, unsettled - taken_);
    slab_ = nullptr;
    left_ = 0;
  }

  std::byte* next_ = nullptr;
  std::size_t left_ = 0;
  std::uint32_t taken_ = 0;
  Slab* slab_ = nullptr;
};
constinit thread_local OwnSlab own_slab;

std::size_t rounded(std::size_t bytes) noexcept { return (bytes + step - 1) / step * step; }

}  // namespace

// The size alone says for both calls whether a piece is of a slab: so a thread that ends takes a whole one.
void* take_job_memory(std::size_t bytes) {
  if (bytes > largest_job) return ::operator new(bytes);
  if (own_slab_gone) [[unlikely]] {
    Slab* const slab = depot.take();
    slab->out.store(1, std::memory_order_relaxed);
    return slab + 1;
  }
  return own_slab.take(rounded(bytes));
}

void give_back_job_memory(void* piece, std::size_t bytes) noexcept {
  if (bytes > largest_job) return ::operator delete(piece);
  const std::size_t offset = reinterpret_cast<std::uintptr_t>(piece) % slab_bytes;
  auto* const slab = reinterpret_cast<Slab*>(static_cast<std::byte*>(piece) - offset);
  ASAN_POISON_MEMORY_REGION(piece, bytes);
  settle(slab, 1);
}

std::size_t job_slabs() noexcept { return slabs.load(std::memory_order_relaxed); }

}  // namespace psyne::inline v0
