#include <psyne/core/channel/asynchronous/bell_watch.hpp>

#include <sys/epoll.h>

namespace psyne::inline v0 {

namespace {

constexpr std::uint32_t once = EPOLLIN | EPOLLONESHOT;

}  // namespace

Result<void> BellWatch::watch() noexcept {
  if (known_) return service_->rewatch(descriptor_, once);
  auto watched = service_->watch(descriptor_, once, *this);
  known_ = watched.has_value();
  return watched;
}

void BellWatch::rest() noexcept {
  if (known_) static_cast<void>(service_->rewatch(descriptor_, 0));  // fails only for what is not watched
}

void BellWatch::unwatch() noexcept {
  if (known_) service_->unwatch(descriptor_);
  known_ = false;
}

void BellWatch::ready(int /*descriptor*/, std::uint32_t /*events*/) noexcept { rung(); }

}  // namespace psyne::inline v0
