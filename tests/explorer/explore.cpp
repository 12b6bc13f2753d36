#include <iostream>
#include <limits>

#include <explorer/explore.hpp>
#include <explorer/sanitizer.hpp>
#include <explorer/strategies.hpp>

namespace psyne::explorer {

namespace {

Bounds without_preemption_bound(Bounds bounds) {
  bounds.preemptions = std::numeric_limits<std::uint32_t>::max();
  return bounds;
}

/// Runs on until one fails or `most` have run; more() makes ready for the next.
template <class More>
bool run_all(Execution& execution, const std::function<void()>& body, const Bounds& bounds, std::uint64_t most,
             Report& report, More&& more) {
  for (std::uint64_t count = 0; count < most; ++count) {
    report.failure = execution.run(body, bounds, false);
    ++report.interleavings;
    if (report.failure) report.schedule = to_text(execution.schedule());
    if (report.failure || !more()) return false;
  }
  return true;
}

}  // namespace

Report replay(const std::function<void()>& body, std::string_view schedule, const Bounds& bounds) {
  [[maybe_unused]] const MayLeak may_leak;
  Replay choices(from_text(schedule));
  Execution execution(choices);
  Report report;
  report.interleavings = 1;
  report.failure = execution.run(body, bounds, true);
  report.schedule = schedule;
  if (report.failure) *report.failure += "\nschedule \"" + report.schedule + "\"\n" + execution.trace();
  return report;
}

Report explore(std::string_view name, const std::function<void()>& body, const Search& search) {
  [[maybe_unused]] const MayLeak may_leak;
  Report report;
  const auto start = Clock::now();
  Bounds bounds = search.bounds;
  if (search.systematic > 0) {
    Exhaustive choices;
    Execution execution(choices);
    const auto next = [&] { return choices.advance(); };
    report.exhausted = !run_all(execution, body, bounds, search.systematic, report, next) && !report.failure;
  }
  if (search.random > 0 && !report.failure) {
    bounds = without_preemption_bound(bounds);
    Random choices;
    Execution execution(choices);
    std::uint64_t seed = search.seed;
    choices.start(seed);
    const auto next = [&] {
      choices.start(++seed);
      return true;
    };
    const std::uint64_t before = report.interleavings;
    run_all(execution, body, bounds, search.random, report, next);
    report.random = report.interleavings - before;
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count();
  std::cout << "explorer: " << name << ": " << report.interleavings << " interleavings";
  if (report.exhausted) {
    std::cout << ", all within " << search.bounds.preemptions << " preemptions and " << search.bounds.weak_choices
              << " weak choices";
  }
  if (report.random > 0) std::cout << ", " << report.random << " of them random";
  if (report.failure) std::cout << ", the last one failed";
  std::cout << ", " << static_cast<std::uint64_t>(static_cast<double>(report.interleavings) / seconds) << " a second\n";
  if (report.failure) report.failure = replay(body, report.schedule, bounds).failure;
  return report;
}

}  // namespace psyne::explorer
