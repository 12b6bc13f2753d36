#include <psyne/transports/memory/memory_link.hpp>

#include <unistd.h>

namespace psyne::inline v0 {

namespace {

/// Raw bytes up to this size may be put: all puts are copied before post returns, so this is only a number to state.
constexpr std::uint32_t inline_bytes = 4096;

constexpr Capabilities abilities{.mapped = true,
                                 .exposes_plain_memory = true,
                                 .counters = CounterPage::counters,
                                 .inline_bytes = inline_bytes,
                                 .latency_ns = 100,
                                 .bandwidth_gbs = 20};

}  // namespace

MemoryLink::MemoryLink(std::shared_ptr<Pair> pair, std::size_t index, const std::string& name)
    : MappedLink(abilities, {.pid = getpid(), .name = "the other end of " + name + " in this process"}),
      pair_(std::move(pair)),
      index_(index) {
  join(mine().page, other().page);
  mine().link = this;
}

std::pair<std::unique_ptr<Link>, std::unique_ptr<Link>> MemoryLink::make_pair(const std::string& name) {
  auto pair = std::make_shared<Pair>();
  std::unique_ptr<Link> first(new MemoryLink(pair, 0, name));
  std::unique_ptr<Link> second(new MemoryLink(pair, 1, name));
  return {std::move(first), std::move(second)};
}

MemoryLink::~MemoryLink() {
  if (forked()) return;
  close();
  const std::lock_guard lock(mine().mutex);
  mine().bell = nullptr;
  mine().link = nullptr;
  mine().exposed.clear();
}

void MemoryLink::forget_exposed(std::uint64_t generation) noexcept {
  const std::lock_guard lock(mine().mutex);
  mine().exposed.erase(generation);
}

Result<RemoteSpan> MemoryLink::expose(const Region& region, Access access) {
  auto generation = remember_exposed();
  if (!generation) return generation.error();
  {
    const std::lock_guard lock(mine().mutex);
    mine().exposed[*generation] = {region.bytes(), access};
  }
  RemoteSpan span;
  span.length = region.bytes().size();
  span.generation = *generation;
  span.access = access;
  return span;
}

Result<RemoteRegion> MemoryLink::attach(RemoteSpan span) {
  if (forked()) return forked_link();
  Exposed exposed{};
  {
    const std::lock_guard lock(other().mutex);
    const auto found = other().exposed.find(span.generation);
    if (found != other().exposed.end()) exposed = found->second;
  }
  if (exposed.memory.data() == nullptr || span.access != exposed.access || span.offset > exposed.memory.size() ||
      span.length > exposed.memory.size() - span.offset) {
    return Error(Code::corrupted, "cannot attach a region").peer(peer().name).because("it exposed no such span");
  }
  return remember_attached(span, exposed.memory.subspan(span.offset, span.length), std::move(span.owner));
}

Result<void> MemoryLink::progress() {
  if (forked()) return forked_link();
  take_revocations();
  return {};
}

Result<void> MemoryLink::attach_bell(Bell* bell) {
  if (forked()) return forked_link();
  const std::lock_guard lock(mine().mutex);
  mine().bell = bell;
  // Whoever attaches after the end must still see it.
  if (bell != nullptr && peer_state() != PeerState::alive) bell->ring();
  return {};
}

void MemoryLink::ring(End& end) noexcept {
  const std::lock_guard lock(end.mutex);
  if (end.bell != nullptr) end.bell->ring();
}

void MemoryLink::wake() noexcept {
  if (!forked()) ring(other());
}

void MemoryLink::close() noexcept {
  if (forked() || !end(PeerState::closed)) return;
  for (End* one : {&other(), &mine()}) {
    const std::lock_guard lock(one->mutex);
    if (one == &other() && one->link != nullptr) one->link->end(PeerState::closed);
    if (one->bell != nullptr) one->bell->ring();
  }
}

}  // namespace psyne::inline v0
