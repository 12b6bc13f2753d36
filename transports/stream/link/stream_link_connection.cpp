#include <psyne/core/log/log.hpp>
#include <psyne/transports/stream/link/stream_link.hpp>

#include <sys/epoll.h>
#include <sys/socket.h>

#include <algorithm>
#include <string>
#include <utility>

// The connection of a link: how it is watched, breaks, is followed by another, and ends.

namespace psyne::inline v0 {

namespace {

constexpr std::uint32_t always = EPOLLRDHUP | EPOLLET;
constexpr auto first_pause = std::chrono::milliseconds(2);
constexpr auto longest_pause = std::chrono::milliseconds(16);

std::int64_t milliseconds_since(Deadline time) {
  return std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - time).count();
}

}  // namespace

Result<void> StreamLink::start(std::vector<std::byte> first) {
  auto service = Service::process();
  if (!service) return service.error();
  service_ = *service;
  timer_.emplace(static_cast<Work&>(*this), service_->executor());
  if (session_) {
    giving_up_.emplace(*this);
    give_up_timer_.emplace(static_cast<Work&>(*giving_up_), service_->executor());
  }
  // What came behind the welcome is announced by nobody: the service thread comes round for it, as after a rest.
  const bool unread = holds_ && stream_->holds_unread();
  pause_ = first_pause;
  watched_ = always | (unread ? 0U : EPOLLIN) | (first.empty() ? 0U : EPOLLOUT);
  if (!first.empty()) {
    queue_.push(std::move(first));
    stalled_.store(true, std::memory_order_relaxed);
  }
  started_.store(true, std::memory_order_release);
  if (auto watched = line_->watch(watched_, *this); !watched) return watched;
  if (unread) service_->start(*timer_, Clock::now());
  return {};
}

// On the service thread.

void StreamLink::ready(int /*descriptor*/, std::uint32_t events) noexcept {
  if ((events & EPOLLOUT) != 0) {
    const std::lock_guard lock(send_mutex_);
    write();
  }
  const bool ends = (events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) != 0;
  if (!ends && (events & EPOLLIN) == 0) return;
  if (ends || !driven_.exchange(false, std::memory_order_relaxed)) {
    read(true);
    return;
  }
  watch(0, EPOLLIN);
  look_away();
  rest(first_pause);
}

void StreamLink::look_again() noexcept {
  if (peer_state() != PeerState::alive || broken()) return;
  const bool driven = driven_.exchange(false, std::memory_order_relaxed);
  const bool watched = driven ? look_away() : watch(EPOLLIN, 0);
  if (!watched) {
    watch(0, EPOLLIN);
    const std::lock_guard lock(send_mutex_);
    if (stalled_.load(std::memory_order_relaxed)) write();
  }
  if (!watched || (holds_ && stream_->holds_unread())) read(true);
  // Last: who destroys the link waits for no more than that the timer is not set.
  if (driven || !watched) rest(std::min<std::chrono::nanoseconds>(2 * pause_, longest_pause));
}

void StreamLink::rest(std::chrono::nanoseconds pause) noexcept {
  const std::lock_guard lock(watch_lock_);
  if (leaving_) return;
  pause_ = pause;
  service_->start(*timer_, Clock::now() + pause);
}

// What came before the change is told of anew: by edges, a change looks. What was suspended, as it is only while the
// timer is set, may find no memory to be watched: look_again() tries anew, and meanwhile reads and writes itself.
bool StreamLink::watch(std::uint32_t add, std::uint32_t remove) noexcept {
  const std::lock_guard lock(watch_lock_);
  watched_ = (watched_ | add) & ~remove;
  return line_->rewatch(watched_).has_value();
}

// While its reader looks and looks and does not sleep, nobody is to be woken. To be watched nevertheless costs each
// packet a lock and a call for each epoll set: 4 % of 8 B one way, 3 % of 64 KiB, 2 % of streams of 1 MiB.

void StreamLink::look_alone() noexcept {
  const std::lock_guard lock(bell_mutex_);
  if (peer_state() != PeerState::alive || broken()) return;
  if (bell_ != nullptr) bell_->unwatch(line_->get());
  looks_alone_.store(true, std::memory_order_relaxed);
}

// Before a sleep. What has come since is told at once: by levels, to begin to watch looks.
void StreamLink::look_no_more_alone() noexcept {
  const std::lock_guard lock(bell_mutex_);
  if (!looks_alone_.exchange(false, std::memory_order_relaxed) || bell_ == nullptr) return;
  if (!bell_->watch(line_->get())) bell_->ring();  // nobody sleeps on what is not watched
}

// The service thread, which looks again. False: it ought to watch, and cannot.
bool StreamLink::look_away() noexcept {
  const std::lock_guard lock(watch_lock_);
  if ((watched_ & (EPOLLIN | EPOLLOUT)) != 0) return line_->rewatch(watched_).has_value();
  if (looks_alone_.load(std::memory_order_relaxed)) line_->suspend();
  return true;
}

// Connections that break.

