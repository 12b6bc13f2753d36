#include <psyne/core/completion/wait_many.hpp>
#include <psyne/core/task/start.hpp>
#include <psyne/core/task/task.hpp>
#include <psyne/pool/job/this_job.hpp>

#include "countdown.hpp"
#include "piece.hpp"

#include <chrono>
#include <stdexcept>
#include <string>

namespace psyne_soak {
namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Job;
using psyne::Result;
using Numbers = std::vector<Job<std::uint64_t>>;

// Job `number` gives its number, throws, or returns an error.
enum class Ends { value, exception, error };
Ends ends(std::uint64_t number) {
  return number % 7 == 3 ? Ends::exception : number % 11 == 5 ? Ends::error : Ends::value;
}

Numbers begin(Piece& piece, psyne::Pool& pool, const std::shared_ptr<Countdown>& all, std::size_t count) {
  Numbers jobs;
  for (std::size_t number = 0; number < count; ++number) {
    psyne::JobOptions options{.priority = piece.priority(), .timings = piece.random.one_in(4)};
    if (piece.random.one_in(3)) options.name = "job-" + std::to_string(number);
    if (piece.random.one_in(5)) options.deadline = 10min;
    jobs.push_back(pool.submit(
        [&piece, all, number, priority = *options.priority, name = options.name]() -> Result<std::uint64_t> {
          piece.expect(psyne::this_job::priority() >= priority, "a job has the priority of it or of who waits for it");
          piece.expect(psyne::this_job::name() == name, "a job has the name that it was given");
          all->did(number);
          if (ends(number) == Ends::exception) throw std::runtime_error(std::to_string(number));
          if (ends(number) == Ends::error) return Code::not_found;
          return number;
        },
        options));
  }
  return jobs;
}

void check(const Piece& piece, std::size_t number, const Result<std::uint64_t>& outcome) {
  switch (ends(number)) {
    case Ends::value: return piece.expect(outcome && *outcome == number, "a job gives its value");
    case Ends::error:
      return piece.expect(!outcome && outcome.error().code() == Code::not_found, "a job gives its error");
    case Ends::exception:
      return piece.expect(!outcome && outcome.error().code() == Code::thrown,
                          "what a job throws is an error to take()");
  }
}

void get_each(const Piece& piece, const Numbers& jobs) {
  for (std::size_t number = 0; number < jobs.size(); ++number) {
    try {
      piece.expect(jobs[number].get() == number && ends(number) == Ends::value, "get() gives the value");
    } catch (const psyne::Exception& error) {
      piece.expect(ends(number) == Ends::error && error.error().code() == Code::not_found, "get() throws the error");
    } catch (const std::runtime_error& thrown) {
      piece.expect(ends(number) == Ends::exception && thrown.what() == std::to_string(number), "get() rethrows");
    }
    const auto status = ends(number) == Ends::value ? psyne::JobStatus::completed : psyne::JobStatus::failed;
    piece.expect(jobs[number].status() == status, "status() says how a job ended");
  }
}

void wait_a_little_for_each(const Piece& piece, const Numbers& jobs) {
  for (std::size_t number = 0; number < jobs.size(); ++number) {
    for (;;) {
      const auto waited = jobs[number].wait(100us);
      if (waited) break;
      piece.expect(waited.error().code() == Code::timed_out, "a wait that gives up says timed_out");
    }
    check(piece, number, jobs[number].take());
  }
}

void take_any(const Piece& piece, Numbers jobs) {
  std::vector<std::size_t> numbers(jobs.size());
  for (std::size_t number = 0; number < jobs.size(); ++number) numbers[number] = number;
  while (!jobs.empty()) {
    const auto at = static_cast<std::ptrdiff_t>(psyne::wait_any(jobs).value());
    piece.expect(jobs[static_cast<std::size_t>(at)].test(), "wait_any gives one that has finished");
    check(piece, numbers[static_cast<std::size_t>(at)], jobs[static_cast<std::size_t>(at)].take());
    jobs.erase(jobs.begin() + at);
    numbers.erase(numbers.begin() + at);
  }
}

void take_as_completed(const Piece& piece, const Numbers& jobs) {
  std::vector<bool> given(jobs.size());
  for (const std::size_t number : psyne::as_completed(jobs)) {
    piece.expect(!given[number], "as_completed gives each once");
    given[number] = true;
    check(piece, number, jobs[number].take());
  }
  for (const bool one : given) piece.expect(one, "as_completed gives all");
}

void be_called(Piece& piece, const Numbers& jobs, psyne::Executor& where) {
  auto called = countdown(jobs.size());
  for (std::size_t number = 0; number < jobs.size(); ++number) {
    jobs[number].on_complete(
        [&piece, called, number](const psyne::Completion<std::uint64_t>& done) {
          check(piece, number, done.take());
          called->did(number);
        },
        where);
  }
  called->wait();
}

psyne::Task<std::uint64_t> await_all(const Piece& piece, Numbers jobs) {
  std::uint64_t awaited = 0;
  for (std::size_t number = 0; number < jobs.size(); ++number) {
    try {
      check(piece, number, co_await jobs[number]);
    } catch (const std::runtime_error& thrown) {
      piece.expect(ends(number) == Ends::exception && thrown.what() == std::to_string(number), "co_await rethrows");
    }
    ++awaited;
  }
  co_return awaited;
}

std::uint64_t depth(psyne::Pool& pool, std::uint64_t levels) {
  return levels == 0 ? 0 : 1 + pool.submit([&pool, levels] { return depth(pool, levels - 1); }).get();
}

}  // namespace

void submits(Piece& piece) {
  auto& pool = piece.pool();
  const std::size_t count = piece.random.up_to(100);
  auto all = countdown(count);
  Numbers jobs = begin(piece, pool, all, count);
  switch (piece.random.below(9)) {
    case 0: get_each(piece, jobs); break;
    case 1: wait_a_little_for_each(piece, jobs); break;
    case 2:
      psyne::wait_all(jobs).value();
      for (const auto& job : jobs) piece.expect(job.test(), "after wait_all all have finished");
      break;
    case 3: take_any(piece, std::move(jobs)); break;
    case 4: take_as_completed(piece, jobs); break;
    case 5: be_called(piece, jobs, piece.pool().executor(piece.priority())); break;
    case 6: be_called(piece, jobs, psyne::inline_executor()); break;
    case 7: break;  // nobody wants them: they run all the same
    default:
      piece.expect(psyne::start(piece.pool().executor(), await_all(piece, std::move(jobs))).get() == count,
                   "a coroutine goes on after each job");
  }
  jobs.clear();
  all->wait();
}

// A job that waits for a job that waits for a job, on one worker too.
void waits_in_each_other(Piece& piece) {
  const std::uint64_t levels = piece.random.one_in(10) ? 1000 : piece.random.up_to(50);
  piece.expect(depth(piece.pool(), levels) == levels, "jobs wait for each other to any depth");
}

}  // namespace psyne_soak
