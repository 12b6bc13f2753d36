#include <psyne/pool/algorithm/par_reduce.hpp>
#include <psyne/pool/job/scope.hpp>

#include "piece.hpp"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <functional>
#include <ranges>
#include <thread>

namespace psyne_soak {
namespace {

using namespace std::chrono_literals;

// In the child, where no other thread is: 0, or the number of the promise that was broken.
int child(Ground& ground) {
  const auto numbers = std::views::iota(0, 100'000);
  if (psyne::par_reduce(numbers, 0LL, std::plus{}) != 4'999'950'000) return 1;
  std::atomic<int> ran{0};
  psyne::Scope scope;
  for (int count = 0; count < 100; ++count) scope.spawn([&] { ++ran; });
  scope.wait();
  if (ran != 100) return 2;
  if (ground.fields[0].pool.submit([] {}).take().error().code() != psyne::Code::forked) return 3;
  auto own = psyne::Pool::open({.workers = 2, .name = "child"}).value();
  return own.submit([] { return 0; }).get();
}

}  // namespace

// In the middle of all that the other threads do.
void forks(Piece& piece) {
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
  static_cast<void>(child);
  static_cast<void>(piece);  // their own locks stay held in a child
#else
  const pid_t forked = fork();
  if (forked == 0) _exit(child(piece.ground));
  int status = 0;
  for (int look = 0; look < 20'000; ++look) {
    if (waitpid(forked, &status, WNOHANG) == forked) {
      piece.expect(WIFEXITED(status), "a forked child ends by itself");
      return piece.expect(WEXITSTATUS(status) == 0, "the default pool works in a forked child; others are forked");
    }
    std::this_thread::sleep_for(1ms);
  }
  piece.expect(false, "a forked child comes to its end");
  kill(forked, SIGKILL);
  waitpid(forked, &status, 0);
#endif
}

}  // namespace psyne_soak
