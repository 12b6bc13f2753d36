#include <psyne/transports/ipc/meeting/handshake.hpp>
#include <psyne/transports/ipc/meeting/meetings.hpp>

#include <sys/epoll.h>

#include <algorithm>
#include <string>
#include <utility>

namespace psyne::inline v0 {

namespace {

/// Taken in one after the other from one peer, so that one who talks without end holds nobody else up.
constexpr int most_packets = 16;

}  // namespace

class Meetings::Meeting final : public Service::Watcher {
 public:
  Meeting(Meetings& all, std::shared_ptr<LifeLine> line, std::int64_t pid, Ended ended)
      : deadline_(Clock::now() + patience),
        all_(all),
        line_(std::move(line)),
        handshake_(all.side_, all.host_, all.place_.uri(), line_, pid),
        ended_(std::move(ended)) {}

  ~Meeting() override {
    if (line_) line_->unwatch();
  }

  /// On an error the meeting is finished, and this object gone.
  void start() {
    auto hello = handshake_.hello();
    if (!hello) return fail(hello.error());
    if (auto watched = line_->watch(EPOLLIN, *this); !watched) return fail(watched.error());
    send(*hello);
  }

  void stall() {
    fail(Error(Code::timed_out, "cannot connect " + all_.place_.uri())
             .because("the other end began a handshake and did not go on within 5 seconds"));
  }

  /// Ends it because our own end goes.
  void abandon() {
    handshake_.miss(Error(Code::closed, "cannot connect " + all_.place_.uri()).because("we are closing"));
  }

  Deadline deadline() const noexcept { return deadline_; }
  void tell(Outcome outcome) const { ended_(outcome); }

 private:
  void ready(int /*descriptor*/, std::uint32_t /*events*/) noexcept override {
    for (int i = 0; i < most_packets; ++i) {
      auto packet = receive_packet(line_->get());
      if (!packet && packet.error() == Code::would_block) return;
      if (!packet && packet.error() == Code::peer_lost) {
        return fail(Error(Code::peer_lost, "cannot connect " + all_.place_.uri())
                        .because("the other end went during the handshake"));
      }
      if (!packet) return fail(packet.error());
      auto turn = handshake_.take(std::move(*packet));
      if (!turn) return fail(turn.error());
      if (turn->reply) send(*turn->reply);
      if (turn->linked) {
        line_.reset();  // watched by the link from now on
        return all_.finish(*this, Outcome::linked);
      }
    }
  }

  // A peer that is gone, or reads nothing, is found out by reading and by the deadline.
  void send(const Packet& packet) { static_cast<void>(!send_packet(line_->get(), packet)); }

  void fail(const Error& error) {
    if (handshake_.may_refuse()) send(encode_refusal(error));
    handshake_.miss(error);
    const bool broken = error == Code::peer_lost || error == Code::timed_out || error == Code::exhausted;
    all_.finish(*this, broken ? Outcome::broken : Outcome::refused);
  }

  Deadline deadline_;
  Meetings& all_;
  std::shared_ptr<LifeLine> line_;
  Handshake handshake_;
  Ended ended_;
};

Meetings::Meetings(Side side, Host& host, const Place& place) : side_(side), host_(host), place_(place) {}

Meetings::~Meetings() {
  for (const auto& meeting : meetings_) meeting->abandon();
}

void Meetings::begin(Descriptor socket, Ended ended) {
  auto peer = place_.admit(socket.get());
  if (!peer) {
    host_.missed(nullptr, peer.error());
    return ended(Outcome::refused);
  }
  auto line = std::make_shared<LifeLine>(std::move(socket));
  meetings_.push_back(std::make_unique<Meeting>(*this, std::move(line), peer->pid, std::move(ended)));
  meetings_.back()->start();
}

void Meetings::finish(Meeting& meeting, Outcome outcome) {
  const auto found = std::ranges::find(meetings_, &meeting, &std::unique_ptr<Meeting>::get);
  const auto gone = std::move(*found);
  meetings_.erase(found);
  gone->tell(outcome);
}

Deadline Meetings::next_deadline() const noexcept {
  Deadline next = no_deadline;
  for (const auto& meeting : meetings_) next = std::min(next, meeting->deadline());
  return next;
}

void Meetings::end_stalled(Deadline now) {
  for (;;) {
    const auto stalled =
        std::ranges::find_if(meetings_, [&](const auto& meeting) { return meeting->deadline() <= now; });
    if (stalled == meetings_.end()) return;
    (*stalled)->stall();
  }
}

}  // namespace psyne::inline v0
