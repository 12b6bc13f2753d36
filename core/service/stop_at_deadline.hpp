#pragma once

#include <psyne/core/executor/work.hpp>
#include <psyne/core/service/service.hpp>
#include <psyne/core/stop/stop_source.hpp>
#include <psyne/core/timer/timer_heap.hpp>

#include <atomic>
#include <utility>

namespace psyne::inline v0 {

/// Has the StopCallbacks of a source called when its deadline comes, as long as it lives. They are users' code, so they
/// run on the thread for callbacks. One allocation.
class StopAtDeadline {
 public:
  /// `service`: with callbacks.
  StopAtDeadline(Service& service, StopSource source)
      : service_(&service), expiry_(new Expiry(std::move(source), service.callbacks())) {
    service.start(expiry_->timer, expiry_->source.token().deadline());
  }
  /// Does not wait for callbacks that run already.
  ~StopAtDeadline() {
    if (service_->cancel(expiry_->timer)) expiry_->release();
    expiry_->release();
  }
  StopAtDeadline(const StopAtDeadline&) = delete;
  StopAtDeadline& operator=(const StopAtDeadline&) = delete;

 private:
  // Of this, and of the timer until its work has run.
  struct Expiry : Work {
    Expiry(StopSource own, Executor& callbacks)
        : Work([](Work& self) noexcept {
            auto& expiry = static_cast<Expiry&>(self);
            expiry.source.expire();
            expiry.release();
          }),
          source(std::move(own)),
          timer(*this, callbacks) {}
    void release() noexcept {
      if (owners.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }
    StopSource source;
    Timer timer;
    std::atomic<int> owners{2};
  };

  Service* service_;
  Expiry* expiry_;
};

}  // namespace psyne::inline v0
