#include <psyne/core/atomics/step.hpp>
#include <psyne/transports/ipc/ipc_link.hpp>

#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>

namespace psyne::inline v0 {

namespace {

constexpr std::uint32_t inline_bytes = 4096;

constexpr Capabilities abilities{.mapped = true,
                                 .exposes_plain_memory = false,
                                 .counters = CounterPage::counters,
                                 .inline_bytes = inline_bytes,
                                 .latency_ns = 150,
                                 .bandwidth_gbs = 20};

/// Wakes taken in by one progress(); what a flooding peer sent beyond that stays for the next.
constexpr int most_wakes = 64;

}  // namespace

IpcLink::IpcLink(std::shared_ptr<LifeLine> line, Region mine, std::shared_ptr<const Mapping> theirs, Identity peer)
    : MappedLink(abilities, std::move(peer)),
      line_(std::move(line)),
      mine_(std::move(mine)),
      theirs_(std::move(theirs)) {
  join(*reinterpret_cast<const CounterPage*>(mine_.bytes().data()),
       *reinterpret_cast<CounterPage*>(theirs_->bytes().data()));
}

IpcLink::~IpcLink() {
  if (forked()) return;
  close();
  line_->unwatch();
}

// Not for reading, so that wakes do not wake the service thread; a hang-up is always told, and stays: by its edge once.
Result<void> IpcLink::watch_peer() { return line_->watch(EPOLLRDHUP | EPOLLET, *this); }

Result<RemoteSpan> IpcLink::expose(const Region& region, Access access) {
  if (region.descriptor() < 0 || (access == Access::write && region.others() != Access::write)) {
    return Error(Code::unsupported, "cannot expose a region to " + peer().name)
        .because(region.descriptor() < 0 ? "it is memory of this process only" : "it is sealed against others' writing")
        .mend("Allocate it with RegionOptions::shareable, and with others = write where the peer is to write.");
  }
  RemoteSpan span;
  span.descriptor = Descriptor(fcntl(region.descriptor(), F_DUPFD_CLOEXEC, 0));
  if (!span.descriptor) {
    return system_error(errno, "cannot expose a region").mend("Raise the limit of open files (ulimit -n).");
  }
  auto generation = remember_exposed();
  if (!generation) return generation.error();
  span.length = region.bytes().size();
  span.generation = *generation;
  span.access = access;
  return span;
}

Result<RemoteRegion> IpcLink::attach(RemoteSpan span) {
  if (forked()) return forked_link();
  auto mapping = Mapping::of(std::move(span.descriptor), span.offset, span.length, span.access);
  if (!mapping) return Error(mapping.error()).peer(peer().name);
  return remember_attached(span, (*mapping)->bytes(), *mapping);
}

Result<void> IpcLink::progress() {
  if (forked()) return forked_link();
  // What was stored before a wake must be seen after it: the wakes first.
  std::array<char, 1> wake{};
  for (int i = 0; i < most_wakes; ++i) {
    // Longer packets are cut, and descriptors in them closed by the kernel: there is no room for either.
    const ssize_t got = recv(line_->get(), wake.data(), wake.size(), MSG_DONTWAIT);
    if (got > 0 || (got < 0 && errno == EINTR)) continue;
    if (got == 0 || errno != EAGAIN) hung_up();
    break;
  }
  take_revocations();
  return {};
}

Result<void> IpcLink::attach_bell(Bell* bell) {
  if (forked()) return forked_link();
  const std::lock_guard lock(bell_mutex_);
  if (bell_ != nullptr && peer_state() == PeerState::alive) bell_->unwatch(line_->get());
  bell_ = nullptr;
  if (bell == nullptr) return {};
  if (peer_state() != PeerState::alive) {
    bell->ring();  // whoever attaches after the end must still see it
  } else if (auto watched = bell->watch(line_->get()); !watched) {
    return watched.error();
  }
  bell_ = bell;
  return {};
}

void IpcLink::wake() noexcept {
  const char wake = 'w';
  // Full is fine: then wakes are pending. So is a peer that is gone: then its end is.
  step();
  static_cast<void>(!send(line_->get(), &wake, sizeof wake, MSG_DONTWAIT | MSG_NOSIGNAL));
}

void IpcLink::close() noexcept {
  if (forked() || peer_state() != PeerState::alive) return;
  theirs().goodbye.value.store(1, std::memory_order_release);
  end_and_ring(PeerState::closed);
  step();
  shutdown(line_->get(), SHUT_RDWR);
}

void IpcLink::ready(int /*descriptor*/, std::uint32_t /*events*/) noexcept { hung_up(); }

void IpcLink::hung_up() noexcept { end_and_ring(peer_said_goodbye() ? PeerState::closed : PeerState::lost); }

// The bell no longer watches the socket, which stays hung up; it is rung once instead.
void IpcLink::end_and_ring(PeerState how) noexcept {
  const std::lock_guard lock(bell_mutex_);
  if (!end(how) || bell_ == nullptr) return;
  bell_->unwatch(line_->get());
  bell_->ring();
}

}  // namespace psyne::inline v0
