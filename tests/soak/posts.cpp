#include <psyne/pool/algorithm/par_reduce.hpp>
#include <psyne/pool/job/blocking.hpp>

#include "countdown.hpp"
#include "piece.hpp"

#include <array>
#include <functional>
#include <ranges>
#include <stdexcept>
#include <thread>

namespace psyne_soak {

// Small and large callables, some of which throw, at all priorities: each runs once.
void posts(Piece& piece) {
  auto& field = piece.field();
  const std::size_t count = piece.random.up_to(2000);
  auto all = countdown(count);
  for (std::size_t number = 0; number < count; ++number) {
    const psyne::PostOptions options{.priority = piece.priority()};
    switch (piece.random.below(8)) {
      case 0:
        field.pool.post([all, large = std::array<std::uint64_t, 40>{number}] { all->did(large.front()); }, options);
        break;
      case 1:
        field.thrown += 1;
        field.pool.post(
            [all, number] {
              all->did(number);
              throw std::runtime_error("a posted job");
            },
            options);
        break;
      default: field.pool.post([all, number] { all->did(number); }, options);
    }
  }
  all->wait();
}

// Threads that are in psyne once and then gone, before what they posted has run.
void passing_threads(Piece& piece) {
  auto& pool = piece.pool();
  const std::size_t threads = piece.random.up_to(4);
  const std::size_t each = piece.random.up_to(100);
  auto all = countdown(threads * each);
  std::vector<std::thread> passing;
  for (std::size_t first = 0; first < threads * each; first += each) {
    passing.emplace_back([&piece, &pool, all, first, each, priority = piece.priority()] {
      for (std::size_t number = first; number < first + each; ++number) {
        pool.post([all, number] { all->did(number); }, {.priority = priority});
      }
      const auto numbers = std::views::iota(0, 1000);
      piece.expect(psyne::par_reduce(numbers, 0, std::plus{}) == 499'500, "a loop of a new thread gives the sum");
      piece.expect(pool.submit([] { return 3; }).get() == 3, "a new thread gets a result");
    });
  }
  psyne::blocking([&] {  // in a job the thread may need the place of this one
    for (auto& thread : passing) thread.join();
  });
  all->wait();
}

}  // namespace psyne_soak
