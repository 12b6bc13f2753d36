#include <psyne/core/completion/wait_many.hpp>

#include <utility>

namespace psyne::inline v0 {

namespace {

Error ended(WaitEnd end, const StopToken& stop, std::string what) {
  return end == WaitEnd::stopped ? stop.error(std::move(what)) : Error(Code::timed_out, std::move(what));
}

std::string others_too(const AnyCompletion& first, std::size_t count) {
  std::string what = first.state()->what();
  if (count > 1) what += ", nor any of " + std::to_string(count - 1) + " others";
  return what;
}

}  // namespace

AsCompleted::AsCompleted(std::vector<AnyCompletion> completions)
    : completions_(std::move(completions)), given_(completions_.size()), arrivals_(std::make_unique<Arrivals<>>()) {
  for (std::size_t number = 0; number < completions_.size(); ++number) {
    given_[number] = !completions_[number];
    if (completions_[number]) arrivals_->add(*completions_[number].state(), number);
  }
}

Result<std::size_t> AsCompleted::next(const Wait& how_long) {
  if (arrivals_->waiting() == 0) return Code::closed;
  std::size_t number = 0;
  const WaitEnd end = arrivals_->next(number, how_long.deadline, how_long.stop);
  if (end == WaitEnd::ready) {
    given_[number] = true;
    return number;
  }
  std::size_t first = 0;
  while (given_[first]) ++first;
  return ended(end, how_long.stop, others_too(completions_[first], arrivals_->waiting()));
}

Result<std::size_t> wait_any(std::span<const AnyCompletion> completions, const Wait& how_long) {
  for (std::size_t number = 0; number < completions.size(); ++number) {
    if (completions[number].test()) return number;
  }
  for (const AnyCompletion& completion : completions) {
    if (!completion) return completion.wait().error();
  }
  if (completions.empty()) return Error(Code::invalid_argument, "cannot wait for any of no operations");
  Arrivals<> arrivals;
  std::size_t number = 0;
  for (const AnyCompletion& completion : completions) arrivals.add(*completion.state(), number++);
  const WaitEnd end = arrivals.next(number, how_long.deadline, how_long.stop);
  if (end == WaitEnd::ready) return number;
  return ended(end, how_long.stop, others_too(completions.front(), completions.size()));
}

Result<void> wait_all(std::span<const AnyCompletion> completions, const Wait& how_long) {
  for (const AnyCompletion& completion : completions) {
    if (auto waited = completion.wait(how_long); !waited) return waited;
  }
  return {};
}

}  // namespace psyne::inline v0
