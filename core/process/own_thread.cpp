#include <psyne/core/process/own_thread.hpp>

#include <pthread.h>
#include <signal.h>

#include <string>
#include <system_error>
#include <utility>

namespace psyne::inline v0 {

Result<std::thread> start_own_thread(const char* name, std::function<void()> body) {
  sigset_t all{}, before{};
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);  // the new thread inherits it
  Result<std::thread> thread = Code::exhausted;
  try {
    thread = std::thread(std::move(body));
  } catch (const std::system_error& failure) {
    thread = system_error(failure.code().value(), "cannot start the thread " + std::string(name))
                 .mend("Raise the limit of threads (ulimit -u).");
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (thread) pthread_setname_np(thread->native_handle(), name);
  return thread;
}

}  // namespace psyne::inline v0
