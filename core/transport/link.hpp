#pragma once

#include <psyne/core/atomics/atomics.hpp>
#include <psyne/core/result/result.hpp>
#include <psyne/core/transport/post.hpp>
#include <psyne/core/transport/redirect.hpp>
#include <psyne/core/transport/region.hpp>
#include <psyne/core/transport/remote.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace psyne::inline v0 {

class Bell;

/// Who is at the other end, as the kernel or the handshake told it; for people and for errors.
struct Identity {
  std::int64_t pid = 0;
  std::string name;  ///< "pid 812", "node-3 of simulation 7"
};

enum class PeerState : std::uint8_t {
  alive,
  closed,      ///< it said that it is done
  lost,        ///< it is gone: the kernel says so, its own or ours
  unreachable  ///< nothing is heard of it any more, and the link is given up; it may live
};

/// What a link can do, told before it is used. Latency and bandwidth are estimates to choose by.
struct Capabilities {
  bool mapped = false;                ///< attach() gives plain pointers
  bool exposes_plain_memory = false;  ///< expose() takes regions that are not shareable
  std::uint32_t counters = 0;         ///< counters of each side, numbered from 0
  std::uint32_t inline_bytes = 0;     ///< puts up to this size may come from raw bytes
  bool lends = false;                 ///< puts may come from any memory that stays until completed() or moved()
  bool redirects = false;             ///< what the peer puts can land elsewhere
  double post_cost_ns = 0;            ///< of the thread that posts, beside the bytes; 0: a store, and small posts
                                      ///< are not gathered
  double latency_ns = 0;
  double bandwidth_gbs = 0;
};

/// One connection to one peer: moves bytes into the peer's memory and tells it so. Everything above a transport is
/// written against this, and `tests/conformance` is its contract.
///
/// Promises: all puts of a post land before the peer sees its signal, as do all puts of earlier posts of this link. A
/// counter lives at the one who waits for it and only the peer writes it; values only grow, and are compared
/// cyclically. The end of a link never loses what was signalled before it: counters and regions stay readable.
///
/// A queue that was full says when it is not: after a post met would_block, the service bell rings once a post can
/// succeed. So whoever has news for the peer posts the newest, and does it again at the ring: state, not messages.
///
/// A link may outlive its connection. While it has none, every queue is full and the peer is alive; when it has
/// another, both bells ring at both ends. Then posts that had not landed are gone, as if they had never been; a part of
/// a put may have landed. What was signalled by posts without puts the link itself tells again, in its newest value.
/// What else is to be told again is known to whoever posted it: posts with puts stay turned away until he has asked, by
/// resumed(), how far the peer is. Who signals less than before on such a link is lost to its peer. An end may refuse()
/// to go on: then the other is lost to it at once, and hears why when it comes back.
///
/// Threads: expose, attach, post, completed, moved, the redirects, resumed and progress by one thread at a time; refuse
/// by the service thread; counter, peer_state, broken_since, refusal, capabilities, peer, the bells and wake by any
/// thread at any time. No call blocks, and none calls back.
class Link {
 public:
  virtual ~Link() = default;

  /// Lets the peer put into, or map, `region`, which must outlive the link or the completed revoke of the span.
  /// Errors: unsupported, where this transport can expose only shareable memory or this access.
  virtual Result<RemoteSpan> expose(const Region& region, Access access) = 0;
  /// Takes it back. Ends with success once the peer has acknowledged (in its progress) or is gone: until then
  /// would_block, call again. After that the peer's puts into it are refused to it, and a late attach as well.
  virtual Result<void> revoke(const RemoteSpan& span) = 0;
  /// Takes a span that the peer exposed, once. Errors: corrupted, where the span is not what it claims; exhausted.
  virtual Result<RemoteRegion> attach(RemoteSpan span) = 0;

