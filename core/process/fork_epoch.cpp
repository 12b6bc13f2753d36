#include <psyne/core/atomics/short_lock.hpp>
#include <psyne/core/process/fork_epoch.hpp>

#include <pthread.h>
#include <unistd.h>

#include <mutex>
#include <utility>

namespace psyne::inline v0 {

struct ForkHook::Entry {
  Function<void()> hook;
  Entry* next = nullptr;
  Entry* previous = nullptr;
};

constinit std::atomic<std::uint32_t> current_fork_epoch{0};

namespace {

// Constant-initialised and never destroyed: objects with static storage register and leave here too.
constinit ShortLock<> lock;  // held across fork(), so that the child finds the list whole
constinit ForkHook::Entry* first_hook = nullptr;
constinit ForkHook::Entry* last = nullptr;
constinit ForkHook::Entry* next_to_run = nullptr;  // of the child that is just running them

void before_fork() noexcept { lock.lock(); }

void in_parent() noexcept { lock.unlock(); }

void in_child() noexcept {
  current_fork_epoch.fetch_add(1, std::memory_order_relaxed);
  lock.unlock();
  next_to_run = first_hook;
  while (ForkHook::Entry* entry = next_to_run) {
    next_to_run = entry->next;
    entry->hook();
  }
}

// While the program or the library is loaded, when no other thread can fork yet.
[[maybe_unused]] const int registered = pthread_atfork(&before_fork, &in_parent, &in_child);

void link(ForkHook::Entry& entry) noexcept {
  const std::lock_guard guard(lock);
  entry.previous = last;
  (last == nullptr ? first_hook : last->next) = &entry;
  last = &entry;
}

void unlink(ForkHook::Entry& entry) noexcept {
  const std::lock_guard guard(lock);
  (entry.previous == nullptr ? first_hook : entry.previous->next) = entry.next;
  (entry.next == nullptr ? last : entry.next->previous) = entry.previous;
  if (next_to_run == &entry) next_to_run = entry.next;
}

}  // namespace

ForkHook::ForkHook() noexcept = default;
ForkHook::ForkHook(std::unique_ptr<Entry> entry) noexcept : entry_(std::move(entry)) {
  if (entry_) link(*entry_);
}
ForkHook::ForkHook(ForkHook&& other) noexcept = default;
ForkHook& ForkHook::operator=(ForkHook&& other) noexcept {
  if (this != &other) {
    const ForkHook dropped(std::move(*this));
    entry_ = std::move(other.entry_);
  }
  return *this;
}
ForkHook::~ForkHook() {
  if (entry_) unlink(*entry_);
}

ForkHook on_fork_in_child(Function<void()> hook) {
  return ForkHook(std::make_unique<ForkHook::Entry>(ForkHook::Entry{.hook = std::move(hook)}));
}

Error forked_error(std::string what) {
  return Error(Code::forked, std::move(what))
      .because("it was opened before fork(), and this is the child, pid " + std::to_string(getpid()))
      .mend("Open a new one in the child.");
}

}  // namespace psyne::inline v0
