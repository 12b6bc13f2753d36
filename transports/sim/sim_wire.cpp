#include <psyne/transports/sim/sim_wire.hpp>

#include <algorithm>
#include <cstring>
#include <utility>

namespace psyne::inline v0 {

Result<std::shared_ptr<SimWire>> SimWire::make(const SimSettings& settings, SimTime& time) {
  std::shared_ptr<SimWire> wire(new SimWire(settings));
  auto alarm = time.make_alarm([raw = wire.get()] { raw->deliver(); });
  if (!alarm) return alarm.error();
  wire->alarm_ = std::move(*alarm);
  return wire;
}

// The standard's distributions differ from library to library; a seed is to mean the same everywhere.
std::chrono::nanoseconds SimWire::draw(std::chrono::nanoseconds from, std::chrono::nanoseconds to) {
  const auto span = static_cast<std::uint64_t>((to - from).count()) + 1;
  return from + std::chrono::nanoseconds(static_cast<std::int64_t>(random_() % span));
}

bool SimWire::happens(double chance) { return chance > 0 && static_cast<double>(random_() >> 11) * 0x1p-53 < chance; }

Result<Token> SimWire::post(std::size_t side, std::vector<Piece> pieces, const Signal& signal) {
  const std::lock_guard lock(mutex_);
  deliver_due();
  End& from = ends_[side];
  switch (state(side)) {
    case PeerState::alive: break;
    case PeerState::closed: return Code::closed;
    case PeerState::lost: return Code::peer_lost;
    case PeerState::unreachable: return Code::peer_unreachable;
  }
  if (from.posts >= settings_.queue || broken_since_ || (from.resumed && !pieces.empty())) {
    from.turned_away = true;
    return Code::would_block;
  }
  if (happens(settings_.cuts)) {
    cut_until_ = std::max(cut_until_, alarm_->now() + draw(std::chrono::nanoseconds(0), settings_.longest_cut));
  }
  if (happens(settings_.severs) && cut_until_ != no_deadline) {
    cut_until_ = no_deadline;
    given_up_at_ = alarm_->now() + settings_.unreachable_after;
  }
  if (pieces.empty() && signal.counter != Signal::none) from.told[signal.counter] = signal.value;
  Packet packet;
  packet.kind = happens(settings_.death) ? Kind::death : Kind::post;
  packet.pieces = std::move(pieces);
  packet.signal = signal;
  packet.token = ++from.posted;
  split(packet);
  ++from.posts;
  send(side, std::move(packet));
  if (happens(settings_.breaks) && given_up_at_ == no_deadline) break_now();
  return from.posted;
}

void SimWire::break_off() {
  const std::lock_guard lock(mutex_);
  if (!broken_since_ && given_up_at_ == no_deadline && state(0) == PeerState::alive && state(1) == PeerState::alive)
    break_now();
}

// What has landed stays, be it a part of a put. The link's own packets are kept by the link.
void SimWire::break_now() {
  const Deadline now = alarm_->now();
  broken_since_ = now;
  goes_on_at_ = now + draw(std::chrono::nanoseconds(0), settings_.longest_cut);
  for (End& one : ends_) {
    std::erase_if(one.packets, [](const Packet& packet) { return packet.kind == Kind::post; });
    one.posts = 0;
    one.completed.store(one.posted, std::memory_order_release);
    one.last_arrival = goes_on_at_;
    for (Packet& packet : one.packets) packet.arrives = packet.lands = goes_on_at_;
  }
  arm();
}

void SimWire::go_on() {
  broken_since_.reset();
  goes_on_at_ = no_deadline;
  for (std::size_t side : {0U, 1U}) {
    End& from = ends_[side];
    End& to = ends_[1 - side];
    for (std::uint32_t index = 0; index < counters; ++index) {
      const std::uint64_t before = to.counter[index].load(std::memory_order_relaxed);
      to.counter[index].store(std::max(before, from.told[index]), std::memory_order_release);
    }
    from.resumed = true;
    from.turned_away = false;
    if (from.bell != nullptr) from.bell->ring();
    if (from.service_bell != nullptr) from.service_bell->ring();
  }
}

std::optional<std::uint64_t> SimWire::resumed(std::size_t side, std::uint32_t counter) {
  const std::lock_guard lock(mutex_);
  if (!std::exchange(ends_[side].resumed, false)) return {};
  return this->counter(1 - side, counter);
}

std::optional<Deadline> SimWire::broken_since() {
  const std::lock_guard lock(mutex_);
  return broken_since_;
}

// The pieces of one post land in any order and in two parts, the second with the signal: whoever looks at memory before
// its signal finds it torn.
void SimWire::split(Packet& packet) {
  if (packet.pieces.empty()) return;
  auto& longest = *std::ranges::max_element(packet.pieces, {}, [](const Piece& piece) { return piece.bytes.size(); });
  if (longest.bytes.size() > 1) {
    const auto at = 1 + random_() % (longest.bytes.size() - 1);
    const auto middle = longest.bytes.begin() + static_cast<std::ptrdiff_t>(at);
    Piece rest{longest.generation, longest.offset + at, {middle, longest.bytes.end()}};
    longest.bytes.erase(middle, longest.bytes.end());
    packet.pieces.push_back(std::move(rest));
  }
  for (std::size_t i = packet.pieces.size() - 1; i > 0; --i) {
    std::swap(packet.pieces[i], packet.pieces[random_() % (i + 1)]);
  }
  packet.early = random_() % (packet.pieces.size() + 1);
}

void SimWire::send(std::size_t side, Packet packet) {
  End& from = ends_[side];
  const Deadline now = alarm_->now();
  const Deadline first = std::max(from.last_arrival, cut_until_);  // a direction keeps its order
  packet.arrives = std::max(first, now + draw(settings_.shortest, settings_.longest));
  packet.lands = std::max(first, now + (packet.arrives - now) / 2);
  from.last_arrival = packet.arrives;
  from.packets.push_back(std::move(packet));
  arm();
}

SimWire::Packet SimWire::control(Kind kind, std::uint64_t generation) {
  Packet packet;
  packet.kind = kind;
  packet.generation = generation;
  return packet;
}

// A wake comes after all that was posted before it. It rides on the last packet where there is one, so that a flood
// of them fills nothing.
void SimWire::wake(std::size_t side) {
  const std::lock_guard lock(mutex_);
  if (state(side) != PeerState::alive) return;
  if (auto& packets = ends_[side].packets; !packets.empty()) {
    packets.back().signal.wake = true;
    return;
  }
  Packet packet;
  packet.signal.wake = true;
  send(side, std::move(packet));
}

void SimWire::deliver() {
  const std::lock_guard lock(mutex_);
  deliver_due();
}

void SimWire::deliver_due() {
  const Deadline now = alarm_->now();
  if (goes_on_at_ <= now) go_on();
  for (std::size_t side : {0U, 1U}) {
    while (!broken_since_ && deliver_one(side, now)) {
    }
  }
  if (given_up_at_ <= now) part(PeerState::unreachable);
  arm();
}

bool SimWire::deliver_one(std::size_t side, Deadline now) {
  auto& packets = ends_[side].packets;
  if (packets.empty()) return false;
  Packet& packet = packets.front();
  if (packet.early > 0 && packet.lands <= now && packet.kind == Kind::post) {
    const auto early = packet.pieces.begin() + static_cast<std::ptrdiff_t>(packet.early);
    land(ends_[1 - side], std::span(packet.pieces).first(packet.early));
    packet.pieces.erase(packet.pieces.begin(), early);
    packet.early = 0;
  }
  if (packet.arrives > now) return false;
  Packet arrived = std::move(packet);
  packets.pop_front();
  arrive(side, arrived);
  return true;
}

void SimWire::land(End& to, std::span<const Piece> pieces) {
  for (const Piece& piece : pieces) {
    const auto found = to.exposed.find(piece.generation);
    if (found == to.exposed.end() || piece.bytes.empty()) continue;  // taken back, or its owner is gone
    std::memcpy(found->second.memory.data() + piece.offset, piece.bytes.data(), piece.bytes.size());
  }
}

void SimWire::arrive(std::size_t side, Packet& packet) {
  End& from = ends_[side];
  End& to = ends_[1 - side];
  switch (packet.kind) {
    case Kind::post:
      land(to, packet.pieces);
      if (packet.signal.counter != Signal::none) {
        // Release: pairs with the acquire in counter(): the puts of this and of earlier posts come first.
        to.counter[packet.signal.counter].store(packet.signal.value, std::memory_order_release);
      }
      if (packet.token != 0) complete(from, packet.token);
      if (packet.signal.attend && to.service_bell != nullptr) to.service_bell->ring();
      break;
    case Kind::revoke: to.revocations.push_back(packet.generation); break;
    case Kind::acknowledge:
      if (const auto found = to.exposed.find(packet.generation); found != to.exposed.end()) {
        found->second.acknowledged = true;
      }
      break;
    case Kind::goodbye: end(to, PeerState::closed); return;
    case Kind::death: part(PeerState::lost); return;
  }
  if ((packet.signal.wake || packet.kind != Kind::post) && to.bell != nullptr) to.bell->ring();
}

void SimWire::complete(End& from, Token token) {
  from.completed.store(token, std::memory_order_release);
  --from.posts;
  if (std::exchange(from.turned_away, false) && from.service_bell != nullptr) from.service_bell->ring();
}

// What is under way is gone.
void SimWire::part(PeerState how) {
  given_up_at_ = goes_on_at_ = no_deadline;
  broken_since_.reset();
  for (End& one : ends_) {
    one.packets.clear();
    one.completed.store(one.posted, std::memory_order_release);
    end(one, how);
  }
}

void SimWire::end(End& ended, PeerState how) {
  PeerState alive = PeerState::alive;
  if (!ended.state.compare_exchange_strong(alive, how, std::memory_order_acq_rel)) return;
  if (ended.bell != nullptr) ended.bell->ring();
}

void SimWire::arm() {
  Deadline next = std::min(given_up_at_, goes_on_at_);
  for (const End& one : ends_) {
    if (one.packets.empty() || broken_since_) continue;
    const Packet& packet = one.packets.front();
    next = std::min(next, packet.early > 0 && packet.kind == Kind::post ? packet.lands : packet.arrives);
  }
  // What is armed too early finds nothing due, arms again, and costs nothing but that.
  if (next == armed_) return;
  armed_ = next;
  alarm_->set(next);
}

void SimWire::close(std::size_t side) {
  const std::lock_guard lock(mutex_);
  if (state(side) != PeerState::alive) return;
  end(ends_[side], PeerState::closed);
  send(side, control(Kind::goodbye));
}

void SimWire::kill(std::size_t side) {
  const std::lock_guard lock(mutex_);
  ends_[side].exposed.clear();
  part(PeerState::lost);
  arm();
}

void SimWire::attach_bell(std::size_t side, Bell* bell) {
  const std::lock_guard lock(mutex_);
  ends_[side].bell = bell;
  // Whoever attaches after the end must still see it.
  if (bell != nullptr && state(side) != PeerState::alive) bell->ring();
}

void SimWire::attach_service_bell(std::size_t side, Bell* bell) {
  const std::lock_guard lock(mutex_);
  ends_[side].service_bell = bell;
}

void SimWire::leave(std::size_t side) {
  const std::lock_guard lock(mutex_);
  ends_[side].bell = ends_[side].service_bell = nullptr;
  ends_[side].exposed.clear();
}

void SimWire::expose(std::size_t side, std::uint64_t generation, std::span<std::byte> memory, Access access) {
  const std::lock_guard lock(mutex_);
  ends_[side].exposed[generation] = {.memory = memory, .access = access};
}

SimWire::Exposed SimWire::exposed(std::size_t side, std::uint64_t generation) {
  const std::lock_guard lock(mutex_);
  const auto found = ends_[side].exposed.find(generation);
  return found == ends_[side].exposed.end() ? Exposed{} : found->second;
}

Result<void> SimWire::revoke(std::size_t side, std::uint64_t generation) {
  const std::lock_guard lock(mutex_);
  deliver_due();
  End& mine = ends_[side];
  const auto found = mine.exposed.find(generation);
  if (found == mine.exposed.end()) {
    return Error(Code::invalid_argument, "cannot revoke a span that is not exposed here");
  }
  if (state(side) != PeerState::alive || found->second.acknowledged) {
    mine.exposed.erase(found);
    return {};
  }
  if (!std::exchange(found->second.asked, true)) send(side, control(Kind::revoke, generation));
  return Code::would_block;
}

std::vector<std::uint64_t> SimWire::take_revocations(std::size_t side) {
  const std::lock_guard lock(mutex_);
  return std::exchange(ends_[side].revocations, {});
}

void SimWire::acknowledge(std::size_t side, std::uint64_t generation) {
  const std::lock_guard lock(mutex_);
  if (state(side) == PeerState::alive) send(side, control(Kind::acknowledge, generation));
}

}  // namespace psyne::inline v0
