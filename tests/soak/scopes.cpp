#include <psyne/core/stop/stop_source.hpp>
#include <psyne/pool/job/blocking.hpp>
#include <psyne/pool/job/scope.hpp>
#include <psyne/pool/job/this_job.hpp>

#include "countdown.hpp"
#include "piece.hpp"

#include <chrono>
#include <thread>

namespace psyne_soak {
namespace {

using namespace std::chrono_literals;
using psyne::Scope;

void grow(psyne::Pool* pool, unsigned depth, unsigned width, std::atomic<std::uint64_t>& leaves) {
  if (depth == 0) return static_cast<void>(++leaves);
  Scope scope({.pool = pool});
  for (unsigned branch = 0; branch < width; ++branch) {
    scope.spawn([pool, depth, width, &leaves] { grow(pool, depth - 1, width, leaves); });
  }
  scope.wait();
}

// Jobs of the scope spawn others into it, and so do jobs of another pool.
void fill(Piece& piece, Scope& scope) {
  const std::size_t count = piece.random.up_to(300);
  auto all = countdown(4 * count);
  auto elsewhere = piece.pool().submit([&scope, all, count] {
    for (std::size_t number = 2 * count; number < 4 * count; ++number) scope.spawn([all, number] { all->did(number); });
  });
  for (std::size_t number = 0; number < count; ++number) {
    scope.spawn([&scope, all, number, count] {
      all->did(number);
      scope.spawn([all, number, count] { all->did(count + number); });
    });
  }
  elsewhere.get();
  if (piece.random.one_in(2)) {
    scope.wait();
  } else {
    while (!scope.wait_for(200us)) continue;
  }
  piece.expect(all->left() == 0, "all that was spawned has run when the wait for a scope is over");
  piece.expect(scope.skipped() == 0, "nothing is left out of a scope that nobody cancelled");
}

}  // namespace

void fills_scopes(Piece& piece) {
  if (piece.random.one_in(2)) {
    const auto depth = static_cast<unsigned>(piece.random.up_to(5));
    std::atomic<std::uint64_t> leaves{0};
    grow(piece.any_pool(), depth, 4, leaves);
    piece.expect(leaves == std::uint64_t{1} << 2 * depth, "every leaf of a tree of scopes has run");
    return;
  }
  Scope scope({.pool = piece.any_pool(), .name = "filled"});
  fill(piece, scope);
  if (piece.random.one_in(2)) fill(piece, scope);  // after wait() it may be used again
}

// Of those that threw the first goes on, from an inner scope to nobody else.
void fails_in_scopes(Piece& piece) {
  const std::size_t count = piece.random.up_to(200);
  const std::size_t modulus = piece.random.up_to(count);
  auto* const pool = piece.any_pool();
  std::vector<std::atomic<bool>> threw(count);
  std::atomic<std::size_t> ran{0};
  Scope outer({.pool = pool});
  auto all = countdown(8);
  for (std::size_t number = 0; number < 8; ++number) outer.spawn([all, number] { all->did(number); });
  Scope inner({.pool = pool});
  for (std::size_t number = 0; number < count; ++number) {
    inner.spawn([&threw, &ran, number, modulus] {
      ++ran;
      if (number % modulus != 0) return;
      threw[number] = true;
      throw number;  // NOLINT(hicpp-exception-baseclass)
    });
  }
  std::size_t first = 0;
  try {
    inner.wait();
    piece.expect(false, "a scope in which a job threw throws");
  } catch (const std::size_t& thrown) {
    while (first < count && !threw[first]) ++first;
    piece.expect(thrown == first, "of the jobs that threw the one that was spawned first goes on");
  }
  piece.expect(ran + inner.skipped() == count, "every job of a failed scope ran or was left out");
  outer.wait();
  piece.expect(all->left() == 0 && outer.skipped() == 0, "a scope that fails does nothing to others");
}

// By hand, by its token, by an exception that destroys it.
void cancels_scopes(Piece& piece) {
  const std::size_t count = piece.random.up_to(300);
  const auto how = piece.random.below(3);
  const psyne::StopSource source;
  std::atomic<std::size_t> ran{0};
  const auto callables = std::make_shared<std::atomic<int>>(0);
  try {
    Scope scope({.pool = piece.any_pool(), .stop = how == 1 ? source.token() : psyne::StopToken()});
    for (std::size_t number = 0; number < count; ++number) {
      scope.spawn([&ran, alive = Alive(callables), until_told = number % 50 == 7] {
        ++ran;
        while (until_told && !psyne::this_job::stop_requested()) {
          psyne::blocking([] { std::this_thread::sleep_for(20us); });
        }
      });
    }
    if (how == 0) scope.cancel();
    if (how == 1) source.request_stop();
    if (how == 2) throw how;  // NOLINT(hicpp-exception-baseclass)
    scope.wait();
    piece.expect(ran + scope.skipped() == count, "every job of a cancelled scope ran or was left out");
  } catch (const std::uint64_t& thrown) {
    piece.expect(thrown == 2, "a scope that is cancelled throws nothing of its own");
  }
  piece.expect(*callables == 0, "nothing that was spawned outlives its scope");
  piece.expect(ran <= count, "a job of a cancelled scope runs once at most");
}

}  // namespace psyne_soak