void StreamLink::outlive(std::shared_ptr<stream::Session> session, std::chrono::nanoseconds patience) {
  session_ = std::move(session);
  patience_ = patience;
  outlives_ = true;
}

std::optional<Deadline> StreamLink::broken_since() const noexcept {
  const Deadline since = broken_since_.load(std::memory_order_acquire);
  return since == Deadline{} ? std::nullopt : std::optional(since);
}

// Under receive_mutex_: the connection has ended without a goodbye. Its socket stays until there is another, shut.
void StreamLink::part(PeerState how) noexcept {
  if (!outlives_) return end(how);
  if (broken() || peer_state() != PeerState::alive) return;
  const Deadline now = Clock::now();
  broken_as_ = how;
  broken_since_.store(now, std::memory_order_release);
  reader_ = FrameReader();
  redirection_.lost();
  {
    const std::lock_guard lock(send_mutex_);
    turned_ = Turned::all;
    asks_.store(false, std::memory_order_relaxed);
    queue_.clear();
    written_.store(queue_.written(), std::memory_order_release);
    silence_ = 0;
    stalled_.store(false, std::memory_order_relaxed);
    shutdown(line_->get(), SHUT_RDWR);
  }
  {
    const std::lock_guard lock(bell_mutex_);
    looks_alone_.store(false, std::memory_order_relaxed);
    if (bell_ != nullptr) bell_->unwatch(line_->get());
  }
  const std::lock_guard lock(watch_lock_);
  watched_ = EPOLLET;  // it is hung up for ever: told once
  static_cast<void>(line_->rewatch(watched_));
  if (!leaving_) service_->start(*give_up_timer_, now + patience_);
  logging::write(logging::Level::info, "stream", "the connection to ", peer_.name,
                 " is broken; another one is awaited");
}

// What is still to be read comes first: it may be a goodbye.
std::optional<stream::Standing> StreamLink::stand() {
  if (!started_.load(std::memory_order_relaxed)) return {};
  if (!broken()) read(true);
  const std::lock_guard lock(receive_mutex_);
  if (!broken()) part(PeerState::lost);
  if (peer_state() != PeerState::alive) return {};
  stream::Standing standing;
  for (std::uint32_t index = 0; index < counters; ++index) {
    standing.has[index] = counters_[index].load(std::memory_order_relaxed);
  }
  const std::lock_guard sending(send_mutex_);
  standing.told = told_;
  return standing;
}

// Under both locks. A peer that lies about what it told harms what checks that: whoever reads the counters.
Result<void> StreamLink::check(const stream::Standing& theirs) const {
  for (std::uint32_t index = 0; index < counters; ++index) {
    if (theirs.has[index] > signalled_[index] || theirs.has[index] < theirs_.has[index]) {
      return Error(Code::corrupted, "cannot go on with a link")
          .peer(peer_.name)
          .because(theirs.has[index] > signalled_[index] ? "it says that it has what was never sent"
                                                         : "it says that it has less than it had");
    }
  }
  return {};
}

Result<void> StreamLink::resume(std::shared_ptr<LifeLine> line, std::shared_ptr<ByteStream> stream,
                                const stream::Standing& theirs, std::vector<std::byte> first) {
  static_cast<void>(service_->cancel(*timer_));
  {
    const std::lock_guard lock(receive_mutex_);
    if (!broken()) return Error(Code::closed, "cannot go on with a link").because("it has ended");
    const Deadline since = broken_since_.load(std::memory_order_relaxed);
    {
      const std::lock_guard sending(send_mutex_);
      if (auto good = check(theirs); !good) {
        end(PeerState::lost);
        return good;
      }
      static_cast<void>(service_->cancel(*give_up_timer_));
      theirs_ = theirs;
      for (std::uint32_t index = 0; index < counters; ++index) {
        const std::uint64_t has = counters_[index].load(std::memory_order_relaxed);
        counters_[index].store(std::max(has, theirs.told[index]), std::memory_order_release);
      }
      if (!first.empty()) queue_.push(std::move(first));
      for (const auto& [generation, exposed] : exposed_) {
        if (!exposed.asked || exposed.acknowledged) continue;
        queue_.push({.kind = Frame::Kind::revoke, .generation = generation}, {}, 0, false);
      }
      if (leaves_.load(std::memory_order_relaxed)) queue_.push({.kind = Frame::Kind::goodbye}, {}, 0, false);
      stalled_.store(!queue_.empty(), std::memory_order_relaxed);
      turned_away_ = false;
      turned_ = Turned::puts;
      asks_.store(true, std::memory_order_release);
      broken_since_.store(Deadline{}, std::memory_order_release);
      driven_.store(false, std::memory_order_relaxed);
      if (auto joined = join(std::move(line), std::move(stream)); !joined) {
        end(PeerState::lost);
        return joined;
      }
    }
    logging::write(logging::Level::info, "stream", "goes on with ", peer_.name, " by another connection after ",
                   milliseconds_since(since), " ms");
  }
  ring();
  ring_service();
  return {};
}

