#include <psyne/core/atomics/step.hpp>
#include <psyne/core/process/fork_epoch.hpp>
#include <psyne/transports/mapped/mapped_link.hpp>

#include <cstring>
#include <string>
#include <utility>

namespace psyne::inline v0 {

Error MappedLink::forked_link() const { return forked_error("cannot use the link to " + peer_.name); }

Result<void> MappedLink::usable() const {
  if (forked()) return forked_link();
  switch (peer_state()) {
    case PeerState::alive: return {};
    case PeerState::closed: return Code::closed;
    case PeerState::lost:
    case PeerState::unreachable: break;
  }
  return Error(Code::peer_lost, "cannot write to a peer").peer(peer_.name).because("its process is gone");
}

Result<std::uint64_t> MappedLink::remember_exposed() {
  if (auto state = usable(); !state) return state.error();
  if (exposed_.size() >= AttachedRegions::most) {
    return Error(Code::exhausted, "cannot expose another region").peer(peer_.name).mend("Revoke some first.");
  }
  exposed_.emplace(++generations_, false);
  return generations_;
}

Result<void> MappedLink::revoke(const RemoteSpan& span) {
  const auto found = exposed_.find(span.generation);
  if (found == exposed_.end()) return Error(Code::invalid_argument, "cannot revoke a span that is not exposed here");
  if (forked()) return forked_link();
  if (peer_state() != PeerState::alive) {
    forget(found);
    return {};
  }
  if (revoking_ != 0 && mine_->acknowledged.value.load(std::memory_order_acquire) == revoking_) {
    if (const auto asked = exposed_.find(revoking_); asked != exposed_.end()) asked->second = true;
    revoking_ = 0;
  }
  if (found->second) {
    forget(found);
    return {};
  }
  if (revoking_ == 0) {
    revoking_ = span.generation;
    theirs_->revoked.value.store(revoking_, std::memory_order_release);
    wake();
  }
  return Code::would_block;
}

void MappedLink::forget(Exposed::iterator exposed) noexcept {
  forget_exposed(exposed->first);
  exposed_.erase(exposed);
}

Result<RemoteRegion> MappedLink::remember_attached(const RemoteSpan& span, std::span<std::byte> memory,
                                                   std::shared_ptr<const void> keep) {
  take_revocations();
  return attached_.attach(span, *this, memory, std::move(keep));
}

void MappedLink::take_revocations() noexcept {
  const std::uint64_t revoked = mine_->revoked.value.load(std::memory_order_acquire);
  if (revoked == revoked_seen_) return;
  revoked_seen_ = revoked;
  attached_.revoke(revoked);
  // Release: our puts into the region come before the owner's use of it.
  theirs_->acknowledged.value.store(revoked, std::memory_order_release);
  wake();
}

Result<Token> MappedLink::post(std::span<const Put> puts, const Signal& signal) {
  if (auto state = usable(); !state) return state.error();
  if (auto fits = check_post(*this, puts, signal); !fits) return fits.error();
  for (const Put& put : puts) {
    if (put.local.empty()) continue;
    std::byte* to = put.remote->attachment()->mapped.data() + put.offset;
    step_within(to, put.local.data(), put.local.size());
    std::memcpy(to, put.local.data(), put.local.size());
  }
  if (signal.counter != Signal::none) {
    // Release: pairs with the acquire in the peer's counter(): the puts of this and of earlier posts come first.
    theirs_->counter[signal.counter].value.store(signal.value, std::memory_order_release);
  }
  if (signal.wake) wake();
  return ++posted_;
}

std::uint64_t MappedLink::counter(std::uint32_t index) const {
  return index < CounterPage::counters ? mine_->counter[index].value.load(std::memory_order_acquire) : 0;
}

bool MappedLink::end(PeerState how) noexcept {
  PeerState alive = PeerState::alive;
  return state_.compare_exchange_strong(alive, how, std::memory_order_acq_rel);
}

}  // namespace psyne::inline v0
