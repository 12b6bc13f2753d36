#include "pair/session.hpp"

#include "pair/network.hpp"
#include "pair/pin.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <iostream>
#include <stdexcept>
#include <string>

namespace psyne::bench {
namespace {

constexpr unsigned seconds_for_a_cell = 60;

std::optional<double> measure_bounded(const Cell& cell, Side side, Control& control, const Measure& measure) {
  ::alarm(seconds_for_a_cell);
  const std::optional<double> value = measure(cell, side, control);
  ::alarm(0);
  return value;
}

void lead(const Cell& cell, Control& control, const Measure& measure) {
  control.send(static_cast<std::uint64_t>(cell.work));
  control.send(cell.size);
  control.send(cell.milliseconds);
  const std::optional<double> value = measure_bounded(cell, Side::leader, control, measure);
  std::cout << to_json(cell, value) << std::endl;
}

void follow(Control& control, const Measure& measure) {
  while (const auto work = control.receive_or_end()) {
    Cell cell{.work = static_cast<Work>(*work)};
    cell.size = control.receive();
    cell.milliseconds = control.receive();
    measure_bounded(cell, Side::follower, control, measure);
  }
}

int run_side(const Options& options, Side side, Control& control,
             const std::function<Measure(const Options&)>& open) try {
  pin(options.cpus[side == Side::leader ? 0 : 1]);
  enter_network(side);
  run_session(options, side, control, open(options));
  return 0;
} catch (const std::exception& failure) {
  std::fprintf(stderr, "%s\n", failure.what());
  return 1;
}

}  // namespace

void run_session(const Options& options, Side side, Control& control, const Measure& measure) {
  if (side == Side::follower) return follow(control, measure);
  if (options.cell) return lead(*options.cell, control, measure);
  for (std::string line; std::getline(std::cin, line);) {
    const auto cell = parse_cell(line);
    if (!cell) throw std::runtime_error("no such measurement: " + line);
    lead(*cell, control, measure);
  }
}

int run_pair(int argc, char** argv, const std::function<Measure(const Options&)>& open) {
  const Options options = parse_options(argc, argv);
  auto [leaders, followers] = Control::pair();
  const pid_t parent = ::getpid();
  std::fflush(nullptr);  // or the child would print it once more
  const pid_t child = ::fork();
  if (child < 0) {
    std::perror("fork");
    return 1;
  }
  if (child == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != parent) ::_exit(1);
    { Control unused(std::move(leaders)); }
    const int failed = run_side(options, Side::follower, followers, open);
    if (failed != 0) ::kill(parent, SIGTERM);  // it may be spinning for a message that will never come
    std::exit(failed);
  }
  { Control unused(std::move(followers)); }
  int failed = 0;
  {
    Control own(std::move(leaders));
    failed = run_side(options, Side::leader, own, open);
    if (failed != 0)
      ::kill(child, SIGKILL);  // before it sees this end closed: it would take that for a reason to end us
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return failed != 0 || status != 0 ? 1 : 0;
}

}  // namespace psyne::bench