// Under both locks. What came behind the handshake is announced by nobody: whoever is rung looks.
Result<void> StreamLink::join(std::shared_ptr<LifeLine> line, std::shared_ptr<ByteStream> stream) {
  const std::lock_guard lock(bell_mutex_);
  stream_ = std::move(stream);
  const bool unread = holds_ && stream_->holds_unread();
  {
    const std::lock_guard watching(watch_lock_);
    line_->unwatch();
    line_.swap(line);
    pause_ = first_pause;
    watched_ = always | (unread ? 0U : EPOLLIN) | (queue_.empty() ? 0U : EPOLLOUT);
    if (auto watched = line_->watch(watched_, *this); !watched) return watched;
    if (unread) service_->start(*timer_, Clock::now());
  }
  return bell_ == nullptr ? Result<void>() : bell_->watch(line_->get());
}

std::optional<std::uint64_t> StreamLink::resumed(std::uint32_t counter) noexcept {
  if (!asks_.load(std::memory_order_acquire) || counter >= counters) return {};
  const std::lock_guard lock(send_mutex_);
  if (!asks_.exchange(false, std::memory_order_relaxed)) return {};
  turned_ = Turned::none;
  return theirs_.has[counter];
}

void StreamLink::give_up() {
  const std::lock_guard lock(receive_mutex_);
  if (broken()) end(broken_as_);
}

void StreamLink::refused(std::string why) {
  const std::lock_guard lock(receive_mutex_);
  if (!broken()) return;
  logging::write(logging::Level::info, "stream", peer_.name, " does not go on: ", why);
  refusal_ = std::move(why);
  end(broken_as_);
}

std::optional<std::string> StreamLink::refusal() const {
  return peer_state() == PeerState::alive ? std::nullopt : refusal_;
}

// Nobody comes back in between, which is on this thread.
bool StreamLink::refuse(std::string_view why) {
  {
    const std::lock_guard lock(receive_mutex_);
    if (!broken()) return false;
    end(broken_as_);
  }
  session_->refuse(std::string(why));
  return true;
}

void StreamLink::retire() {
  const std::lock_guard lock(receive_mutex_);
  outlives_ = false;
  if (broken()) end(broken_as_);
}

// Ends.

void StreamLink::close() noexcept {
  if (forked() || peer_state() != PeerState::alive) return;
  if (started_.load(std::memory_order_relaxed)) say_goodbye();
  const std::lock_guard lock(receive_mutex_);  // nothing is put into our regions from here on
  end(PeerState::closed);
}

void StreamLink::leave() noexcept {
  if (forked() || peer_state() != PeerState::alive) return;
  bool outlives = false;
  {
    const std::lock_guard lock(receive_mutex_);
    outlives = outlives_;
  }
  outlives ? say_goodbye() : close();
}

// The last frame: what is sent after it is not.
void StreamLink::say_goodbye() noexcept {
  const std::lock_guard lock(send_mutex_);
  send_now({.kind = Frame::Kind::goodbye});
  leaves_.store(true, std::memory_order_relaxed);
}

// Under receive_mutex_. The socket stays readable for ever now: nobody watches that any more, the bell is rung once.
void StreamLink::end(PeerState how) noexcept {
  PeerState alive = PeerState::alive;
  if (!state_.compare_exchange_strong(alive, how, std::memory_order_acq_rel)) return;
  broken_since_.store(Deadline{}, std::memory_order_release);
  if (peeks_) reader_.settle(*stream_);  // closed with something unread in it, the socket would be reset
  watch(0, EPOLLIN | EPOLLRDHUP);
  {
    const std::lock_guard lock(bell_mutex_);
    looks_alone_.store(false, std::memory_order_relaxed);
    if (bell_ != nullptr) {
      bell_->unwatch(line_->get());
      bell_->ring();
    }
  }
  ring_service();  // who waits for room need not
}

Result<void> StreamLink::attach_bell(Bell* bell) {
  if (forked()) return forked_link();
  const std::lock_guard lock(bell_mutex_);
  if (bell_ != nullptr && peer_state() == PeerState::alive) bell_->unwatch(line_->get());
  bell_ = nullptr;
  looks_alone_.store(false, std::memory_order_relaxed);
  if (bell == nullptr) return {};
  if (peer_state() != PeerState::alive) {
    bell->ring();  // whoever attaches after the end must still see it
  } else if (broken()) {
    // Watched when there is another connection.
  } else if (auto watched = bell->watch(line_->get()); !watched) {
    return watched.error();
  }
  if (holds_ && stream_->holds_unread()) bell->ring();
  bell_ = bell;
  return {};
}

Result<void> StreamLink::attach_service_bell(Bell* bell) {
  if (forked()) return forked_link();
  const std::lock_guard lock(bell_mutex_);
  service_bell_ = bell;
  return {};
}

void StreamLink::ring() noexcept {
  const std::lock_guard lock(bell_mutex_);
  if (bell_ != nullptr) bell_->ring();
}

void StreamLink::ring_service() noexcept {
  const std::lock_guard lock(bell_mutex_);
  if (service_bell_ != nullptr) service_bell_->ring();
}

}  // namespace psyne::inline v0
