#include <psyne/collectives/communicator/watch.hpp>
#include <psyne/collectives/runner/logbook.hpp>

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace psyne::inline v0 {

namespace {

using namespace std::chrono_literals;

// Longer than ranks are apart who begin an operation together; shorter than anybody waits for an error.
constexpr auto announced_after = 20ms;
// Who does something else waits there, and says so, or has gone on and does not.
constexpr auto answers_within = 300ms;
constexpr const char* do_the_same =
    "Call the same operations in the same order, with the same arguments, at all ranks.";

}  // namespace

Watch::Watch(Rank rank, const WindowLayout& layout, std::span<std::byte> window, std::vector<Peer>& peers,
             Runner& runner)
    : rank_(rank), layout_(layout), peers_(peers), runner_(runner), notices_(rank, layout, window, peers) {}

void Watch::enter() noexcept {
  waits_since_.reset();
  announced_ = false;
}

std::optional<Error> Watch::trouble() {
  const auto now = Clock::now();
  if (!waits_since_) waits_since_ = now;
  if (now - *waits_since_ > announced_after) announce();
  // Who ended has said why before; and what it signalled has been seen once the runner has advanced since.
  auto end = ended();
  notices_.poll();
  auto cause = told();
  if (!cause) cause = std::move(end);
  if (!cause || runner_.advance() == Runner::Motion::done) return std::nullopt;
  if (!cause->known_to_all) return tell(*std::move(cause));
  announce();  // somebody may want to know what this rank called
  return std::move(cause->error);
}

void Watch::announce() {
  if (announced_) return;
  notices_.tell_all({.mine = runner_.record(), .previous = runner_.logbook().find(runner_.record().sequence - 1)});
  announced_ = true;
}

// By the others' notices. One who failed in a later operation has done its part of this one.
std::optional<Watch::Cause> Watch::told() {
  for (Rank rank = 0; rank < static_cast<Rank>(peers_.size()); ++rank) {
    const auto& notice = notices_.of(rank);
    if (!notice || (notice->mine && notice->mine->sequence > runner_.record().sequence)) continue;
    if (notice->failure) return Cause{.error = as_told_by(rank, *notice), .known_to_all = true};
    if (const auto found = difference(rank)) return disagreement(rank, *found);
  }
  return std::nullopt;
}

std::optional<Watch::Cause> Watch::ended() {
  for (Rank rank = 0; rank < static_cast<Rank>(peers_.size()); ++rank) {
    const Peer& peer = peers_[static_cast<std::size_t>(rank)];
    if (!peer.link) continue;
    const auto because = [&](Code code, const char* why) {
      return Cause{cannot(code).peer(peer.name).because(why), rank};
    };
    switch (peer.link->peer_state()) {
      case PeerState::alive: break;
      case PeerState::lost: return because(Code::peer_lost, "its process is gone");
      case PeerState::unreachable: return because(Code::peer_unreachable, "nothing is heard of it any more");
      case PeerState::closed:  // others may have done their part
        if (rank == runner_.awaited()) return because(Code::closed, "it has closed its communicator");
        break;
    }
  }
  return std::nullopt;
}

Error Watch::out_of_time(Code code) {
  notices_.poll();
  const std::string missing = absent();
  Error error = cannot(code);
  if (missing.empty()) {
    error = std::move(error).peer(name_of(runner_.awaited())).because("it has entered it, and has not come so far");
  } else {
    error = std::move(error).because(missing + " entered it");
  }
  return tell({std::move(error).mend("See what that rank does, or allow more time."), runner_.awaited()});
}

Error Watch::aborted(const std::string& reason) {
  return tell({.error = cannot(Code::cancelled).because("this rank has aborted the communicator: " + reason),
               .reason = reason});
}

Error Watch::failed() {
  const auto other = runner_.disagreeing();
  if (!other) return tell({runner_.error(), runner_.awaited()});
  return tell(disagreement(*other, await_difference(*other)));
}

// Where the other's calls part from this rank's, as far as both are known.
std::optional<Watch::Difference> Watch::difference(Rank rank) const {
  const auto differs = [&](const std::optional<CallRecord>& theirs) -> std::optional<Difference> {
    if (!theirs) return std::nullopt;
    const auto mine = runner_.logbook().find(theirs->sequence);
    if (!mine || mine->fingerprint() == theirs->fingerprint()) return std::nullopt;
    const bool here = mine->before == theirs->before;  // else before anything that is remembered
    return Difference{*mine, here ? theirs : std::nullopt};
  };
  const Peer& peer = peers_[static_cast<std::size_t>(rank)];
  if (peer.mapped.empty()) {
    const auto& notice = notices_.of(rank);
    if (!notice) return std::nullopt;
    const auto found = differs(notice->previous);
    return found ? found : differs(notice->mine);
  }
  const Logbook& theirs = logbook_of(peer);
  const std::uint64_t newest = std::min(theirs.newest(), runner_.record().sequence);
  for (std::uint64_t sequence = newest - std::min(newest, Logbook::most - 1); sequence <= newest; ++sequence) {
    if (auto found = differs(theirs.find(sequence))) return found;
  }
  return std::nullopt;
}

// Of a rank that has signalled by another call's mark.
Watch::Difference Watch::await_difference(Rank rank) {
  announce();  // as the other does, which has found out as well
  Peer& peer = peers_[static_cast<std::size_t>(rank)];
  for (const Deadline until = Clock::now() + answers_within; Clock::now() < until;) {
    static_cast<void>(peer.link->progress());
    notices_.poll();
    if (auto found = difference(rank)) return *found;
    std::this_thread::sleep_for(1ms);
  }
  return {runner_.record(), std::nullopt};
}

Watch::Cause Watch::disagreement(Rank with, const Difference& difference) const {
  return {.error = disagreement(rank_, difference.mine, with, difference.theirs),
          .culprit = with,
          .difference = difference};
}

Error Watch::disagreement(Rank one, const CallRecord& ones, Rank other, const std::optional<CallRecord>& others) const {
  const auto calls = [&](Rank rank, const std::string& what) { return name_of(rank) + " calls " + what; };
  return cannot(Code::invalid_state)
      .because("as operation " + std::to_string(ones.sequence) + " " + calls(one, ones.call.text()) + ", and " +
               calls(other, others ? others->call.text() : "something else"))
      .mend(do_the_same);
}

Error Watch::as_told_by(Rank rank, const Notice& notice) const {
  const Code code = *notice.failure;
  const std::string& who = name_of(rank);
  if (code == Code::invalid_state && notice.mine && notice.culprit &&
      *notice.culprit < static_cast<Rank>(peers_.size())) {
    auto theirs = notice.culprits;
    if (*notice.culprit == rank_) theirs = runner_.logbook().find(notice.mine->sequence);
    return disagreement(rank, *notice.mine, *notice.culprit, theirs);
  }
  if (code == Code::cancelled)
    return cannot(code).peer(who).because("it has aborted the communicator: " + notice.reason);
  if (code == Code::stopped) return cannot(Code::cancelled).peer(who).because("it was told to stop there");
  const bool known = notice.culprit && *notice.culprit >= 0 && *notice.culprit < static_cast<Rank>(peers_.size());
  if (!known || *notice.culprit == rank || *notice.culprit == rank_) {
    return cannot(code).peer(who).because("it has given up there (" + std::string(name(code)) + ")");
  }
  const auto because = [&](const std::string& why) { return cannot(code).peer(name_of(*notice.culprit)).because(why); };
  switch (code) {
    case Code::peer_lost: return because("its process is gone, as " + who + " knows");
    case Code::peer_unreachable: return because(who + " hears nothing of it any more");
    case Code::closed: return because("it has closed its communicator, as " + who + " knows");
    case Code::timed_out: return because(who + " has waited for it as long as it may");
    default: return because(who + " cannot go on with it (" + std::string(name(code)) + ")");
  }
}

bool Watch::has_entered(Rank rank) const {
  const Peer& peer = peers_[static_cast<std::size_t>(rank)];
  if (!peer.mapped.empty()) return logbook_of(peer).newest() >= runner_.record().sequence;
  const auto& notice = notices_.of(rank);
  return (notice && notice->mine && notice->mine->sequence >= runner_.record().sequence) || runner_.has_signalled(rank);
}

// "rank 3 (host b, pid 812) has not", "rank 3 (...) and rank 4 (...) have not"; empty where all have.
std::string Watch::absent() const {
  constexpr std::size_t most_named = 8;
  std::vector<Rank> ranks;
  for (Rank rank = 0; rank < static_cast<Rank>(peers_.size()); ++rank) {
    if (rank != rank_ && !has_entered(rank)) ranks.push_back(rank);
  }
  if (ranks.empty()) return {};
  std::string text;
  for (std::size_t index = 0; index < std::min(ranks.size(), most_named); ++index) {
    const bool last = index + 1 == ranks.size();
    text += (index == 0 ? "" : last ? " and " : ", ") + name_of(ranks[index]);
  }
  if (ranks.size() > most_named) text += " and " + std::to_string(ranks.size() - most_named) + " more";
  return text + (ranks.size() == 1 ? " has not" : " have not");
}

Error Watch::cannot(Code code) const {
  return Error(
      code, "cannot do " + runner_.record().call.text() + " as operation " + std::to_string(runner_.record().sequence));
}

Error Watch::tell(Cause cause) {
  Notice notice{.failure = cause.error.code(), .culprit = cause.culprit, .reason = std::move(cause.reason)};
  if (cause.difference) {
    notice.mine = cause.difference->mine;
    notice.culprits = cause.difference->theirs;
  } else if (runner_.record().sequence > 0) {
    notice.mine = runner_.record();
  }
  notices_.tell_all(notice);
  return std::move(cause.error);
}

const Logbook& Watch::logbook_of(const Peer& peer) const noexcept {
  return *reinterpret_cast<const Logbook*>(peer.mapped.data() + WindowLayout::logbook());
}

}  // namespace psyne::inline v0
