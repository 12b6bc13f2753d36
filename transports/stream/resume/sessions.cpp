#include <psyne/transports/stream/resume/sessions.hpp>

#include <algorithm>
#include <utility>

namespace psyne::inline v0::stream {

void Sessions::begin(std::shared_ptr<Session> session, std::chrono::nanoseconds patience) {
  forget_ended();
  session->with_link([&](Resumable& link) { link.outlive(session, patience); });
  all_.push_back(std::move(session));
}

void Sessions::end_with(std::uint64_t peer) {
  for (const auto& session : all_) {
    if (session->peer() != peer) continue;
    session->with_link([](Resumable& link) {
      static_cast<void>(link.stand());
      link.give_up();
    });
  }
  forget_ended();
}

std::shared_ptr<Session> Sessions::find(const Session::Id& id) {
  const auto found = std::ranges::find(all_, id, [](const auto& session) { return session->id(); });
  return found == all_.end() ? nullptr : *found;
}

std::shared_ptr<Session> Sessions::any() {
  forget_ended();
  const auto found = std::ranges::find_if(all_, [](const auto& session) { return !session->refusal(); });
  return found == all_.end() ? nullptr : *found;
}

void Sessions::close() {
  for (const auto& session : all_) session->with_link([](Resumable& link) { link.retire(); });
  all_.clear();
}

void Sessions::forget_ended() {
  auto refused = std::ranges::count_if(all_, [](const auto& session) { return session->refusal().has_value(); });
  std::erase_if(all_, [&](const auto& session) {
    if (session->refusal()) return refused-- > most_refused;
    bool goes_on = false;
    session->with_link([&](const Resumable& link) { goes_on = link.goes_on(); });
    return !goes_on;
  });
}

}  // namespace psyne::inline v0::stream
