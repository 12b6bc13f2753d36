#include <psyne/core/log/log.hpp>
#include <psyne/core/process/fork_epoch.hpp>
#include <psyne/transports/stream/link/departing_stream.hpp>
#include <psyne/transports/stream/link/stream_link.hpp>

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string>
#include <utility>

namespace psyne::inline v0 {

namespace {

constexpr std::uint32_t inline_bytes = 4096;
/// System calls of one progress() that finds more and more.
constexpr int most_reads = 16;
/// How often progress() finds something without a sleep in between before nobody watches the socket any more. A sleep
/// after it costs 1.5 us more: 25 ns for each.
constexpr std::uint32_t finds_of_the_sleepless = 64;

/// Whether a connection ended so because nothing was heard of the peer's host.
bool is_silence(int error) noexcept {
  return error == ETIMEDOUT || error == EHOSTUNREACH || error == ENETUNREACH || error == EHOSTDOWN ||
         error == ENETDOWN || error == ENONET;
}

}  // namespace

StreamLink::StreamLink(std::shared_ptr<LifeLine> line, std::shared_ptr<ByteStream> stream, Identity peer,
                       const StreamSettings& settings)
    : Work([](Work& self) noexcept { static_cast<StreamLink&>(self).look_again(); }),
      line_(std::move(line)),
      stream_(std::move(stream)),
      holds_(stream_->is_secure()),
      peeks_(stream_->peeks()),
      capabilities_{.mapped = false,
                    .exposes_plain_memory = true,
                    .counters = counters,
                    .inline_bytes = inline_bytes,
                    .lends = true,
                    .redirects = true,
                    .post_cost_ns = settings.post_cost_ns,
                    .latency_ns = settings.latency_ns,
                    .bandwidth_gbs = settings.bandwidth_gbs},
      peer_(std::move(peer)),
      most_queued_(settings.queue) {}

StreamLink::~StreamLink() {
  if (forked()) return;
  if (session_) session_->leave();
  const bool was_broken = broken();
  close();
  if (!started_.load(std::memory_order_relaxed)) return;
  {
    const std::lock_guard lock(watch_lock_);
    leaving_ = true;
  }
  static_cast<void>(service_->cancel(*timer_));
  line_->unwatch();
  if (give_up_timer_) static_cast<void>(service_->cancel(*give_up_timer_));
  if (was_broken) return;
  if (peer_state() == PeerState::closed) depart(line_, std::move(stream_), queue_.take_rest());
}

Error StreamLink::forked_link() const { return forked_error("cannot use the link to " + peer_.name); }

Result<void> StreamLink::usable() const {
  if (forked()) return forked_link();
  switch (peer_state()) {
    case PeerState::alive:
      if (leaves_.load(std::memory_order_relaxed)) return Code::closed;
      return started_.load(std::memory_order_relaxed) ? Result<void>() : Code::invalid_state;
    case PeerState::closed: return Code::closed;
    case PeerState::lost:
      return Error(Code::peer_lost, "cannot write to a peer").peer(peer_.name).because("its connection broke off");
    case PeerState::unreachable: break;
  }
  return Error(Code::peer_unreachable, "cannot write to a peer")
      .peer(peer_.name)
      .because("nothing is heard of it any more")
      .mend("Look into the network between here and there.");
}

// What is exposed.

Result<RemoteSpan> StreamLink::expose(const Region& region, Access access) {
  if (forked()) return forked_link();
  const std::lock_guard lock(receive_mutex_);
  if (exposed_.size() >= AttachedRegions::most) {
    return Error(Code::exhausted, "cannot expose another region").peer(peer_.name).mend("Revoke some first.");
  }
  exposed_.emplace(++generations_, Exposed{.memory = region.bytes(), .access = access});
  RemoteSpan span;
  span.length = region.bytes().size();
  span.generation = generations_;
  span.access = access;
  return span;
}

Result<void> StreamLink::revoke(const RemoteSpan& span) {
  if (forked()) return forked_link();
  {
    const std::lock_guard lock(receive_mutex_);
    const auto found = exposed_.find(span.generation);
    if (found == exposed_.end()) return Error(Code::invalid_argument, "cannot revoke a span that is not exposed here");
    if (found->second.acknowledged || peer_state() != PeerState::alive) {
      exposed_.erase(found);
      return {};
    }
    if (std::exchange(found->second.asked, true)) return Code::would_block;
  }
  send({.kind = Frame::Kind::revoke, .generation = span.generation});
  return Code::would_block;
}

Result<RemoteRegion> StreamLink::attach(RemoteSpan span) {
  if (forked()) return forked_link();
  acknowledge_revocations();
  return attached_.attach(span, *this);
}

void StreamLink::acknowledge_revocations() {
  if (!revoked_.exchange(false, std::memory_order_acquire)) return;
  std::vector<std::uint64_t> generations;
  {
    const std::lock_guard lock(receive_mutex_);
    generations.swap(revocations_);
  }
  for (const std::uint64_t generation : generations) {
    attached_.revoke(generation);
    send({.kind = Frame::Kind::acknowledge, .flags = Frame::wake, .generation = generation});
  }
  bool never_reads = false;
  {
    const std::lock_guard lock(send_mutex_);
    never_reads = queue_.frames() > 2 * AttachedRegions::most;
  }
  if (!never_reads) return;
  logging::write(logging::Level::warn, "stream", "cut off ", peer_.name,
                 ", which takes back and back and reads nothing");
  const std::lock_guard lock(receive_mutex_);
  end(PeerState::lost);
}

// Writing.

Result<Token> StreamLink::post(std::span<const Put> puts, const Signal& signal) {
  if (auto state = usable(); !state) return state.error();
  if (auto fits = check_post(*this, puts, signal); !fits) return fits.error();
  const std::lock_guard lock(send_mutex_);
  if (turned_ != Turned::none && (turned_ == Turned::all || !puts.empty())) [[unlikely]] {
    turned_away_ = true;
    return Code::would_block;
  }
  if (queue_.posts() >= most_queued_) {
    write();
    if (queue_.posts() >= most_queued_) {
      turned_away_ = true;
      return Code::would_block;
    }
  }
  if (signal.counter != Signal::none && puts.empty()) told_[signal.counter] = signal.value;
  const Token token = ++posted_;
  Frame last;
  tell(signal, last);
  for (std::size_t place = 0; place < puts.size(); ++place) {
    std::span<const std::byte> rest = puts[place].local;
    Frame frame{.generation = puts[place].remote->generation(), .offset = puts[place].offset};
    const bool is_last = place + 1 == puts.size();
    while (rest.size() > Frame::longest || (!is_last && !rest.empty())) {
      const std::size_t part = std::min<std::size_t>(rest.size(), Frame::longest);
      frame.length = static_cast<std::uint32_t>(part);
      if (part == rest.size()) tell(puts[place].early, frame);
      queue_.push(frame, rest.first(part), token, false);
      frame.offset += part;
      rest = rest.subspan(part);
    }
    if (!is_last) continue;
    last.length = static_cast<std::uint32_t>(rest.size());
    last.generation = frame.generation;
    last.offset = frame.offset;
    queue_.push(last, rest, token, true);
  }
  if (puts.empty()) queue_.push(last, {}, token, true);
  if (!stalled_.load(std::memory_order_relaxed)) write();
  if (!queue_.empty()) {
    queue_.keep([&](std::span<const std::byte> payload) {
      return std::ranges::any_of(puts, [&](const Put& put) {
        return put.raw && payload.data() >= put.local.data() && payload.data() < put.local.data() + put.local.size();
      });
    });
  }
  return token;
}

void StreamLink::tell(const Signal& signal, Frame& by) noexcept {
  by.flags = static_cast<std::uint8_t>((signal.wake ? Frame::wake : 0) | (signal.attend ? Frame::attend : 0));
  if (signal.counter == Signal::none) return;
  by.counter = static_cast<std::uint16_t>(signal.counter);
  by.value = signal.value;
  signalled_[signal.counter] = std::max(signalled_[signal.counter], signal.value);
}

void StreamLink::moved(std::span<const std::byte> from, const std::byte* to) noexcept {
  if (forked()) return;
  const std::lock_guard lock(send_mutex_);
  queue_.moved(from, to);
}

// Under send_mutex_: as much as there is room for; the rest by the service thread.
void StreamLink::write() noexcept {
  if (turned_ == Turned::all) return;
  const FrameQueue::Write how = queue_.write(*stream_);
  if (how == FrameQueue::Write::failed) {
    // The kernel says once why it gave a connection up, to whoever calls first; who reads then finds just an end.
    if (is_silence(errno)) silence_ = errno;
    // The peer's last words may still be there to be read: whoever reads them finds the end behind them.
    queue_.clear();
    shutdown(line_->get(), SHUT_WR);
    if (turned_away_) ring_service();
    turned_away_ = false;
  }
  written_.store(queue_.written(), std::memory_order_release);
  const bool stalled = how == FrameQueue::Write::no_room || (holds_ && !stream_->flush());
  if (stalled != stalled_.load(std::memory_order_relaxed)) {
    stalled_.store(stalled, std::memory_order_relaxed);
    stalled ? watch(EPOLLOUT, 0) : watch(0, EPOLLOUT);
  }
  if (turned_away_ && queue_.posts() < most_queued_) {
    turned_away_ = false;
    ring_service();
  }
}

// A frame of the link's own: one for each region at most, but for those that a peer asks for.
void StreamLink::send(const Frame& frame) noexcept {
  const std::lock_guard lock(send_mutex_);
  send_now(frame);
}

// Under send_mutex_.
void StreamLink::send_now(const Frame& frame) noexcept {
  if (turned_ == Turned::all || leaves_.load(std::memory_order_relaxed)) return;
  queue_.push(frame, {}, 0, false);
  if (!stalled_.load(std::memory_order_relaxed)) write();
}

void StreamLink::wake() noexcept {
  if (forked() || !usable()) return;
  const std::lock_guard lock(send_mutex_);
  if (turned_ == Turned::all || queue_.wake_with_last()) return;
  queue_.push({.flags = Frame::wake}, {}, 0, false);
  if (!stalled_.load(std::memory_order_relaxed)) write();
}

// Reading.

Result<void> StreamLink::progress() {
  if (forked()) return forked_link();
  if (!started_.load(std::memory_order_relaxed)) return {};
  if (read(false) && !service_->here() && ++finds_ == finds_of_the_sleepless) [[unlikely]]
    look_alone();
  if (revoked_.load(std::memory_order_relaxed)) [[unlikely]]
    acknowledge_revocations();
  if (stalled_.load(std::memory_order_relaxed)) [[unlikely]] {
    const std::lock_guard lock(send_mutex_);
    write();
  }
  return {};
}

// Whether there was something. `all`: until there is nothing; else as much as is worth it, by who comes again.
bool StreamLink::read(bool all) noexcept {
  const bool on_service = service_->here();
  if (!on_service) driven_.store(true, std::memory_order_relaxed);
  std::unique_lock lock(receive_mutex_, std::defer_lock);
  if (all) {
    lock.lock();
  } else if (!lock.try_lock()) {
    return false;  // another is at it
  }
  on_service_ = on_service;
  bool more = !broken();
  bool found = false;
  const bool landed = redirection_.landed();
  for (int turn = 0; more && peer_state() == PeerState::alive && (all || turn < most_reads); ++turn) {
    if (!all && redirection_.landed() != landed) break;  // what follows may have a buffer to go to as well
    switch (peeks_ && !on_service && !redirection_.guesses() ? reader_.look(*stream_, *this)
                                                             : reader_.read(*stream_, *this)) {
      case FrameReader::Read::some: found = true; continue;
      case FrameReader::Read::drained:
        found = true;
        more = all;
        continue;
      case FrameReader::Read::nothing: return found;
      case FrameReader::Read::ended: ended(); return true;
      case FrameReader::Read::failed: broke_off(errno); return true;
      case FrameReader::Read::corrupted:
        logging::write(logging::Level::warn, "stream", "cut off ", peer_.name, ", which sent what no link sends");
        end(PeerState::lost);
        return true;
    }
  }
  if (!broken() && holds_ && stream_->holds_unread()) ring();  // else who sleeps next would sleep on it
  return found;
}

// After a goodbye nothing of this matters.
void StreamLink::ended() noexcept {
  int silence = 0;
  {
    const std::lock_guard lock(send_mutex_);
    silence = silence_;
  }
  silence != 0 ? broke_off(silence) : part(PeerState::lost);
}

// Who holds the lock leaves nothing of what was seen: the service thread, or one that is about to settle as well.
void StreamLink::settle() noexcept {
  if (forked()) return;
  finds_ = 0;
  if (looks_alone_.load(std::memory_order_relaxed)) [[unlikely]]
    look_no_more_alone();
  if (!peeks_) return;
  const std::unique_lock lock(receive_mutex_, std::try_to_lock);
  if (lock) reader_.settle(*stream_);
}

void StreamLink::broke_off(int error) noexcept {
  const auto why = stream_->failure();
  logging::write(logging::Level::info, "stream", "the connection to ", peer_.name,
                 " broke off: ", why ? *why : system_error(error, "cannot read"));
  part(is_silence(error) ? PeerState::unreachable : PeerState::lost);
}

void StreamLink::redirect(const RemoteSpan& span, const Redirect& redirect) {
  if (forked()) return;
  const std::lock_guard lock(receive_mutex_);
  redirection_.begin(span.generation, redirect);
  // Its first bytes may have come behind the message before.
  const auto under_way = reader_.under_way();
  if (!under_way) return;
  if (const auto place = redirection_.place(*under_way)) reader_.relocate(*place);
}

// The service thread may read what comes next, which may land there as well.
std::optional<Redirected> StreamLink::redirected() const noexcept {
  const std::lock_guard lock(receive_mutex_);
  if (!redirection_.landed()) return {};
  return Redirected{.offset = redirection_.put()->offset, .bytes = redirection_.put()->length};
}

void StreamLink::end_redirect(bool taken) noexcept {
  if (forked()) return;
  const std::lock_guard lock(receive_mutex_);
  if (redirection_.put() && !taken) {
    if (const auto place = place_in_region(*redirection_.put())) {
      if (redirection_.landed()) {
        std::memcpy(place->data(), redirection_.bytes().data(), place->size());
      } else {
        reader_.relocate(*place);
      }
    }
  }
  redirection_.end();
}

std::optional<std::span<std::byte>> StreamLink::place(const Frame& frame) noexcept {
  const auto place = place_in_region(frame);
  if (!place) return {};
  const auto elsewhere = redirection_.place(frame);
  return elsewhere ? elsewhere : place;
}

std::optional<std::span<std::byte>> StreamLink::place_in_region(const Frame& frame) const noexcept {
  const auto found = exposed_.find(frame.generation);
  if (found == exposed_.end() || found->second.access != Access::write || found->second.acknowledged) return {};
  const std::span<std::byte> memory = found->second.memory;
  if (frame.offset > memory.size() || frame.length > memory.size() - frame.offset) return {};
  return memory.subspan(frame.offset, frame.length);
}

FrameSink::Next StreamLink::came(const Frame& frame) noexcept {
  switch (frame.kind) {
    case Frame::Kind::put:
#ifdef __SANITIZE_THREAD__
    {
      // It takes the bytes of sendmsg for read when that has returned, by when the peer may have answered: wait for
      // that.
      const std::lock_guard returned(send_mutex_);
    }
#endif
      redirection_.came(frame);
      if (frame.counter != Frame::no_counter) {
        if (frame.counter >= counters) return Next::cut_off;
        std::atomic<std::uint64_t>& counter = counters_[frame.counter];
        if (session_ && frame.value < counter.load(std::memory_order_relaxed)) return Next::cut_off;
        counter.store(frame.value, std::memory_order_release);  // what landed before comes first
      }
      break;
    case Frame::Kind::revoke:
      if (session_ && std::ranges::find(revocations_, frame.generation) != revocations_.end()) break;  // again
      if (revocations_.size() >= AttachedRegions::most) return Next::cut_off;
      revocations_.push_back(frame.generation);
      revoked_.store(true, std::memory_order_release);
      ring();
      break;
    case Frame::Kind::acknowledge:
      if (!acknowledged(frame.generation)) return Next::cut_off;
      break;
    case Frame::Kind::goodbye:
      if (session_) say_goodbye();  // see leave()
      end(PeerState::closed);
      return Next::nothing;
    default: return Next::cut_off;
  }
  // Who reads for itself is awake; the service thread reads for who may sleep.
  if ((frame.flags & Frame::wake) != 0 && on_service_) ring();
  if ((frame.flags & Frame::attend) != 0) ring_service();
  return (frame.flags & ~(Frame::wake | Frame::attend)) == 0 ? Next::more : Next::cut_off;
}

bool StreamLink::acknowledged(std::uint64_t generation) noexcept {
  const auto found = exposed_.find(generation);
  if (found == exposed_.end() || !found->second.asked) return false;
  found->second.acknowledged = true;
  return true;
}

}  // namespace psyne::inline v0
