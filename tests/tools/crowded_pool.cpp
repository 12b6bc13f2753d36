// A pool that wants one thread more than it may have, until the end of the input.
#include <psyne.hpp>

#include <chrono>
#include <cstdio>
#include <future>
#include <thread>

int main() {
  using namespace std::chrono_literals;
  auto pool = psyne::Pool::open({.workers = 1, .name = "crowded", .max_threads = 1}).value();
  std::promise<void> begun, end;
  pool.post([&] {
    begun.set_value();
    psyne::blocking([&] { end.get_future().wait(); });
  });
  begun.get_future().wait();
  while (pool.statistics().limited == 0) {
    pool.post([] {});
    std::this_thread::sleep_for(1ms);
  }
  std::puts("ready");
  std::fflush(stdout);
  while (std::getchar() != EOF) {
  }
  end.set_value();
  return 0;
}
