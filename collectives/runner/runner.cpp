#include <psyne/collectives/runner/runner.hpp>
#include <psyne/core/copy/copy.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace psyne::inline v0 {

namespace {

Box& box_at(std::span<std::byte> window, std::uint64_t offset) noexcept {
  return *reinterpret_cast<Box*>(window.data() + offset);
}

bool overlap(std::span<const std::byte> one, std::span<const std::byte> other) noexcept {
  return one.data() < other.data() + other.size() && other.data() < one.data() + one.size();
}

}  // namespace

Runner::Runner(Rank rank, const WindowLayout& layout, std::span<std::byte> window, std::vector<Peer>& peers)
    : rank_(rank),
      layout_(layout),
      window_(window),
      peers_(peers),
      banks_(static_cast<Rank>(peers.size())),
      outboxes_(peers.size()) {}

void Runner::start(const Call& call, const Plan& plan) {
  call_ = call;
  plan_ = &plan;
  record_ = {record_.sequence + 1, call, last_fingerprint_};
  const CallRecord::Words words = record_.encoded();
  last_fingerprint_ = words.back();
  reinterpret_cast<Logbook*>(window_.data() + WindowLayout::logbook())->enter(words);
  mark_ = Tidings::mark_of(words.back());
  piece_ = 0;
  step_ = 0;
  schedule_ = plan.pieces > 1 ? &plan.piece : &plan.last;
  if (workspace_.size() < plan.workspace_bytes) workspace_.resize(plan.workspace_bytes);
  fold_ = fold_kernel(call.fold, call.dtype);
  average_ = call.average && plan.algorithm->traits.canonical ? average_kernel(call.dtype) : nullptr;
}

Runner::Motion Runner::advance() {
  for (;;) {
    while (step_ < schedule_->steps.size()) {
      if (!take(schedule_->steps[step_])) return error_ || disagreeing_ ? Motion::failed : Motion::waits;
      ++step_;
    }
    if (!next_piece()) return error_ ? Motion::failed : all_left() ? Motion::done : Motion::waits;
  }
}

// False where that was the last one.
bool Runner::next_piece() {
  if (piece_ == plan_->pieces) return false;
  finish_piece();
  if (++piece_ == plan_->pieces) return false;
  schedule_ = piece_ + 1 == plan_->pieces ? &plan_->last : &plan_->piece;
  step_ = 0;
  return true;
}

void Runner::finish_piece() {
  banks_.leave(*schedule_);
  const bool gets_nothing = call_.operation == Operation::reduce && call_.root != rank_;
  if (!call_.average || average_ != nullptr || gets_nothing) return;
  // The folds of this algorithm are not the last ones of their elements.
  const std::uint64_t begin = piece_ * plan_->piece_bytes;
  std::byte* const folded = call_.output + begin;
  const std::byte* const source = folded;
  const std::uint64_t bytes = std::min(plan_->piece_bytes, call_.bytes() - begin);
  average_kernel(call_.dtype)(folded, &source, 1, bytes / size_of(call_.dtype), peers_.size());
}

bool Runner::take(const Step& step) {
  switch (step.action) {
    case Action::copy: return copy(step);
    case Action::fold: return fold(step);
    case Action::signal: return signal(step.peer);
    case Action::wait: return heard(banks_.awaited(step.peer, step.count)) && agrees(step);
    case Action::admit: return heard(banks_.admission(step.peer));
    case Action::restage:
      return std::ranges::all_of(banks_.stage_readers(), [&](const Awaited& awaited) { return heard(awaited); });
  }
  return true;
}

bool Runner::heard(const Awaited& awaited) {
  if (awaited.count == 0) return true;
  Peer& peer = peers_[static_cast<std::size_t>(awaited.peer)];
  // Acquire: what the peer put before this signal is here (its release is in signal(), or the link's).
  const Tidings tidings =
      Tidings::of(mapped(awaited.peer) ? box(awaited.peer, awaited.bank).signal.load(std::memory_order_acquire)
                                       : peer.link->counter(awaited.bank));
  awaited_ = awaited.peer;
  last_heard_ = tidings;
  return tidings.count >= awaited.count;
}

// A signal that the peer gave in this call has this call's mark, or the peer does something else.
bool Runner::agrees(const Step& step) {
  if (last_heard_.mark == mark_) return true;
  const auto acquaintance = std::ranges::find(schedule_->acquaintances, step.peer, &Acquaintance::peer);
  if (last_heard_.count > banks_.awaited(step.peer, acquaintance->signals_from).count) return true;  // a later call's
  disagreeing_ = step.peer;
  return false;
}

bool Runner::has_signalled(Rank rank) const noexcept {
  const auto marked = [&](std::uint32_t bank) {
    const Peer& peer = peers_[static_cast<std::size_t>(rank)];
    const std::uint64_t word =
        mapped(rank) ? box(rank, bank).signal.load(std::memory_order_acquire) : peer.link->counter(bank);
    return Tidings::of(word).mark == mark_;
  };
  return marked(0) || marked(1);
}

const Logbook& Runner::logbook() const noexcept {
  return *reinterpret_cast<const Logbook*>(window_.data() + WindowLayout::logbook());
}

