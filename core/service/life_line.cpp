#include <psyne/core/atomics/step.hpp>
#include <psyne/core/service/life_line.hpp>

#include <unistd.h>

namespace psyne::inline v0 {

LifeLine::LifeLine(Descriptor descriptor) : number_(descriptor.release()) {
  if (get() < 0) return;
  close_in_child_ = on_fork_in_child([this] { ::close(number_.exchange(-1, std::memory_order_acq_rel)); });
}

LifeLine::~LifeLine() {
  if (forked()) return;
  unwatch();
  const int number = get();
  close_in_child_ = {};  // first, or a child forked in between would close the number's next owner
  step();
  if (number >= 0) ::close(number);
}

Result<void> LifeLine::watch(std::uint32_t events, Service::Watcher& watcher) {
  if (forked()) return forked_error("cannot watch a descriptor");
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

void LifeLine::suspend() noexcept {
  if (service_ != nullptr && !forked()) service_->suspend(get());
}

void LifeLine::unwatch() noexcept {
  if (service_ == nullptr || forked()) return;
  service_->unwatch(get());
  service_ = nullptr;
}

}  // namespace psyne::inline v0
