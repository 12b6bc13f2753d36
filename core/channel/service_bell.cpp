#include <psyne/core/channel/service_bell.hpp>

#include <sys/epoll.h>

#include <utility>

namespace psyne::inline v0 {

ServiceBell::ServiceBell(Service& service, std::unique_ptr<Bell> bell, std::function<void()> answer,
                         std::function<void()> look)
    : Work([](Work& self) noexcept { static_cast<ServiceBell&>(self).come(); }),
      service_(service),
      bell_(std::move(bell)),
      answer_(std::move(answer)),
      look_(std::move(look)),
      timer_(static_cast<Work&>(*this), service.executor()) {}

Result<std::unique_ptr<ServiceBell>> ServiceBell::make(std::function<void()> answer, std::function<void()> look) {
  auto service = Service::process();
  if (!service) return service.error();
  auto bell = Bell::make();
  if (!bell) return bell.error();
  std::unique_ptr<ServiceBell> made(new ServiceBell(**service, std::move(*bell), std::move(answer), std::move(look)));
  if (auto watched = (*service)->watch(made->bell_->descriptor(), EPOLLIN, *made); !watched) return watched.error();
  return made;
}

ServiceBell::~ServiceBell() { end(); }

void ServiceBell::end() noexcept {
  {
    const std::lock_guard lock(mutex_);
    if (std::exchange(ended_, true)) return;
  }
  service_.unwatch(bell_->descriptor());
  static_cast<void>(service_.cancel(timer_));
}

void ServiceBell::look_after(std::chrono::nanoseconds pause) noexcept {
  const std::lock_guard lock(mutex_);
  if (ended_ || std::exchange(awaited_, true)) return;
  service_.start(timer_, Clock::now() + pause);
}

void ServiceBell::come() noexcept {
  {
    const std::lock_guard lock(mutex_);
    awaited_ = false;
  }
  look_();
}

// Cleared first: what rings during the answer is answered again.
void ServiceBell::ready(int /*descriptor*/, std::uint32_t /*events*/) noexcept {
  bell_->clear();
  answer_();
}

}  // namespace psyne::inline v0
