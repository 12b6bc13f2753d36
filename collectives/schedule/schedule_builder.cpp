#include <psyne/collectives/schedule/in_place.hpp>
#include <psyne/collectives/schedule/schedule_builder.hpp>
#include <psyne/core/atomics/cache_line.hpp>

#include <algorithm>
#include <utility>

namespace psyne::inline v0 {

std::uint64_t ScheduleBuilder::slot_room(std::uint64_t bytes) noexcept {
  return (bytes + cache_line - 1) / cache_line * cache_line;
}

Place ScheduleBuilder::workspace(std::uint64_t bytes) noexcept {
  const std::uint64_t offset = schedule_.workspace_bytes;
  schedule_.workspace_bytes += slot_room(bytes);
  return {Space::workspace, rank_, rank_, offset};
}

void ScheduleBuilder::copy(Place to, Place from, std::uint64_t bytes) {
  if (bytes == 0 || in_memory(problem_, to) == in_memory(problem_, from)) return;
  schedule_.steps.push_back({.action = Action::copy, .sources = 1, .to = to, .from = from, .bytes = bytes});
}

void ScheduleBuilder::fold(Place to, std::span<const Place> sources, std::uint64_t bytes) {
  if (bytes == 0) return;
  if (sources.size() == 1) return copy(to, sources.front(), bytes);
  const auto first = static_cast<std::uint32_t>(schedule_.sources.size());
  schedule_.sources.insert(schedule_.sources.end(), sources.begin(), sources.end());
  schedule_.steps.push_back({.action = Action::fold,
                             .first_source = first,
                             .sources = static_cast<std::uint32_t>(sources.size()),
                             .to = to,
                             .bytes = bytes});
}

void ScheduleBuilder::send(Rank peer, Place from, std::uint64_t bytes) {
  if (bytes == 0) return;
  Peer& known = peers_[peer];
  if (!known.sends) schedule_.steps.push_back({.action = Action::admit, .peer = peer});
  Place to{Space::mail, peer, rank_, 0};
  if (known.sends || bytes > mail_bytes) {
    to = {Space::slot, peer, rank_, known.sent_bytes};
    known.sent_bytes += slot_room(bytes);
  }
  known.sends = true;
  copy(to, from, bytes);
  signal(peer);
}

Place ScheduleBuilder::receive(Rank peer, std::uint64_t bytes) {
  Place from{Space::mail, rank_, peer, 0};
  if (bytes == 0) return from;
  wait(peer);
  Peer& known = peers_[peer];
  if (known.receives || bytes > mail_bytes) {
    from = {Space::slot, rank_, peer, known.received_bytes};
    known.received_bytes += slot_room(bytes);
  }
  known.receives = true;
  return from;
}

void ScheduleBuilder::signal(Rank peer) {
  ++peers_[peer].signals_to;
  schedule_.steps.push_back({.action = Action::signal, .peer = peer});
}

void ScheduleBuilder::wait(Rank peer) {
  const std::uint32_t count = ++peers_[peer].waits;
  schedule_.steps.push_back({.action = Action::wait, .peer = peer, .count = count});
}

Place ScheduleBuilder::stage(std::uint64_t bytes, std::span<const Rank> readers) {
  if (schedule_.stage_bytes == 0) schedule_.steps.push_back({.action = Action::restage});
  schedule_.staged = true;
  const std::uint64_t offset = schedule_.stage_bytes;
  schedule_.stage_bytes += slot_room(bytes);
  for (const Rank reader : readers) peers_[reader].loads_mine = true;
  return {Space::stage, rank_, rank_, offset};
}

Place ScheduleBuilder::stage_of(Rank owner, std::uint64_t offset) {
  schedule_.staged = true;
  peers_[owner].i_load = true;
  return {Space::stage, owner, owner, offset};
}

Schedule ScheduleBuilder::finish() {
  for (auto& [peer, known] : peers_) {
    const bool puts = known.sends || known.receives;
    // The peer finds the same for its side: it sends, and waits for nothing.
    if (known.i_load || (puts && known.signals_to == 0)) signal(peer);
    const bool finishes = puts && known.waits == 0;
    schedule_.acquaintances.push_back({.peer = peer,
                                       .signals_to = known.signals_to,
                                       .signals_from = known.waits + (finishes || known.loads_mine ? 1 : 0),
                                       .puts = puts,
                                       .finishes = finishes || known.loads_mine,
                                       .loads_mine = known.loads_mine});
    schedule_.slot_bytes = std::max({schedule_.slot_bytes, known.sent_bytes, known.received_bytes});
  }
  return std::move(schedule_);
}

}  // namespace psyne::inline v0
