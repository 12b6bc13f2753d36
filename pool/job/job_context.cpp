#include <psyne/core/stop/stop_callback.hpp>
#include <psyne/core/stop/stop_source.hpp>
#include <psyne/pool/job/job_context.hpp>

#include <optional>
#include <vector>

namespace psyne::inline v0 {

// A source has one parent; the second thing that stops a job does so by a callback.
struct JobContext::Source {
  struct Stop {
    StopSource source;
    StopReason reason;
    StopToken why;
    void operator()() const noexcept { source.request_stop(reason, std::string(why.text())); }
  };

  Source(const StopToken& parent, Deadline deadline) : source(parent, deadline) {}

  StopSource source;
  std::optional<StopCallback<Stop>> beside;
};

void JobContext::drop_source() noexcept { delete source_.load(std::memory_order_relaxed); }

std::atomic<std::uint64_t> JobContext::all_cancellations{1};

bool JobContext::cancelled_above(std::uint64_t cancellations) noexcept {
  for (const JobContext* one = parent_; one != nullptr; one = one->parent_) {
    if (one->cancelled()) return true;
    if (one->seen_.load(std::memory_order_relaxed) == cancellations) break;  // nothing above that one either
  }
  seen_.store(cancellations, std::memory_order_relaxed);
  return false;
}

// From the topmost one down that has no token yet, without recursion: jobs may be nested deep.
StopToken JobContext::token() {
  if (const Source* there = source_.load(std::memory_order_acquire)) return there->source.token();
  std::vector<JobContext*> without;
  JobContext* one = this;
  for (; one != nullptr && one->source_.load(std::memory_order_acquire) == nullptr; one = one->parent_) {
    without.push_back(one);
  }
  StopToken token = one != nullptr ? one->source_.load(std::memory_order_acquire)->source.token() : StopToken();
  for (; !without.empty(); without.pop_back()) token = without.back()->token_below(token);
  return token;
}

// What a pool runs is stopped by it with reason shutdown, what a job runs by that with reason parent.
StopToken JobContext::token_below(const StopToken& above) {
  const StopToken own = limits_ != nullptr ? limits_->stop : StopToken();
  const bool under_job = above.stop_possible() && !of_pool();
  auto made = std::make_unique<Source>(under_job ? above : own, limits_ != nullptr ? limits_->deadline : no_deadline);
  const StopToken& beside = under_job ? own : above;
  if (beside.stop_possible()) {
    made->beside.emplace(beside,
                         Source::Stop{made->source, under_job ? StopReason::parent : StopReason::shutdown, beside});
  }
  const StopSource source = made->source;
  Source* there = nullptr;
  if (!source_.compare_exchange_strong(there, made.get(), std::memory_order_seq_cst)) return there->source.token();
  static_cast<void>(made.release());
  // Either this sees that it was cancelled, or cancel() sees the source.
  const std::uint8_t reason = cancelled_.load(std::memory_order_seq_cst);
  if (reason != not_cancelled) source.request_stop(static_cast<StopReason>(reason));
  return source.token();
}

void JobContext::cancel(StopReason reason, std::string text) {
  std::uint8_t none = not_cancelled;
  if (!cancelled_.compare_exchange_strong(none, static_cast<std::uint8_t>(reason), std::memory_order_seq_cst)) return;
  all_cancellations.fetch_add(1, std::memory_order_release);
  const Source* there = source_.load(std::memory_order_seq_cst);
  if (there != nullptr) StopSource(there->source).request_stop(reason, std::move(text));
}

}  // namespace psyne::inline v0
