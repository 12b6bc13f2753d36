#include <psyne/core/park/blocking_observer.hpp>

namespace psyne::inline v0 {

namespace {

constinit thread_local BlockingObserver* current_observer = nullptr;

}  // namespace

BlockingObserver* BlockingObserver::current() noexcept { return current_observer; }

ObserveBlocking::ObserveBlocking(BlockingObserver* observer) noexcept : before_(current_observer) {
  current_observer = observer;
}

ObserveBlocking::~ObserveBlocking() { current_observer = before_; }

}  // namespace psyne::inline v0
