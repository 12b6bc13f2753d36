#include <psyne/transports/mapped/life_line.hpp>

#include <pthread.h>
#include <unistd.h>

#include <mutex>

namespace psyne::inline v0 {

/// Every life line of this process. Locked throughout fork(), so that the child finds it whole.
struct LifeLine::Registry {
  std::mutex mutex;
  LifeLine* first = nullptr;

  static void before_fork() { registry().mutex.lock(); }
  static void in_parent() { registry().mutex.unlock(); }
  static void in_child() {
    Registry& all = registry();
    for (LifeLine* line = all.first; line != nullptr; line = line->next_) {
      line->forked_.store(true, std::memory_order_release);
      const int number = line->number_.exchange(-1, std::memory_order_acq_rel);
      if (number >= 0) ::close(number);
    }
    all.first = nullptr;
    all.mutex.unlock();
  }
};

LifeLine::Registry& LifeLine::registry() {
  static Registry* all = [] {
    auto* made = new Registry;  // never destroyed: links may close during static destruction
    pthread_atfork(Registry::before_fork, Registry::in_parent, Registry::in_child);
    return made;
  }();
  return *all;
}

LifeLine::LifeLine(Descriptor descriptor) : number_(descriptor.release()) {
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  next_ = all.first;
  if (next_ != nullptr) next_->previous_ = this;
  all.first = this;
}

LifeLine::~LifeLine() {
  if (forked()) return;
  unwatch();
  Registry& all = registry();
  const std::lock_guard lock(all.mutex);
  (previous_ == nullptr ? all.first : previous_->next_) = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
  if (get() >= 0) ::close(get());
}

Result<void> LifeLine::watch(std::uint32_t events, Service::Watcher& watcher) {
  if (forked()) return Code::forked;
  unwatch();
  auto service = Service::process();
  if (!service) return service.error();
  if (auto watched = (*service)->watch(get(), events, watcher); !watched) return watched.error();
  service_ = *service;
  return {};
}

Result<void> LifeLine::rewatch(std::uint32_t events) noexcept {
  if (forked()) return Code::forked;
  return service_ == nullptr ? Result<void>(Code::not_found) : service_->rewatch(get(), events);
}

void LifeLine::unwatch() noexcept {
  if (service_ == nullptr || forked()) return;
  service_->unwatch(get());
  service_ = nullptr;
}

}  // namespace psyne::inline v0