bool Runner::signal(Rank to) {
  Peer& peer = peers_[static_cast<std::size_t>(to)];
  const std::uint32_t bank = banks_.bank(to);
  const Tidings tidings{banks_.told(to) + 1, mark_};
  if (!peer.mapped.empty()) {
    box_at(peer.mapped, layout_.box(rank_, bank)).signal.store(tidings.word(), std::memory_order_release);
    banks_.tell(to);
    // Pairs with the heavy barrier of whoever sleeps: either this sees that it does, or it sees the signal.
    StandardAtomics::light_barrier();
    const auto& door = *reinterpret_cast<const Doorplate*>(peer.mapped.data() + WindowLayout::doorplate());
    if (door.sleeps.load(std::memory_order_relaxed) != 0) [[unlikely]]
      peer.link->wake();
    return true;
  }
  Outbox& outbox = outboxes_[static_cast<std::size_t>(to)];
  auto posted = peer.link->post(outbox.puts, {.counter = bank, .value = tidings.word(), .wake = true});
  if (!posted && posted.error() == Code::would_block) {
    awaited_ = to;
    return false;
  }
  if (!posted) {
    // Who has closed is done and needs nothing more; and who waits for one that is gone hears of it.
    outbox.puts.clear();
    banks_.tell(to);
    if (peer.link->peer_state() != PeerState::alive) return true;
    error_ = posted.error();
    return false;
  }
  for (const Put& put : outbox.puts) {
    if (!put.raw) outbox.lent.push_back(put.local);
  }
  outbox.puts.clear();
  outbox.token = *posted;
  banks_.tell(to);
  return true;
}

bool Runner::copy(const Step& step) {
  const std::byte* const from = readable(step.from);
  if (step.to.owner != rank_ && !mapped(step.to.owner)) {
    Peer& peer = peers_[static_cast<std::size_t>(step.to.owner)];
    const bool raw = step.to.space == Space::mail && step.bytes <= peer.link->capabilities().inline_bytes;
    outboxes_[static_cast<std::size_t>(step.to.owner)].puts.push_back(
        {.local = {from, step.bytes}, .remote = &peer.window, .offset = offset_in_window(step.to), .raw = raw});
    return true;
  }
  std::byte* const to = writable(step.to);
  if (!left({to, step.bytes})) return false;
  if (step.to.owner != rank_ || step.to.space == Space::stage) {
    copy_in(to, from, step.bytes);
  } else if (step.from.space == Space::slot || step.from.space == Space::stage) {
    copy_out(to, from, step.bytes);
  } else {
    std::memcpy(to, from, step.bytes);
  }
  return true;
}

bool Runner::fold(const Step& step) {
  std::byte* const to = writable(step.to);
  if (!left({to, step.bytes})) return false;
  sources_.resize(step.sources);
  for (std::uint32_t index = 0; index < step.sources; ++index) {
    sources_[index] = readable(schedule_->sources[step.first_source + index]);
  }
  const std::size_t elements = step.bytes / size_of(call_.dtype);
  if (average_ != nullptr) {
    average_(to, sources_.data(), step.sources, elements, peers_.size());
  } else {
    fold_(to, sources_.data(), step.sources, elements);
  }
  return true;
}

bool Runner::left(std::span<const std::byte> memory) {
  for (std::size_t rank = 0; rank < outboxes_.size(); ++rank) {
    Outbox& outbox = outboxes_[rank];
    if (outbox.lent.empty()) continue;
    if (peers_[rank].link->completed(outbox.token)) {
      outbox.lent.clear();
    } else if (std::ranges::any_of(outbox.lent, [&](const auto& lent) { return overlap(lent, memory); })) {
      awaited_ = static_cast<Rank>(rank);
      return false;
    }
  }
  return true;
}

bool Runner::all_left() {
  for (std::size_t rank = 0; rank < outboxes_.size(); ++rank) {
    Outbox& outbox = outboxes_[rank];
    if (outbox.lent.empty()) continue;
    if (!peers_[rank].link->completed(outbox.token)) {
      awaited_ = static_cast<Rank>(rank);
      return false;
    }
    outbox.lent.clear();
  }
  return true;
}

std::uint32_t Runner::bank_of(const Place& place) const noexcept {
  return banks_.bank(place.owner == rank_ ? place.writer : place.owner);
}

std::uint64_t Runner::offset_in_window(const Place& place) const noexcept {
  switch (place.space) {
    case Space::slot: return layout_.slot(place.writer, bank_of(place)) + place.offset;
    case Space::mail: return layout_.mail(place.writer, bank_of(place)) + place.offset;
    default: return layout_.stage(banks_.stage_bank()) + place.offset;
  }
}

const std::byte* Runner::readable(const Place& place) noexcept {
  if (place.space == Space::input) return call_.input + place.offset + piece_ * plan_->piece_bytes;
  return writable(place);
}

std::byte* Runner::writable(const Place& place) noexcept {
  if (place.space == Space::output) return call_.output + place.offset + piece_ * plan_->piece_bytes;
  if (place.space == Space::workspace) return workspace_.data() + place.offset;
  const std::span<std::byte> window =
      place.owner == rank_ ? window_ : peers_[static_cast<std::size_t>(place.owner)].mapped;
  return window.data() + offset_in_window(place);
}

Box& Runner::box(Rank writer, std::uint32_t bank) const noexcept { return box_at(window_, layout_.box(writer, bank)); }

}  // namespace psyne::inline v0
