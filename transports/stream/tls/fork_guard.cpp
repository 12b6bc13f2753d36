#include <psyne/transports/stream/tls/fork_guard.hpp>

#include <openssl/crypto.h>
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

// Before anything of OpenSSL is used: connections may still begin and end while the process exits, and must find it as
// it was.
std::mutex& watched_mutex() {
  [[maybe_unused]] static const int stays = OPENSSL_init_crypto(OPENSSL_INIT_NO_ATEXIT, nullptr);
  [[maybe_unused]] static const int registered = pthread_atfork(&before_fork, &after_fork, &after_fork);
  return mutex();
}

}  // namespace

ForkGuard::ForkGuard() : lock_(watched_mutex()) {}

}  // namespace psyne::inline v0::stream
