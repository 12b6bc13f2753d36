#include <psyne/core/process/fork_epoch.hpp>
#include <psyne/transports/sim/sim_link.hpp>

#include <unistd.h>

#include <string>
#include <utility>

namespace psyne::inline v0 {

namespace {

constexpr std::uint32_t packet_inline_bytes = 4096;

Error forked_link(const Identity& peer) { return forked_error("cannot use the link to " + peer.name); }

}  // namespace

SimLink::SimLink(std::shared_ptr<SimWire> wire, std::size_t side, const SimSettings& settings, const std::string& name)
    : wire_(std::move(wire)),
      side_(side),
      capabilities_{.mapped = false,
                    .exposes_plain_memory = true,
                    .counters = SimWire::counters,
                    .inline_bytes = packet_inline_bytes,
                    .lends = true,  // what is posted is copied
                    .latency_ns = static_cast<double>((settings.shortest + settings.longest).count() + 1) / 2,
                    .bandwidth_gbs = 1},
      peer_{.pid = getpid(), .name = "the other end of " + name + " of simulation " + std::to_string(settings.seed)} {}

Result<LinkPair> SimLink::make_pair(const SimSettings& settings, SimTime& time, const std::string& name) {
  auto wire = SimWire::make(settings, time);
  if (!wire) return wire.error();
  std::unique_ptr<Link> first(new SimLink(*wire, 0, settings, name));
  std::unique_ptr<Link> second(new SimLink(std::move(*wire), 1, settings, name));
  return LinkPair(std::move(first), std::move(second));
}

SimLink::~SimLink() {
  if (line_.forked()) return;
  close();
  wire_->leave(side_);
}

Result<RemoteSpan> SimLink::expose(const Region& region, Access access) {
  if (line_.forked()) return forked_link(peer_);
  wire_->expose(side_, ++generations_, region.bytes(), access);
  RemoteSpan span;
  span.length = region.bytes().size();
  span.generation = generations_;
  span.access = access;
  return span;
}

Result<void> SimLink::revoke(const RemoteSpan& span) {
  if (line_.forked()) return forked_link(peer_);
  return wire_->revoke(side_, span.generation);
}

Result<RemoteRegion> SimLink::attach(RemoteSpan span) {
  if (line_.forked()) return forked_link(peer_);
  const auto exposed = wire_->exposed(1 - side_, span.generation);
  if (exposed.asked) {
    return Error(Code::invalid_state, "cannot attach a region").peer(peer_.name).because("it has taken it back");
  }
  std::erase_if(attached_, [](const auto& known) { return known.second.expired(); });
  if (exposed.memory.data() == nullptr || span.access != exposed.access || span.offset != 0 ||
      span.length != exposed.memory.size() || attached_.contains(span.generation)) {
    return Error(Code::corrupted, "cannot attach a region").peer(peer_.name).because("it exposed no such span");
  }
  auto region = std::make_shared<RemoteRegion::Attachment>();
  region->access = span.access;
  region->length = span.length;
  region->generation = span.generation;
  region->link = this;
  attached_.emplace(span.generation, region);
  return RemoteRegion(std::move(region));
}

Result<Token> SimLink::post(std::span<const Put> puts, const Signal& signal) {
  if (line_.forked()) return forked_link(peer_);
  if (auto fits = check_post(*this, puts, signal); !fits) return fits.error();
  std::vector<SimWire::Piece> pieces;
  for (const Put& put : puts) {
    pieces.push_back({put.remote->generation(), put.offset, {put.local.begin(), put.local.end()}});
  }
  return wire_->post(side_, std::move(pieces), signal);
}

std::uint64_t SimLink::counter(std::uint32_t index) const {
  return index < SimWire::counters ? wire_->counter(side_, index) : 0;
}

Result<void> SimLink::progress() {
  if (line_.forked()) return forked_link(peer_);
  wire_->deliver();
  for (const std::uint64_t generation : wire_->take_revocations(side_)) {
    if (const auto found = attached_.find(generation); found != attached_.end()) {
      if (const auto region = found->second.lock()) region->revoked = true;
      attached_.erase(found);
    }
    wire_->acknowledge(side_, generation);
  }
  return {};
}

Result<void> SimLink::attach_bell(Bell* bell) {
  if (line_.forked()) return forked_link(peer_);
  wire_->attach_bell(side_, bell);
  return {};
}

Result<void> SimLink::attach_service_bell(Bell* bell) {
  if (line_.forked()) return forked_link(peer_);
  wire_->attach_service_bell(side_, bell);
  return {};
}

void SimLink::wake() noexcept {
  if (!line_.forked()) wire_->wake(side_);
}

void SimLink::close() noexcept {
  if (!line_.forked()) wire_->close(side_);
}

}  // namespace psyne::inline v0
