#pragma once

#include <psyne/core/atomics/short_lock.hpp>
#include <psyne/core/executor/work.hpp>
#include <psyne/core/process/fork_epoch.hpp>
#include <psyne/core/service/life_line.hpp>
#include <psyne/core/service/service.hpp>
#include <psyne/core/timer/timer_heap.hpp>
#include <psyne/core/transport/bell.hpp>
#include <psyne/core/transport/link.hpp>
#include <psyne/transports/region/attached_regions.hpp>
#include <psyne/transports/stream/link/byte_stream.hpp>
#include <psyne/transports/stream/link/frame_queue.hpp>
#include <psyne/transports/stream/link/frame_reader.hpp>
#include <psyne/transports/stream/link/frame_sink.hpp>
#include <psyne/transports/stream/link/redirection.hpp>
#include <psyne/transports/stream/link/stream_settings.hpp>
#include <psyne/transports/stream/resume/session.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace psyne::inline v0 {

/// A link over a stream of bytes, such as a TCP connection: a post is one write of its frames, and what comes is read
/// straight into its region.
///
/// Who reads: a thread that waits does so itself, in progress(), so that nothing hops from thread to thread; the socket
/// is watched by the bell that it sleeps on. While no thread does, the service thread reads, for there may be something
/// that cannot wait: a signal to attend to, or the end. It must not be woken by every frame that another thread reads:
/// so when it is, and finds that one has read since, it rests, and looks again after 2 ms, then 4, 8 and 16; when none
/// has read meanwhile, it watches again. So a signal to attend to, in the middle of what a thread that has gone off did
/// not read, waits up to 32 ms, and everything else for nobody.
///
/// A reader that finds something again and again, and does not sleep, looks alone: the socket is in no epoll set until
/// he settles before a sleep, or the service thread sees that he has gone off, which then learns that late of an end.
///
/// Who writes: whoever posts. What the socket has no room for stays in the queue, and the service thread writes it when
/// there is room. A stream that encrypts may hold bytes that nobody who watches the socket is told of: whoever leaves
/// some unread rings the bell, and whoever begins to watch looks first.
///
/// Where it outlives its connection (Resumable), it is broken from when that ended without a goodbye until it has
/// another, and ends when that took too long. What was under way is dropped: FrameQueue keeps nothing over it. A
/// goodbye is answered by one then, and said again by each connection until it was.
class StreamLink final : public Link,
                         public stream::Resumable,
                         private Service::Watcher,
                         private FrameSink,
                         private Work {
 public:
  static constexpr std::uint32_t counters = 32;

  /// `line`: the connected socket under `stream`, which is open.
  StreamLink(std::shared_ptr<LifeLine> line, std::shared_ptr<ByteStream> stream, Identity peer,
             const StreamSettings& settings);
  ~StreamLink() override;

  /// Live from now on: frames are read and written, and the end of the peer is seen. `first` leaves before all that is
  /// posted, after the service thread has returned from what it does now. Before this nothing but expose, attach and
  /// the bells. Service thread. Errors: exhausted.
  Result<void> start(std::vector<std::byte> first);

  Result<RemoteSpan> expose(const Region& region, Access access) override;
  Result<void> revoke(const RemoteSpan& span) override;
  Result<RemoteRegion> attach(RemoteSpan span) override;
  Result<Token> post(std::span<const Put> puts, const Signal& signal) override;
  bool completed(Token token) const override { return token <= written_.load(std::memory_order_acquire); }
  void moved(std::span<const std::byte> from, const std::byte* to) noexcept override;
  void redirect(const RemoteSpan& span, const Redirect& redirect) override;
  std::optional<Redirected> redirected() const noexcept override;
  void end_redirect(bool taken) noexcept override;
  std::uint64_t counter(std::uint32_t index) const override {
    return index < counters ? counters_[index].load(std::memory_order_acquire) : 0;
  }
  Result<void> progress() override;
  void settle() noexcept override;
  PeerState peer_state() const override { return state_.load(std::memory_order_acquire); }
  std::optional<Deadline> broken_since() const noexcept override;
  std::optional<std::uint64_t> resumed(std::uint32_t counter) noexcept override;
  bool refuse(std::string_view why) override;
  std::optional<std::string> refusal() const override;
  const Capabilities& capabilities() const override { return capabilities_; }
  const Identity& peer() const override { return peer_; }
  Result<void> attach_bell(Bell* bell) override;
  Result<void> attach_service_bell(Bell* bell) override;
  void wake() noexcept override;
  void close() noexcept override;
  void leave() noexcept override;

  void outlive(std::shared_ptr<stream::Session> session, std::chrono::nanoseconds patience) override;
  bool goes_on() const noexcept override { return peer_state() == PeerState::alive; }
  std::optional<stream::Standing> stand() override;
  Result<void> resume(std::shared_ptr<LifeLine> line, std::shared_ptr<ByteStream> stream,
                      const stream::Standing& theirs, std::vector<std::byte> first) override;
  void give_up() override;
  void refused(std::string why) override;
  void retire() override;

 private:
  struct Exposed {
    std::span<std::byte> memory;
    Access access = Access::read;
    bool asked = false;         // for taking it back
    bool acknowledged = false;  // the peer puts nothing into it any more
  };

  /// Ends it where it is still broken when it has been so for too long.
  struct GivingUp final : Work {
    explicit GivingUp(StreamLink& ended)
        : Work([](Work& self) noexcept { static_cast<GivingUp&>(self).link.give_up(); }), link(ended) {}
    StreamLink& link;
  };

  bool forked() const noexcept { return epoch_ != fork_epoch(); }
  bool broken() const noexcept { return broken_since_.load(std::memory_order_acquire) != Deadline{}; }
  Error forked_link() const;
  Result<void> usable() const;

  void ready(int descriptor, std::uint32_t events) noexcept override;
  void look_again() noexcept;
  void rest(std::chrono::nanoseconds pause) noexcept;
  bool watch(std::uint32_t add, std::uint32_t remove) noexcept;

  void look_alone() noexcept;
  void look_no_more_alone() noexcept;
  bool look_away() noexcept;

  bool read(bool all) noexcept;
  std::optional<std::span<std::byte>> place(const Frame& frame) noexcept override;
  std::optional<std::span<std::byte>> place_in_region(const Frame& frame) const noexcept;
  Guess guess() const noexcept override { return redirection_.guess(); }
  Next came(const Frame& frame) noexcept override;
  bool acknowledged(std::uint64_t generation) noexcept;
  void ended() noexcept;
  void broke_off(int error) noexcept;

  void tell(const Signal& signal, Frame& by) noexcept;
  void write() noexcept;
  void send(const Frame& frame) noexcept;
  void send_now(const Frame& frame) noexcept;
  void acknowledge_revocations();

  void part(PeerState how) noexcept;
  Result<void> check(const stream::Standing& theirs) const;
  Result<void> join(std::shared_ptr<LifeLine> line, std::shared_ptr<ByteStream> stream);
  void say_goodbye() noexcept;
  void end(PeerState how) noexcept;
  void ring() noexcept;
  void ring_service() noexcept;

  const std::uint32_t epoch_ = fork_epoch();
  // The connection; another one only under all of the locks, on the service thread.
  std::shared_ptr<LifeLine> line_;
  std::shared_ptr<ByteStream> stream_;
  const bool holds_;  // stream_ may hold bytes of its own
  const bool peeks_;
  const Capabilities capabilities_;
  const Identity peer_;
  const std::size_t most_queued_;
  std::array<std::atomic<std::uint64_t>, counters> counters_{};
  std::atomic<PeerState> state_{PeerState::alive};
  std::atomic<Token> written_{0};
  std::atomic<bool> started_{false};

  // Who reads has the next six.
  mutable std::mutex receive_mutex_;
  FrameReader reader_;
  Redirection redirection_;
  std::map<std::uint64_t, Exposed> exposed_;
  std::vector<std::uint64_t> revocations_;  // that are not acknowledged yet
  bool on_service_ = false;                 // the thread that reads now is the service's
  std::uint64_t generations_ = 0;

  // Where it outlives its connection.
  std::shared_ptr<stream::Session> session_;
  std::chrono::nanoseconds patience_{0};
  bool outlives_ = false;                           // under receive_mutex_
  std::atomic<Deadline> broken_since_{Deadline{}};  // changed under receive_mutex_
  PeerState broken_as_ = PeerState::lost;           // under receive_mutex_
  std::optional<std::string> refusal_;              // before its end
  std::atomic<bool> asks_{false};                   // resumed() was not asked since it resumed
  stream::Standing theirs_;                         // as of then
  std::optional<GivingUp> giving_up_;
  std::optional<Timer> give_up_timer_;

  std::mutex send_mutex_;                                                       // who writes
  enum class Turned : std::uint8_t { none, puts, all } turned_ = Turned::none;  // away, whatever room there is
  std::array<std::uint64_t, counters> signalled_{};
  std::array<std::uint64_t, counters> told_{};  // without puts
  FrameQueue queue_;
  Token posted_ = 0;
  int silence_ = 0;                  // why a write failed, where that was the silence of the peer's host
  std::atomic<bool> leaves_{false};  // goodbye was said, which each new connection begins with; set under send_mutex_
  bool turned_away_ = false;         // a post met would_block, and its poster was not told of room yet
  std::atomic<bool> stalled_{false};
  std::atomic<bool> revoked_{false};  // revocations_ has something

  AttachedRegions attached_;  // the link's thread
  std::uint32_t finds_ = 0;   // the link's thread: looks that found something since it settled

  std::mutex bell_mutex_;
  Bell* bell_ = nullptr;
  Bell* service_bell_ = nullptr;
  std::atomic<bool> looks_alone_{false};  // changed under bell_mutex_

  // What the service thread watches, and when it looks again.
  ShortLock<> watch_lock_;
  std::uint32_t watched_ = 0;
  bool leaving_ = false;
  std::atomic<bool> driven_{false};  // another thread has read since the service thread looked
  Service* service_ = nullptr;
  std::optional<Timer> timer_;
  std::chrono::nanoseconds pause_{0};
};

}  // namespace psyne::inline v0
