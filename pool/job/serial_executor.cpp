#include <psyne/pool/job/serial_executor.hpp>

#include <mutex>
#include <utility>

namespace psyne::inline v0 {

SerialExecutor::~SerialExecutor() {
  parker_.wait([this] {
    const std::lock_guard guard(lock_);
    return !busy_;
  });
  while (turns_.load(std::memory_order_acquire) != 0) StandardAtomics::yield();
}

void SerialExecutor::post(Work& work) noexcept {
  bool first = false;
  {
    const std::lock_guard guard(lock_);
    queue_.push(work);
    first = !std::exchange(busy_, true);
  }
  if (first) start();
}

void SerialExecutor::start() noexcept {
  turns_.fetch_add(1, std::memory_order_relaxed);
  where_.post(turn_);
}

void SerialExecutor::run() noexcept {
  for (std::uint32_t done = 0; run_one(); ++done) {
    if (done + 1 < turn) continue;
    start();
    break;
  }
  turns_.fetch_sub(1, std::memory_order_release);  // the last touch
}

bool SerialExecutor::run_one() noexcept {
  Work* work = nullptr;
  {
    const std::lock_guard guard(lock_);
    work = queue_.pop();
    if (work == nullptr) busy_ = false;
  }
  if (work != nullptr) {
    work->run(*work);
    return true;
  }
  parker_.wake();  // the destructor, if it waits
  return false;
}

}  // namespace psyne::inline v0
