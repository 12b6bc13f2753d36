#include <psyne/core/channel/service_bell.hpp>

#include <sys/epoll.h>

#include <utility>

namespace psyne::inline v0 {

ServiceBell::ServiceBell(Service& service, std::unique_ptr<Bell> bell, std::function<void()> answer)
    : service_(service), bell_(std::move(bell)), answer_(std::move(answer)) {}

Result<std::unique_ptr<ServiceBell>> ServiceBell::make(std::function<void()> answer) {
  auto service = Service::process();
  if (!service) return service.error();
  auto bell = Bell::make();
  if (!bell) return bell.error();
  std::unique_ptr<ServiceBell> made(new ServiceBell(**service, std::move(*bell), std::move(answer)));
  if (auto watched = (*service)->watch(made->bell_->descriptor(), EPOLLIN, *made); !watched) return watched.error();
  return made;
}

ServiceBell::~ServiceBell() { service_.unwatch(bell_->descriptor()); }

// Cleared first: what rings during the answer is answered again.
void ServiceBell::ready(int /*descriptor*/, std::uint32_t /*events*/) noexcept {
  bell_->clear();
  answer_();
}

}  // namespace psyne::inline v0
