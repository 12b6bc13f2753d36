#include <psyne/core/channel/receiver.hpp>
#include <psyne/core/channel/sender.hpp>
#include <psyne/core/completion/sleep_async.hpp>
#include <psyne/core/completion/wait_many.hpp>
#include <psyne/pool/algorithm/par_invoke.hpp>
#include <psyne/pool/algorithm/par_reduce.hpp>
#include <psyne/pool/job/blocking.hpp>
#include <psyne/pool/job/scope.hpp>

#include "countdown.hpp"
#include "piece.hpp"

#include <barrier>
#include <chrono>
#include <functional>
#include <mutex>
#include <ranges>
#include <string>

namespace psyne_soak {

using namespace std::chrono_literals;

// More jobs than workers meet, since those that wait give up their places.
void blocks(Piece& piece) {
  auto& pool = piece.pool();
  const auto count = static_cast<std::ptrdiff_t>(1 + piece.random.below(6));
  std::barrier<> met(count);
  const bool asleep_in_psyne = piece.random.one_in(2);
  auto last = countdown(static_cast<std::size_t>(count));
  std::vector<psyne::Job<void>> jobs;
  for (std::ptrdiff_t number = 0; number < count; ++number) {
    jobs.push_back(pool.submit([&, number] {
      last->did(static_cast<std::size_t>(number));
      if (asleep_in_psyne) {
        last->wait();
      } else {
        psyne::blocking([&] { met.arrive_and_wait(); });
      }
    }));
  }
  auto nap = psyne::sleep_async(std::chrono::microseconds(piece.random.below(300)));
  std::vector<psyne::AnyCompletion> all(jobs.begin(), jobs.end());
  all.push_back(nap);
  psyne::wait_all(all).value();
  piece.expect(nap.take().has_value(), "a nap ends");
  for (const auto& job : jobs) piece.expect(job.take().has_value(), "jobs that block meet");
}

// A job sends into a ring that is too small, another receives.
void sends(Piece& piece) {
  static std::atomic<std::uint64_t> names{0};
  const std::string uri = "memory://soak-" + std::to_string(names++);
  const std::uint64_t count = piece.random.up_to(3000);
  auto sending = piece.pool().submit([uri, count] {
    auto sender = psyne::Sender<std::uint64_t>::open(uri, {.capacity_bytes = 4096}).value();
    for (std::uint64_t number = 0; number < count; ++number) sender.send(number).value();
  });
  auto receiving = piece.pool().submit([&piece, uri] {
    auto receiver = psyne::Receiver<std::uint64_t>::open(uri).value();
    std::uint64_t next = 0;
    for (const std::uint64_t number : receiver) piece.expect(number == next++, "messages come in order");
    receiver.status().value();
    return next;
  });
  sending.get();
  piece.expect(receiving.get() == count, "every message comes");
}

// Nothing unrelated runs in a wait, so nobody finds that he holds the lock already.
void holds_mutexes(Piece& piece) {
  auto& pool = piece.pool();
  const std::size_t count = piece.random.up_to(20);
  std::mutex mutex;
  std::size_t inside = 0;
  std::vector<psyne::Job<void>> jobs;
  for (std::size_t number = 0; number < count; ++number) {
    jobs.push_back(pool.submit([&piece, &pool, &mutex, &inside, how = piece.random.below(4)] {
      const std::lock_guard lock(mutex);
      const std::size_t before = inside++;
      if (how == 0) {
        int left = 0;
        int right = 0;
        psyne::par_invoke([&] { left = 1; }, [&] { right = 2; });
        piece.expect(left + right == 3, "both sides of a fork run under a lock");
      } else if (how == 1) {
        const auto numbers = std::views::iota(0, 3000);
        piece.expect(psyne::par_reduce(numbers, 0, std::plus{}) == 4'498'500, "a loop under a lock gives its sum");
      } else if (how == 2) {
        std::atomic<int> ran{0};
        psyne::Scope scope;
        for (int child = 0; child < 10; ++child) scope.spawn([&] { ++ran; });
        scope.wait();
        piece.expect(ran == 10, "a scope under a lock is done");
      } else {
        piece.expect(pool.submit([] { return 4; }).get() == 4, "a job is waited for under a lock");
      }
      piece.expect(inside == before + 1, "nothing that wants the lock runs in a wait under it");
    }));
  }
  psyne::wait_all(jobs).value();
  for (const auto& job : jobs) piece.expect(job.take().has_value(), "jobs with a lock end well");
  piece.expect(inside == count, "every job had the lock once");
}

}  // namespace psyne_soak
