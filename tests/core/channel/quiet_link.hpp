#pragma once

#include <psyne/core/transport/link.hpp>

#include <cstdint>
#include <span>

namespace channel_test {

/// A link to nobody, on which nothing ever happens: tests say what does.
class QuietLink : public psyne::Link {
 public:
  psyne::Result<psyne::RemoteSpan> expose(const psyne::Region& /*region*/, psyne::Access /*access*/) override {
    return psyne::Code::unsupported;
  }
  psyne::Result<void> revoke(const psyne::RemoteSpan& /*span*/) override { return {}; }
  psyne::Result<psyne::RemoteRegion> attach(psyne::RemoteSpan /*span*/) override { return psyne::Code::unsupported; }
  psyne::Result<psyne::Token> post(std::span<const psyne::Put> /*puts*/, const psyne::Signal& /*signal*/) override {
    return psyne::Code::closed;
  }
  bool completed(psyne::Token /*token*/) const override { return true; }
  std::uint64_t counter(std::uint32_t /*index*/) const override { return 0; }
  psyne::Result<void> progress() override { return {}; }
  psyne::PeerState peer_state() const override { return psyne::PeerState::alive; }
  const psyne::Capabilities& capabilities() const override { return capabilities_; }
  const psyne::Identity& peer() const override { return peer_; }
  psyne::Result<void> attach_bell(psyne::Bell* /*bell*/) override { return {}; }
  psyne::Result<void> attach_service_bell(psyne::Bell* /*bell*/) override { return {}; }
  void wake() noexcept override {}
  void close() noexcept override {}

 private:
  psyne::Capabilities capabilities_;
  psyne::Identity peer_;
};

}  // namespace channel_test
