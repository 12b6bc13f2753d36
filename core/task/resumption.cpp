#include <psyne/core/task/resumption.hpp>

#include <utility>

namespace psyne::inline v0 {

namespace {

// One at most: a coroutine that hands over is suspended for good, so the thread returns to resume() next.
constinit thread_local std::coroutine_handle<> handed_over;

}  // namespace

void resume(std::coroutine_handle<> coroutine) noexcept {
  while (coroutine) {
    coroutine.resume();
    coroutine = std::exchange(handed_over, nullptr);
  }
}

void hand_over(std::coroutine_handle<> continuation) noexcept { handed_over = continuation; }

}  // namespace psyne::inline v0
