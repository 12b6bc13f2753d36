#include <psyne/pool/job/blocking.hpp>
#include <psyne/pool/job/scope.hpp>

#include "countdown.hpp"
#include "piece.hpp"

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <thread>

namespace psyne_soak {
namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::JobStatus;

// What went into one pool, and what became of it.
struct Account {
  std::atomic<std::uint64_t> taken{0};
  std::atomic<std::uint64_t> began{0};
  std::atomic<std::uint64_t> threw{0};
  std::atomic<std::uint64_t> names_dropped{0};
  std::shared_ptr<std::atomic<int>> callables = std::make_shared<std::atomic<int>>(0);
};

struct Errand {
  const Piece* piece;
  psyne::Pool* pool;
  Account* account;
  std::uint64_t number;
  Alive alive;

  void operator()() const {
    ++account->began;
    if (number % 4 == 1) {  // while the pool closes too
      for (const std::uint64_t child : {2, 6}) {
        try {
          pool->post(Errand{piece, pool, account, child, alive});
          ++account->taken;
        } catch (const psyne::Exception&) {
          piece->expect(false, "a job that runs may post to its pool, closing or not");
        }
      }
    }
    if (number % 16 == 3) {
      psyne::Scope scope;
      for (int child = 0; child < 3; ++child) scope.spawn([kept = alive] {});
      scope.wait();
    }
  }
};

struct Poster {
  const Piece& piece;
  psyne::Pool& pool;
  Account& account;
  std::uint64_t count;

  Errand errand(std::uint64_t number) const { return {&piece, &pool, &account, number, Alive(account.callables)}; }

  // False when the pool is closed.
  bool post(std::uint64_t number) const try {
    if (number % 32 == 8) {
      pool.post([own = errand(number)] {
        own();
        ++own.account->threw;
        throw std::runtime_error("a posted job");
      });
    } else {
      pool.post(errand(number), {.priority = static_cast<psyne::Priority>(number % psyne::priorities)});
    }
    ++account.taken;
    return true;
  } catch (const psyne::Exception& refused) {
    piece.expect(refused.error().code() == Code::closed, "a pool that refuses a post is closed");
    return false;
  }

  void operator()() const {
    std::vector<psyne::Job<void>> jobs;
    std::uint64_t named = 0;
    for (std::uint64_t number = 0; number < count; ++number) {
      if (number % 3 != 0) {
        if (!post(number)) break;
      } else {
        const bool has_name = number % 2 == 0;
        jobs.push_back(pool.submit(errand(number), {.name = has_name ? "named" : ""}));
      }
    }
    for (const auto& job : jobs) {
      const auto end = job.take();
      if (job.status() == JobStatus::failed) {
        piece.expect(end.error().code() == Code::closed, "a job that a pool refuses says that it is closed");
        continue;
      }
      ++account.taken;
      if (job.status() != JobStatus::cancelled) continue;
      named += job.name().empty() ? 0 : 1;
      piece.expect(job.stop_reason() == psyne::StopReason::shutdown,
                   "a job that a pool drops is cancelled by shutdown");
    }
    account.names_dropped += named;
  }
};

}  // namespace

// A pool closes while threads post to it and its jobs post too: what was taken is run or reported.
void closes(Piece& piece) {
  Account account;
  auto pool = psyne::Pool::open({.workers = piece.random.up_to(4), .name = "passing"}).value();
  const bool refused = pool.submit([&] {
                             const auto closed = pool.close();
                             return !closed && closed.error().code() == Code::invalid_state;
                           })
                           .get();
  piece.expect(refused, "close() from inside the pool is an error");

  const auto how = piece.random.one_in(2) ? psyne::Closing::drain : psyne::Closing::cancel;
  std::vector<std::thread> posters;
  for (std::uint64_t left = piece.random.up_to(3); left != 0; --left) {
    posters.emplace_back(Poster{piece, pool, account, piece.random.up_to(1000)});
  }
  std::this_thread::sleep_for(std::chrono::microseconds(piece.random.below(400)));
  const bool at_once = !piece.random.one_in(3);
  auto report = pool.close({.how = how, .wait = at_once ? psyne::Wait() : psyne::Wait(50us)}).value();
  while (!report.complete) report = pool.close({.how = how, .wait = 10ms}).value();
  psyne::blocking([&] {
    for (auto& poster : posters) poster.join();
  });

  piece.expect(*account.callables == 0, "a closed pool has destroyed every callable");
  piece.expect(report.threw == account.threw, "close() tells how many posted jobs threw");
  piece.expect(account.began <= account.taken, "nothing runs twice");
  if (how == psyne::Closing::drain) piece.expect(account.began == account.taken, "draining runs all that was taken");
  if (!at_once) return;
  piece.expect(account.began + report.dropped == account.taken, "what was taken is run or reported");
  piece.expect(
      report.dropped_names.size() == std::min<std::uint64_t>(account.names_dropped, psyne::CloseReport::most_names),
      "the jobs that are dropped are named, a hundred of them");
}

// One worker begins what waits by priority, and what has the same in the order in which it came.
void keeps_priorities(Piece& piece) {
  const auto start = std::chrono::steady_clock::now();
  auto pool = psyne::Pool::open({.workers = 1, .name = "ordered"}).value();
  std::atomic<bool> open{false};
  std::vector<int> begun;  // by one worker
  pool.post(
      [&] {
        while (!open) std::this_thread::yield();
      },
      {.priority = psyne::Priority::urgent});
  std::vector<int> expected;
  for (int number = 0; number < 40; ++number) {
    const auto priority = piece.priority();
    expected.push_back(number - 100 * static_cast<int>(priority));
    pool.post([&begun, place = expected.back()] { begun.push_back(place); }, {.priority = priority});
  }
  open = true;
  pool.close().value();
  std::ranges::sort(expected);
  if (std::chrono::steady_clock::now() - start > 900ms) return;  // from a second on who waits rises
  piece.expect(begun == expected, "jobs begin by priority, then in their order");
}

}  // namespace psyne_soak
