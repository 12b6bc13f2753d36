#include <psyne/transports/stream/meeting/meeting.hpp>

#include <sys/epoll.h>
#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <utility>

namespace psyne::inline v0::stream {

namespace {

/// Reads in a row from one peer, so that one who talks without end holds nobody else up.
constexpr int most_reads = 64;

}  // namespace

Meeting::Meeting(Owner& owner, const Attendant& attendant, const Caller& caller, const MakeLink& make_link)
    : owner_(owner),
      uri_(attendant.uri),
      address_(caller.address),
      line_(caller.line),
      stream_(caller.stream),
      handshake_(attendant, caller, make_link) {}

Meeting::Meeting(Owner& owner, Reception& reception, const Caller& caller, const MakeLink& make_link)
    : owner_(owner),
      uri_(reception.uri()),
      address_(caller.address),
      line_(caller.line),
      stream_(caller.stream),
      handshake_(reception, caller, make_link) {}

Meeting::~Meeting() {
  if (state_ != State::linked) line_->unwatch();  // else it is watched by the link
}

void Meeting::start() {
  if (auto started = handshake_.start(); !started) return fail(started.error(), false);
  if (auto watched = line_->watch(EPOLLIN, *this); !watched) return fail(watched.error(), false);
  if (!open()) return;
  flush();
  // A peer that was quick has said more behind its part of the stream's handshake, of which the socket tells no more.
  if (stream_->holds_unread()) hear();
}

// Whether messages may go; if not yet, it is called again, or all is over.
bool Meeting::open() {
  if (open_) return true;
  switch (stream_->open()) {
    case ByteStream::Opening::open: open_ = true; return true;
    case ByteStream::Opening::going_on: flush(); break;
    case ByteStream::Opening::failed: broke_off(); break;
  }
  return false;
}

// The peer went, or broke what protects the connection.
void Meeting::broke_off() {
  open_ = false;
  const auto why = stream_->failure();
  if (!why) return fail(named(Code::peer_lost, "the other end went during the handshake"), true);
  fail(Error(why->code(), "cannot connect " + uri_)
           .peer(address_)
           .because(std::string(why->reason()))
           .mend(std::string(why->advice())),
       why->code() == Code::peer_lost);
}

void Meeting::stall() {
  if (state_ == State::parting) return owner_.over(*this);
  fail(named(Code::timed_out, "the other end began a handshake and did not go on within 5 seconds"), false);
}

void Meeting::abandon() {
  if (state_ == State::talking) static_cast<void>(handshake_.miss(named(Code::closed, "we are closing")));
}

void Meeting::ready(int /*descriptor*/, std::uint32_t /*events*/) noexcept {
  if (state_ == State::parting) return part();
  if (!open()) return;
  flush();
  hear();
}

void Meeting::hear() {
  for (int i = 0; i < most_reads; ++i) {
    const auto room = handshake_.room();
    const iovec into{room.data(), room.size()};
    const ssize_t got = stream_->read({&into, 1});
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return broke_off();
    const auto progress = handshake_.took(static_cast<std::size_t>(got));
    if (!progress) return fail(progress.error(), false);
    if (*progress == Handshake::Progress::linked) {
      state_ = State::linked;
      return owner_.over(*this);
    }
    flush();
  }
}

// Whether all that was to be sent went. A peer that is gone is found out by reading.
bool Meeting::flush() {
  const bool waited = std::exchange(waits_, false) || (open_ && !handshake_.unsent().empty());
  while (open_ && !handshake_.unsent().empty()) {
    const auto unsent = handshake_.unsent();
    const iovec from = piece(unsent);
    const ssize_t sent = stream_->write({&from, 1});
    if (sent <= 0) break;
    handshake_.sent(static_cast<std::size_t>(sent));
  }
  const bool all = stream_->flush() && (!open_ || handshake_.unsent().empty());
  waits_ = !all;
  if (waited || waits_) static_cast<void>(line_->rewatch(EPOLLIN | (all ? 0U : static_cast<std::uint32_t>(EPOLLOUT))));
  return all;
}

// The refusal leaves before the link goes, which ends the connection if it was live.
void Meeting::fail(const Error& error, bool gone) {
  handshake_.refuse(error);
  flush();
  const bool told = handshake_.miss(error);
  const bool stays = !gone && (handshake_.heard_hello() || stream_->failure());
  owner_.missed(*this, error, told);
  state_ = State::parting;
  deadline_ = Clock::now() + parting;
  // Anew: the link, if it was live, was watching.
  if (!stays || !line_->watch(EPOLLIN, *this)) return owner_.over(*this);
  part();
}

void Meeting::part() {
  if (flush()) shutdown(line_->get(), SHUT_WR);
  if (hung_up()) owner_.over(*this);
}

// Whether the peer has ended its side; what it still says is thrown away.
bool Meeting::hung_up() {
  std::array<std::byte, 4096> nowhere{};
  for (int i = 0; i < most_reads; ++i) {
    const ssize_t got = recv(line_->get(), nowhere.data(), nowhere.size(), MSG_DONTWAIT);  // encrypted or not
    if (got <= 0) return got == 0 || errno != EAGAIN;
  }
  return false;
}

Error Meeting::named(Code code, const char* why) const { return Error(code, "cannot connect " + uri_).because(why); }

}  // namespace psyne::inline v0::stream
