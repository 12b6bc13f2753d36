#include <psyne/pool/scheduler/current_worker.hpp>

#include <pthread.h>

namespace psyne::inline v0 {

constinit thread_local CurrentWorker current_worker;

namespace {

std::uintptr_t ask_for_stack() noexcept {
  pthread_attr_t attributes;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) return 0;
  void* lowest = nullptr;
  std::size_t bytes = 0;
  const bool known = pthread_attr_getstack(&attributes, &lowest, &bytes) == 0;
  pthread_attr_destroy(&attributes);
  if (!known) return 0;
  // A stack smaller than twice the reserve gives half of itself.
  return reinterpret_cast<std::uintptr_t>(lowest) + (bytes < 2 * stack_reserve ? bytes / 2 : stack_reserve);
}

constinit thread_local std::uintptr_t known_end = 0;

}  // namespace

std::uintptr_t end_of_this_stack() noexcept {
  if (known_end == 0) known_end = ask_for_stack();
  return known_end;
}

}  // namespace psyne::inline v0
