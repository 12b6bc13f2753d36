#include <psyne/core/atomics/short_lock.hpp>

#include <gtest/gtest.h>

#include <mutex>
#include <vector>

#include <explorer/atomics.hpp>
#include <explorer/checked.hpp>
#include <explorer/expectations.hpp>
#include <explorer/mutants.hpp>

namespace {

using psyne::ShortLock;
using namespace psyne::explorer;

/// Everybody adds one to a plain number, under the lock.
template <class Atomics, int spins>
void count(int others) {
  ShortLock<Atomics, spins> lock;
  Checked<int> number(0);
  const auto add = [&] {
    const std::lock_guard guard(lock);
    number = number + 1;
  };
  std::vector<ExplorerAtomics::Thread> threads;
  for (int other = 0; other < others; ++other) threads.emplace_back(add);
  add();
  for (ExplorerAtomics::Thread& thread : threads) thread.join();
  require(number == others + 1, "nobody's addition was lost");
}

TEST(ShortLockExplored, KeepsThreadsApartAndWakesEverySleeper) {
  Search search;
  search.random = 20'000;
  search.bounds.spurious = 1;
  expect_sound(
      "ShortLock, sleeping at once", [] { count<ExplorerAtomics, 0>(2); }, search);
  expect_sound(
      "ShortLock, looking first", [] { count<ExplorerAtomics, 2>(1); }, search);
}

TEST(ShortLockExplored, SeededBugsAreFound) {
  expect_found(
      "ShortLock without release", [] { count<ReleaseMissing, 0>(1); }, "race");
  expect_found(
      "ShortLock without acquire", [] { count<AcquireMissing, 0>(1); }, "race");
  expect_found(
      "ShortLock without wake", [] { count<WakeMissing, 0>(1); }, "sleeps");
}

}  // namespace
