#include <psyne/core/config/config.hpp>
#include <psyne/core/config/known_options.hpp>
#include <psyne/core/metrics/page.hpp>
#include <psyne/core/metrics/store.hpp>
#include <psyne/core/process/fork_epoch.hpp>

#include <atomic>
#include <cstdlib>

namespace psyne::inline v0::metrics {

namespace {

/// The page of this process and, for the handlers below, its store. Never destroyed: threads and static objects may
/// count until the very end.
struct Own {
  Page page;
  Store* store = nullptr;       // null when disabled
  std::uint32_t epoch = 0;      // of the process that made it: in a forked child it is the parent's
  const Own* before = nullptr;  // the parent's, which sections of old still refer to
};
std::atomic<const Own*> own{nullptr};
std::atomic<const ForkHook*> fork_hook{nullptr};  // kept for ever

void remove_at_exit() {
  const Own* mine = own.load(std::memory_order_acquire);
  if (mine && mine->store) mine->store->file().unlink();
}

/// The child has one thread and its parent's memory: it lets the page go, and makes its own when it next asks.
void detach_in_child() {
  const Own* parents = own.load(std::memory_order_acquire);
  if (parents && parents->store && !parents->store->detached()) parents->store->detach();
}

/// Once, before the first page.
void watch_exit_and_fork() {
  static const int watching = [] {
    fork_hook = new ForkHook(on_fork_in_child(detach_in_child));
    return std::atexit(remove_at_exit);  // when refused, the next process removes the file instead
  }();
  static_cast<void>(watching);
}

}  // namespace

/// Of several threads that make a page at once the first wins, and the others' are removed again: so no lock is there
/// that a fork() could find held.
Page Page::process() {
  const Own* mine = own.load(std::memory_order_acquire);
  if (mine && mine->epoch == fork_epoch()) return mine->page;
  watch_exit_and_fork();
  const Config config = Config::process();
  auto made = [&]() -> Result<Page> {
    if (!config.boolean(option::metrics_enabled)) {
      return Error(Code::unsupported, "there is no counters page").because("metrics.enabled is no");
    }
    return create(config.text(option::metrics_directory), config.bytes(option::metrics_capacity));
  }();
  Page page = made ? *std::move(made) : disabled(made.error());
  const auto* fresh = new Own{page, page.store_.get(), fork_epoch(), mine};
  if (own.compare_exchange_strong(mine, fresh, std::memory_order_acq_rel, std::memory_order_acquire)) return page;
  delete fresh;
  return mine->page;
}

}  // namespace psyne::inline v0::metrics
