// An end of a link is killed at each of its steps: what it signalled is there whole, its death is told, what was
// exposed to it comes back, and a new end meets the survivor.
#include <psyne/transports/ipc/ipc_transport.hpp>

#include "coverage.hpp"
#include "ear.hpp"
#include "script.hpp"
#include "victim.hpp"

#include <gmock/gmock.h>

#include <algorithm>

#include <conformance/end.hpp>

namespace {

using namespace step_kill;
using psyne::Access;
using psyne::PeerState;
using psyne::Region;
using psyne::Side;

Region window() { return Region::allocate(4096, "window", {.shareable = true, .others = Access::write}).value(); }

Side other(Side side) { return side == Side::offering ? Side::answering : Side::offering; }

void check_puts(const Region& mine, std::uint64_t signalled, Findings& findings) {
  for (std::uint64_t number = 0; number < signalled; ++number) {
    const auto* words = reinterpret_cast<const std::uint64_t*>(mine.bytes().data()) + number * put_words;
    findings.expect(whole({words, put_words}) == Stamp{victim_number, number},
                    "put " + std::to_string(number) + " was signalled and is torn");
  }
}

void live_with(Victim& victim, conformance::End& end, const Region& mine, Findings& findings) {
  const bool gone_or_met = eventually([&] { return end.count_met() > 0 || victim.gone(); });
  findings.expect(gone_or_met, "the victim never ended");
  if (end.count_met() == 0) return;
  auto met = end.next();
  Progress& progress = Victim::progress();
  bool returned = false;
  const bool gone = eventually([&] {
    static_cast<void>(met.link->progress());
    check_puts(mine, met.link->counter(0), findings);
    if (met.link->counter(0) == all_puts && !returned) returned = met.link->revoke(met.exposed[0]).has_value();
    progress.met = returned;
    return victim.gone();
  });
  findings.expect(gone, "the victim never ended");
  findings.expect(eventually([&] { return met.link->peer_state() != PeerState::alive; }), "its death is not told");
  if (!victim.finished() && !progress.closing) {
    findings.expect(met.link->peer_state() == PeerState::lost, "its death is told as a close");
  }
  const std::uint64_t signalled = met.link->counter(0);
  findings.expect(signalled >= progress.done && signalled <= progress.begun, "signals are missing");
  check_puts(mine, signalled, findings);
  findings.expect(returned || met.link->revoke(met.exposed[0]).has_value(), "the dead one keeps my region");
}

/// One that dies when it is present, so that it leaves its files. Its page is used again by the next victim.
void leave_files(const LinkScript& script) {
  Victim victim(script.name, ~std::uint64_t{0});
  static_cast<void>(eventually([&] { return victim.gone() || Victim::progress().present; }));
}

const LinkScript& script_of(Side side, bool group) {
  return *std::ranges::find_if(link_scripts, [&](const LinkScript& script) {
    return script.side == side && script.group == group && !script.alone;
  });
}

/// Whoever comes next finds the name as if nobody had been there, and leaves nothing.
void expect_open(const std::string& where, Side side, Findings& findings) {
  conformance::End end;
  const auto appeared = end.try_appear(psyne::ipc_transport(), psyne::Uri::parse(where).value(), side);
  findings.expect(appeared.has_value(), appeared ? std::string() : appeared.error().text());
}

bool survive_alone(const LinkScript& script, std::uint64_t kill_at, Findings& findings) {
  if (!script.group) leave_files(script_of(Side::offering, false));
  Victim victim(script.name, kill_at);
  findings.expect(eventually([&] { return victim.gone(); }) && victim.failure() == 0,
                  "the victim failed, status " + std::to_string(victim.failure()));
  expect_open(uri_of(script), other(script.side), findings);
  return victim.finished();
}

bool survive_together(const LinkScript& script, std::uint64_t kill_at, Findings& findings) {
  bool finished = false;
  {
    const Region mine = window();
    conformance::End end;
    end.regions = {{&mine, Access::write}};
    const auto where = psyne::Uri::parse(uri_of(script)).value();
    end.appear(psyne::ipc_transport(), where, other(script.side));
    if (script.side == Side::answering) {
      leave_files(script_of(Side::offering, script.group));
    }
    Victim victim(script.name, kill_at);
    live_with(victim, end, mine, findings);
    findings.expect(victim.gone() && victim.failure() == 0,
                    "the victim failed, status " + std::to_string(victim.failure()));
    finished = victim.finished();

    conformance::End successor;
    const auto appeared = successor.try_appear(psyne::ipc_transport(), where, script.side);
    findings.expect(appeared.has_value(), appeared ? std::string() : appeared.error().text());
    findings.expect(eventually([&] { return end.count_met() + successor.count_met() >= 2; }),
                    "a new end does not meet the survivor");
  }
  return finished;
}

bool survive(const LinkScript& script, std::uint64_t kill_at, Findings& findings) {
  return script.alone ? survive_alone(script, kill_at, findings) : survive_together(script, kill_at, findings);
}

class LinkKilled : public testing::TestWithParam<LinkScript> {};

TEST_P(LinkKilled, AtEveryStepLeavesWhatItSignalledAndNothingElse) {
  const LinkScript& script = GetParam();
  Findings warm_up;  // the process's own threads and descriptors, and the directories above, are made once
  static_cast<void>(survive(link_scripts[0], 1, warm_up));
  static_cast<void>(survive(script, 1, warm_up));
  const auto found = kill_at_every_step(
      script.name, [&](std::uint64_t kill_at, Findings& findings) { return survive(script, kill_at, findings); });
  EXPECT_THAT(found, testing::IsEmpty());
  EXPECT_GT(steps_of(script.name), 20U) << "where are the steps?";
}

INSTANTIATE_TEST_SUITE_P(Scripts, LinkKilled, testing::ValuesIn(link_scripts), step_kill::test_name<LinkScript>);

}  // namespace
