#include <psyne/pool/scheduler/current_worker.hpp>

#include <pthread.h>

namespace psyne::inline v0 {

constinit thread_local CurrentWorker current_worker;

namespace {

struct Stack {
  std::uintptr_t lowest = 0;
  std::size_t bytes = 0;
};

constinit thread_local Stack known;

const Stack& this_stack() noexcept {
  if (known.bytes != 0) return known;
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return known;
  void* lowest = nullptr;
  std::size_t bytes = 0;
  if (pthread_attr_getstack(&attributes, &lowest, &bytes) == 0) {
    known = {.lowest = reinterpret_cast<std::uintptr_t>(lowest), .bytes = bytes};
  }
  pthread_attr_destroy(&attributes);
  return known;
}

}  // namespace

bool may_use_reserve() noexcept {
  return this_stack_left() >= last_stack_reserve && !current_worker.scheduler->others_can_run();
}

std::uintptr_t end_of_this_stack() noexcept {
  const auto [lowest, bytes] = this_stack();
  // A stack smaller than twice the reserve gives half of itself.
  return lowest + (bytes < 2 * stack_reserve ? bytes / 2 : stack_reserve);
}

std::size_t this_stack_left() noexcept {
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  const auto [lowest, bytes] = this_stack();
  return bytes != 0 && here > lowest ? here - lowest : 0;
}

}  // namespace psyne::inline v0
