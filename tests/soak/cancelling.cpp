#include <psyne/core/stop/stop_source.hpp>
#include <psyne/pool/job/blocking.hpp>
#include <psyne/pool/job/this_job.hpp>

#include "countdown.hpp"
#include "piece.hpp"

#include <chrono>
#include <optional>
#include <thread>

namespace psyne_soak {
namespace {

using namespace std::chrono_literals;
using psyne::JobStatus;
using psyne::StopReason;

struct Victim {
  psyne::Job<std::size_t> job;
  std::shared_ptr<std::atomic<int>> callables = std::make_shared<std::atomic<int>>(0);
  std::shared_ptr<std::atomic<int>> runs = std::make_shared<std::atomic<int>>(0);
  bool cancelled_by_us_alone;
};

void check(const Piece& piece, std::size_t number, const Victim& victim) {
  const auto outcome = victim.job.take();
  const JobStatus status = victim.job.status();
  piece.expect(*victim.callables == 0, "the callable of a job that has ended is destroyed");
  if (status == JobStatus::cancelled) {
    piece.expect(*victim.runs == 0, "a cancelled job never ran");
    piece.expect(!outcome && victim.job.stop_reason().has_value(), "a cancelled job has an error and a reason");
  } else {
    piece.expect(status == JobStatus::completed && *victim.runs == 1, "a job that is not cancelled runs once");
    piece.expect(outcome && *outcome == number, "a job that was begun gives its value");
  }
}

}  // namespace

// Some are cancelled while they wait, some while they run, some too late; by hand, by a deadline, by a token.
void cancels(Piece& piece) {
  auto& pool = piece.pool();
  std::vector<Victim> victims(piece.random.up_to(200));
  const psyne::StopSource source;
  for (std::size_t number = 0; number < victims.size(); ++number) {
    Victim& victim = victims[number];
    psyne::JobOptions options{.priority = piece.priority()};
    if (piece.random.one_in(6)) options.name = "victim";
    if (piece.random.one_in(6)) options.deadline = std::chrono::microseconds(piece.random.below(500));
    if (piece.random.one_in(6)) options.stop = source.token();
    victim.cancelled_by_us_alone = options.deadline == psyne::no_time_limit && !options.stop.stop_possible();
    victim.job = pool.submit(
        [alive = Alive(victim.callables), runs = victim.runs, number] {
          ++*runs;
          return number;
        },
        options);
  }
  const std::size_t stop_at = piece.random.below(victims.size());
  for (std::size_t number = 0; number < victims.size(); ++number) {
    const Victim& victim = victims[number];
    if (number == stop_at) source.request_stop();
    if (!piece.random.one_in(2)) continue;
    victim.job.cancel();
    if (victim.job.status() != JobStatus::cancelled || !victim.cancelled_by_us_alone) continue;
    piece.expect(*victim.callables == 0, "cancel() of a job that waits destroys its callable before it returns");
    piece.expect(victim.job.test(), "cancel() of a job that waits ends it at once");
    piece.expect(victim.job.stop_reason() == StopReason::user, "the reason is the user");
  }
  for (std::size_t number = 0; number < victims.size(); ++number) check(piece, number, victims[number]);
}

// A job that runs hears of its end, and why, by its argument or by this_job.
void tells_what_runs(Piece& piece) {
  const psyne::StopSource source;
  const auto reason = std::array{StopReason::user, StopReason::deadline, StopReason::parent}[piece.random.below(3)];
  psyne::JobOptions options{.priority = psyne::Priority::urgent};
  if (reason == StopReason::deadline) options.deadline = 1ms;
  if (reason == StopReason::parent) options.stop = source.token();
  const auto began = std::make_shared<std::atomic<bool>>(false);
  const auto sleep = [] { psyne::blocking([] { std::this_thread::sleep_for(20us); }); };
  psyne::Job<std::optional<StopReason>> job;
  if (piece.random.one_in(2)) {
    job = piece.pool().submit(
        [began, sleep](const psyne::StopToken& token) {
          for (*began = true; !token.stop_requested();) sleep();
          return token.reason();
        },
        options);
  } else {
    job = piece.pool().submit(
        [began, sleep] {
          for (*began = true; !psyne::this_job::stop_requested();) sleep();
          return psyne::this_job::token().reason();
        },
        options);
  }
  for (int look = 0; look < 100 && !*began; ++look) psyne::blocking([] { std::this_thread::sleep_for(50us); });
  if (reason == StopReason::user) job.cancel();
  if (reason == StopReason::parent) source.request_stop();
  const auto told = job.take();
  if (job.status() == JobStatus::cancelled) {
    piece.expect(!*began, "a job that has begun is told and not ended");
  } else {
    piece.expect(told && *told == reason, "a job that runs is told why it is to end");
  }
  piece.expect(job.stop_reason() == reason, "a job says why it was to end");
}

}  // namespace psyne_soak
