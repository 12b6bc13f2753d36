#pragma once

#include <psyne/core/transport/link.hpp>
#include <psyne/transports/mapped/counter_page.hpp>
#include <psyne/transports/region/attached_regions.hpp>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>

namespace psyne::inline v0 {

/// What links between ends that share memory have in common, whatever brings them together: a put is a copy, a signal a
/// store into the peer's page, a post complete when it returns. Nothing queues, so nothing blocks or is ever full.
///
/// Revocations go one at a time: the generation is stored into the peer's page, the peer's progress stores it back into
/// ours. A word instead of a message, so that it cannot be held up by a full socket.
class MappedLink : public Link {
 public:
  Result<void> revoke(const RemoteSpan& span) final;
  Result<Token> post(std::span<const Put> puts, const Signal& signal) final;
  bool completed(Token token) const final { return token <= posted_; }
  std::uint64_t counter(std::uint32_t index) const final;
  Result<void> attach_service_bell(Bell* /*bell*/) final { return {}; }
  PeerState peer_state() const final { return state_.load(std::memory_order_acquire); }
  const Capabilities& capabilities() const final { return capabilities_; }
  const Identity& peer() const final { return peer_; }

 protected:
  MappedLink(const Capabilities& capabilities, Identity peer) : capabilities_(capabilities), peer_(std::move(peer)) {}

  /// The two pages; both live as long as this link. Before anything else is called.
  void join(const CounterPage& mine, CounterPage& theirs) noexcept {
    mine_ = &mine;
    theirs_ = &theirs;
  }
  CounterPage& theirs() noexcept { return *theirs_; }
  bool peer_said_goodbye() const noexcept { return mine_->goodbye.value.load(std::memory_order_acquire) != 0; }

  /// Remembers a region of mine as exposed; gives its generation.
  Result<std::uint64_t> remember_exposed();
  /// Makes a region of a peer's memory that is proved to be there. Errors: invalid_state (revoked before), exhausted.
  Result<RemoteRegion> remember_attached(const RemoteSpan& span, std::span<std::byte> memory,
                                         std::shared_ptr<const void> keep);
  /// Gives up what the peer took back, and says so.
  void take_revocations() noexcept;

  /// The link ends as `how`, unless it ended before; whether it did now.
  bool end(PeerState how) noexcept;
  /// In a child of the process that opened the link.
  virtual bool forked() const noexcept = 0;
  Error forked_link() const;
  /// The peer has given up a region of mine, or is gone.
  virtual void forget_exposed(std::uint64_t generation) noexcept { static_cast<void>(generation); }

 private:
  using Exposed = std::map<std::uint64_t, bool>;  // generation, and whether the peer has given it up

  void forget(Exposed::iterator exposed) noexcept;
  Result<void> usable() const;

  Capabilities capabilities_;
  Identity peer_;
  const CounterPage* mine_ = nullptr;
  CounterPage* theirs_ = nullptr;
  std::atomic<PeerState> state_{PeerState::alive};
  Token posted_ = 0;

  std::uint64_t generations_ = 0;
  Exposed exposed_;
  std::uint64_t revoking_ = 0;  // the one that the peer was last asked for, until it answers
  AttachedRegions attached_;
  std::uint64_t revoked_seen_ = 0;
};

}  // namespace psyne::inline v0
