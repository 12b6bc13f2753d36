#pragma once

#include <psyne/core/executor/work.hpp>
#include <psyne/core/service/service.hpp>
#include <psyne/core/timer/timer_heap.hpp>

#include <type_traits>
#include <utility>

namespace psyne::inline v0 {

/// Runs a callable of psyne's own on the service thread once the deadline has come, as long as it lives: what
/// StopCallback is for a stop. Allocates nothing.
///
/// The callable must not throw, and does no more than wake, complete or post. The destructor waits while it runs, but
/// not from within it: so destroy it while holding nothing that the callable wants.
template <class Callable>
class DeadlineCallback : private Work {
  static_assert(std::is_nothrow_invocable_v<Callable&>);

 public:
  DeadlineCallback(Service& service, Deadline deadline, Callable callable) noexcept
      : Work([](Work& self) noexcept { static_cast<DeadlineCallback&>(self).callable_(); }),
        service_(&service),
        callable_(std::move(callable)),
        timer_(*this, service.executor()) {
    service_->start(timer_, deadline);
  }
  ~DeadlineCallback() { static_cast<void>(service_->cancel(timer_)); }
  DeadlineCallback(const DeadlineCallback&) = delete;
  DeadlineCallback& operator=(const DeadlineCallback&) = delete;

 private:
  Service* service_;
  Callable callable_;
  Timer timer_;
};

}  // namespace psyne::inline v0
