#include <psyne/core/config/config.hpp>
#include <psyne/core/config/known_options.hpp>
#include <psyne/core/metrics/page.hpp>
#include <psyne/core/metrics/store.hpp>

#include <pthread.h>

#include <atomic>
#include <cstdlib>

namespace psyne::inline v0::metrics {

namespace {

/// The page of this process and, for the handlers below, its store. Never destroyed: threads and static objects may
/// count until the very end.
struct Own {
  Page page;
  Store* store;  // null when disabled
};
std::atomic<const Own*> own{nullptr};

void remove_at_exit() {
  const Own* mine = own.load(std::memory_order_acquire);
  if (mine && mine->store) mine->store->file().unlink();
}

/// The child has one thread and its parent's memory: it lets the page go and makes its own when it next asks.
void detach_in_child() {
  const Own* parents = own.exchange(nullptr, std::memory_order_acq_rel);
  if (parents && parents->store) parents->store->detach();
}

bool watch_exit_and_fork() {
  static_cast<void>(std::atexit(remove_at_exit));
  return pthread_atfork(nullptr, nullptr, detach_in_child) == 0;
}

}  // namespace

/// Of several threads that make a page at once the first wins, and the others' are removed again: so no lock is there
/// that a fork() could find held.
Page Page::process() {
  if (const Own* mine = own.load(std::memory_order_acquire)) return mine->page;
  static const bool watching = watch_exit_and_fork();
  const Config config = Config::process();
  auto made = [&]() -> Result<Page> {
    if (!watching) return Error(Code::system, "cannot watch for fork(), and so will not share counters");
    if (!config.boolean(option::metrics_enabled)) {
      return Error(Code::unsupported, "there is no counters page").because("metrics.enabled is no");
    }
    return create(config.text(option::metrics_directory), config.bytes(option::metrics_capacity));
  }();
  Page page = made ? *std::move(made) : disabled(made.error());
  const auto* mine = new Own{page, page.store_.get()};
  const Own* first = nullptr;
  if (own.compare_exchange_strong(first, mine, std::memory_order_acq_rel, std::memory_order_acquire)) return page;
  delete mine;
  return first->page;
}

}  // namespace psyne::inline v0::metrics
