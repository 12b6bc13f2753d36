#include <psyne/transports/stream/tls/fork_guard.hpp>

#include <pthread.h>

namespace psyne::inline v0::stream {

namespace {

// Never destroyed: connections may end during static destruction.
std::mutex& mutex() {
  static auto* const one = new std::mutex;
  return *one;
}

void before_fork() noexcept { mutex().lock(); }
void after_fork() noexcept { mutex().unlock(); }

std::mutex& watched_mutex() {
  [[maybe_unused]] static const int registered = pthread_atfork(&before_fork, &after_fork, &after_fork);
  return mutex();
}

}  // namespace

ForkGuard::ForkGuard() : lock_(watched_mutex()) {}

}  // namespace psyne::inline v0::stream
