#pragma once

#include <psyne/core/service/life_line.hpp>
#include <psyne/transports/memory/meeting.hpp>
#include <psyne/transports/sim/sim_wire.hpp>

#include <map>
#include <memory>

namespace psyne::inline v0 {

/// One end of a simulated link: not mapped, slow, and at the mercy of a seed. See SimWire for what happens on the way.
class SimLink final : public Link {
 public:
  /// Two ends that are each other's peer. `time` outlives them. Errors: exhausted.
  static Result<LinkPair> make_pair(const SimSettings& settings, SimTime& time, const std::string& name);

  ~SimLink() override;

  Result<RemoteSpan> expose(const Region& region, Access access) override;
  Result<void> revoke(const RemoteSpan& span) override;
  Result<RemoteRegion> attach(RemoteSpan span) override;
  Result<Token> post(std::span<const Put> puts, const Signal& signal) override;
  bool completed(Token token) const override { return wire_->completed(side_, token); }
  std::uint64_t counter(std::uint32_t index) const override;
  Result<void> progress() override;
  PeerState peer_state() const override { return wire_->state(side_); }
  std::optional<Deadline> broken_since() const noexcept override { return wire_->broken_since(); }
  std::optional<std::uint64_t> resumed(std::uint32_t counter) noexcept override {
    return wire_->resumed(side_, counter);
  }
  const Capabilities& capabilities() const override { return capabilities_; }
  const Identity& peer() const override { return peer_; }
  Result<void> attach_bell(Bell* bell) override;
  Result<void> attach_service_bell(Bell* bell) override;
  void wake() noexcept override;
  void close() noexcept override;

  /// The connection breaks; both ends go on by another one, after a while.
  void break_off() { wire_->break_off(); }
  /// This end's process dies: both ends are lost to each other, and what is under way is gone.
  void die() { wire_->kill(side_); }

 private:
  SimLink(std::shared_ptr<SimWire> wire, std::size_t side, const SimSettings& settings, const std::string& name);

  std::shared_ptr<SimWire> wire_;
  std::size_t side_;
  Capabilities capabilities_;
  Identity peer_;
  std::uint64_t generations_ = 0;
  std::map<std::uint64_t, std::weak_ptr<RemoteRegion::Attachment>> attached_;
  LifeLine line_;  // the peer's threads are not in a forked child
};

}  // namespace psyne::inline v0
