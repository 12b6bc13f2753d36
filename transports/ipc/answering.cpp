#include <psyne/core/log/log.hpp>
#include <psyne/transports/ipc/answering.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

namespace {

constexpr auto longest_pause = std::chrono::milliseconds(2000);
/// Somebody who fills the directory with files costs us no more memory than this many names.
constexpr std::size_t most_candidates = 65536;

}  // namespace

Answering::Answering(Directory& directory, Host& host)
    : directory_(directory), host_(host), meetings_(Side::answering, host, directory.place()) {}

Result<std::unique_ptr<Answering>> Answering::start(Directory& directory, Host& host) {
  std::unique_ptr<Answering> answering(new Answering(directory, host));
  auto alarm = Alarm::make([raw = answering.get()] { raw->go_on(); });
  if (!alarm) return alarm.error();
  answering->alarm_ = std::move(*alarm);
  auto arrivals = Arrivals::process();
  if (!arrivals) return arrivals.error();
  answering->arrivals_ = *arrivals;
  // The watch first, then the look: who comes in between is seen twice, not never.
  if (auto watched = (*arrivals)->watch(directory.own_path(), *answering); !watched) return watched.error();
  answering->look_again();
  return answering;
}

Answering::~Answering() {
  if (arrivals_ != nullptr) arrivals_->unwatch(*this);
}

void Answering::arrived(const std::string& name) {
  if (!Directory::is_socket_name(name) || candidates_.size() >= most_candidates) return;
  candidates_.try_emplace(name, Candidate{.next_try = Clock::now()});
  go_on();
}

void Answering::left(const std::string& name) {
  candidates_.erase(name);
  // Nobody of ours removes that while we are present. The removal of the directory itself would not be told as long as
  // we have it open.
  if (name == Directory::side_name(Side::answering)) vanished();
}

void Answering::look_again() {
  for (const std::string& name : directory_.sockets()) arrived(name);
  go_on();
}

void Answering::vanished() {
  host_.missed(nullptr, Error(Code::not_found, "cannot see new peers of " + directory_.place().uri())
                            .because("its directory " + directory_.place().path() + " was removed while in use")
                            .mend("Close this end and open it anew."));
}

void Answering::go_on() {
  const Deadline now = Clock::now();
  meetings_.end_stalled(now);
  std::vector<std::string> due;
  for (const auto& [name, candidate] : candidates_) {
    if (candidate.next_try <= now) due.push_back(name);
  }
  for (const std::string& name : due) {
    if (meetings_.full()) break;  // the end of any of them brings us here again
    if (const auto found = candidates_.find(name); found != candidates_.end()) try_candidate(name, found->second);
  }
  Deadline next = meetings_.next_deadline();
  for (const auto& [name, candidate] : candidates_) {
    if (candidate.next_try > now) next = std::min(next, candidate.next_try);
  }
  alarm_->set(next);
}

void Answering::try_candidate(const std::string& name, Candidate& candidate) {
  auto socket = directory_.connect(name);
  if (socket) {
    candidate.next_try = no_deadline;
    meetings_.begin(std::move(*socket), [this, name](Meetings::Outcome outcome) { ended(name, outcome); });
  } else if (socket.error() == Code::would_block) {
    try_later(candidate);
  } else if (socket.error() == Code::not_found) {
    candidates_.erase(name);
  } else if (socket.error() == Code::exhausted) {
    host_.missed(nullptr, socket.error());
    try_later(candidate);
  } else {
    candidate.next_try = no_deadline;
    host_.missed(nullptr, socket.error());
  }
}

void Answering::try_later(Candidate& candidate) {
  candidate.next_try = Clock::now() + candidate.pause;
  logging::write(logging::Level::debug, "ipc", directory_.place().uri(), ": tries a sender again in ",
                 candidate.pause.count(), " ms: it was busy, or broke off");
  candidate.pause = std::min(2 * candidate.pause, longest_pause);
}

void Answering::ended(const std::string& name, Meetings::Outcome outcome) {
  const auto found = candidates_.find(name);
  if (found != candidates_.end() && outcome == Meetings::Outcome::broken) try_later(found->second);
  alarm_->set(Clock::now());  // not from here: this is called in the middle of things
}

}  // namespace psyne::inline v0