  /// Puts, then the signal. Errors: would_block when the queue is full (nothing was done), peer_lost, closed,
  /// invalid_argument (outside of the region, or not writable).
  virtual Result<Token> post(std::span<const Put> puts, const Signal& signal) = 0;
  /// Whether the memory of that post, and of all before it, is no longer read.
  virtual bool completed(Token token) const = 0;
  /// Where capabilities().lends: what posts put from `from` lies at `to` as well; `from` is not read any more when this
  /// returns.
  virtual void moved(std::span<const std::byte> from, const std::byte* to) noexcept {
    static_cast<void>(from);
    static_cast<void>(to);
  }

  /// Where capabilities().redirects: one put into `span` lands elsewhere, see there. Until end_redirect(), or another.
  virtual void redirect(const RemoteSpan& span, const Redirect& redirect) {
    static_cast<void>(span);
    static_cast<void>(redirect);
  }
  /// That put, once all of it has landed: to be asked after a signal that came with it or later.
  virtual std::optional<Redirected> redirected() const noexcept { return {}; }
  /// Nothing lands elsewhere any more. What has is copied to where it was to go, unless it was `taken`.
  virtual void end_redirect(bool taken) noexcept { static_cast<void>(taken); }

  /// My counter `index`, below capabilities().counters: the last value that the peer signalled; 0 before. Acquires what
  /// was put before it.
  virtual std::uint64_t counter(std::uint32_t index) const = 0;

  /// Moves what is under way, and takes in wakes and revocations; call it after every sleep on the bell. The peer's end
  /// is no error here (peer_state tells it). Errors: forked.
  virtual Result<void> progress() = 0;

  /// The caller is about to sleep on its bell: what it has seen already does not end that sleep, and what comes from
  /// now on does. Who has called progress() calls this before each sleep, or may sleep through what comes; and looks
  /// once more after it. As progress() otherwise.
  virtual void settle() noexcept {}

  virtual PeerState peer_state() const = 0;
  /// Since when it has no connection, and waits for another; nothing where it has one.
  virtual std::optional<Deadline> broken_since() const noexcept { return {}; }
  /// Once after each time that it got another connection: what the peer's counter `counter` is. Nothing where that has
  /// not happened since.
  virtual std::optional<std::uint64_t> resumed(std::uint32_t counter) noexcept {
    static_cast<void>(counter);
    return {};
  }
  /// Ends it where it has no connection, as if the peer were gone. When that comes back it is told `why`, which is for
  /// people. False, and nothing was done, where it has a connection, or this transport cannot.
  virtual bool refuse(std::string_view why) {
    static_cast<void>(why);
    return false;
  }
  /// What the peer said when this end came back and it refused to go on; nothing where that is not how it ended.
  virtual std::optional<std::string> refusal() const { return {}; }
  virtual const Capabilities& capabilities() const = 0;
  virtual const Identity& peer() const = 0;

  /// From now on a signal with `wake`, and the end of the peer, ring `bell` (nullptr: none, which never fails). The
  /// bell outlives its attachment; the call returns when no ring of the old one is under way. A wake that came while no
  /// bell was attached may be lost: look once more after attaching. Errors: exhausted, and then none is attached.
  virtual Result<void> attach_bell(Bell* bell) = 0;
  /// From now on what cannot wait until this end calls again rings `bell`: room for a post after one met would_block,
  /// a signal with `attend`, and the end of a link that was left. It comes without anyone's progress(). Whoever answers
  /// it is always there: the service thread, or, while it lasts, a thread that waits. As attach_bell otherwise; after
  /// attaching, post once more. A mapped link never rings it: nothing queues there, and what is stored is seen.
  virtual Result<void> attach_service_bell(Bell* bell) = 0;
  /// Tells the peer's bell, as a signal with nothing but `wake`. Any thread.
  virtual void wake() noexcept = 0;

  /// Tells the peer that this end is done; what was posted still arrives. Idempotent; the destructor does it too.
  virtual void close() noexcept = 0;
  /// The same, to be followed by close(). A connection may break before the peer has heard it: where there may be
  /// another, peer_state() stays alive until the peer has answered, and nothing can be posted any more. Who waits for
  /// that calls progress(), and settle() before it sleeps, as ever; or has its service bell rung by it.
  virtual void leave() noexcept { close(); }
};

}  // namespace psyne::inline v0
