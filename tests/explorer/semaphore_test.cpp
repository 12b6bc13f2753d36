#include <psyne/core/park/semaphore.hpp>

#include <gtest/gtest.h>

#include <explorer/atomics.hpp>
#include <explorer/checked.hpp>
#include <explorer/expectations.hpp>
#include <explorer/mutants.hpp>

namespace {

using namespace std::chrono_literals;
using psyne::Semaphore;
using psyne::Sharing;
using psyne::Sleep;
using namespace psyne::explorer;

Search deep(std::uint64_t random = 30'000) {
  Search search;
  search.systematic = 60'000;
  search.random = random;
  search.bounds.spurious = 1;
  return search;
}

/// As many tokens as takers: each gets one, and with it what was written before.
template <class Tokens>
void share_out(std::uint32_t takers, bool at_once) {
  Tokens tokens;
  Checked<int> payload(0);
  std::vector<ExploredThread> threads;
  for (std::uint32_t taker = 0; taker < takers; ++taker) {
    threads.emplace_back([&] {
      require(tokens.take() == Sleep::woken, "woken without a deadline");
      require(payload == 7, "payload");
    });
  }
  payload = 7;
  if (at_once) {
    tokens.give(takers);
  } else {
    for (std::uint32_t token = 0; token < takers; ++token) tokens.give();
  }
  for (ExploredThread& thread : threads) thread.join();
}

TEST(SemaphoreExplored, WhoeverAwaitsATokenGetsOne) {
  expect_sound(
      "Semaphore, one taker", [] { share_out<Semaphore<ExplorerAtomics>>(1, false); }, deep());
  expect_sound(
      "Semaphore, two takers", [] { share_out<Semaphore<ExplorerAtomics>>(2, false); }, deep());
  expect_sound(
      "Semaphore, two tokens at once", [] { share_out<Semaphore<ExplorerAtomics>>(2, true); }, deep());
}

TEST(SemaphoreExplored, TwoGiveAndTwoTake) {
  expect_sound(
      "Semaphore, two givers",
      [] {
        Semaphore<ExplorerAtomics> tokens;
        ExploredThread giver([&] { tokens.give(); });
        ExploredThread taker([&] { tokens.take(); });
        tokens.give();
        tokens.take();
        giver.join(), taker.join();
      },
      deep());
}

/// One of two takers has a deadline: he goes with a token, or without one and leaves it to the other.
template <class Tokens>
void leave_late() {
  Tokens tokens;
  Sleep hasty_slept = Sleep::woken;
  ExploredThread hasty([&] { hasty_slept = tokens.take(ExplorerAtomics::now() + 1s); });
  ExploredThread patient([&] { tokens.take(); });
  tokens.give();
  hasty.join();
  if (hasty_slept == Sleep::woken) tokens.give();
  patient.join();
  require(tokens.take(ExplorerAtomics::now() + 1s) == Sleep::timed_out, "each token was taken once");
}

TEST(SemaphoreExplored, ADeadlineTakesNobodysTokenAway) {
  expect_sound("Semaphore, deadline", leave_late<Semaphore<ExplorerAtomics>>, deep());
}

/// What a Semaphore could get wrong.
enum class SemaphoreBug : std::uint8_t {
  none,
  sleepers_unannounced,  ///< sleepers are not counted
  looks_before_giving,   ///< looks for sleepers before there is a token
  woken_is_taken,        ///< a sleeper that was woken goes without a token
  late_ones_take,        ///< at the deadline a token is taken and not told of
};

template <SemaphoreBug bug>
class MutatedSemaphore {
  using Bug = SemaphoreBug;

 public:
  void give(std::uint32_t tokens = 1) {
    const bool early = sleepers_.load() != 0;
    tokens_.fetch_add(tokens);
    if (bug == Bug::looks_before_giving ? early : sleepers_.load() != 0) {
      ExplorerAtomics::wake(tokens_, tokens, Sharing::process);
    }
  }
  Sleep take(psyne::Deadline deadline = psyne::no_deadline) {
    while (!taken()) {
      if constexpr (bug != Bug::sleepers_unannounced) sleepers_.fetch_add(1);
      const Sleep slept = ExplorerAtomics::wait(tokens_, 0, Sharing::process, deadline);
      if constexpr (bug != Bug::sleepers_unannounced) sleepers_.fetch_sub(1);
      if (bug == Bug::woken_is_taken && slept == Sleep::woken) return slept;
      if (slept == Sleep::woken) continue;
      if (bug == Bug::late_ones_take ? taken() || true : tokens_.load() == 0) return slept;
    }
    return Sleep::woken;
  }

 private:
  bool taken() {
    for (std::uint32_t seen = tokens_.load(); seen != 0;) {
      if (tokens_.compare_exchange_weak(seen, seen - 1)) return true;
    }
    return false;
  }
  ExplorerAtomics::Atomic<std::uint32_t> tokens_{0}, sleepers_{0};
};

TEST(SemaphoreExplored, SeededBugsAreFound) {
  using Bug = SemaphoreBug;
  expect_found(
      "Semaphore without wakes", [] { share_out<Semaphore<WakeMissing>>(1, false); }, "sleeps");
  expect_found(
      "Semaphore that wakes one of two", [] { share_out<Semaphore<WakeOfOneOnly>>(2, true); }, "sleeps");
  expect_found(
      "Semaphore, not sequential", [] { share_out<Semaphore<SequentialMissing>>(1, false); }, "sleeps");
  expect_found(
      "Semaphore without release", [] { share_out<Semaphore<SequentialRelaxed>>(1, false); }, "race");
  expect_found(
      "Semaphore without acquire", [] { share_out<Semaphore<AcquireMissing>>(1, false); }, "race");
  expect_sound("mutated semaphore without a bug", leave_late<MutatedSemaphore<Bug::none>>);
  expect_found(
      "sleepers unannounced", [] { share_out<MutatedSemaphore<Bug::sleepers_unannounced>>(1, false); }, "sleeps");
  expect_found(
      "looking before giving", [] { share_out<MutatedSemaphore<Bug::looks_before_giving>>(1, false); }, "sleeps");
  expect_found("taking a wake for a token", leave_late<MutatedSemaphore<Bug::woken_is_taken>>, "taken once");
  expect_found("taking a token too late", leave_late<MutatedSemaphore<Bug::late_ones_take>>, "sleeps");
}

}  // namespace
