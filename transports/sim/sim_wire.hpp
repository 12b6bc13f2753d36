#pragma once

#include <psyne/core/transport/bell.hpp>
#include <psyne/core/transport/link.hpp>
#include <psyne/transports/sim/sim_settings.hpp>
#include <psyne/transports/sim/sim_time.hpp>

#include <array>
#include <atomic>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <vector>

namespace psyne::inline v0 {

/// What lies between the two ends of a simulated link: packets under way, in order per direction, and what each end
/// has exposed. Shared by the ends, so either may go first; what is under way then still arrives.
///
/// All members by any thread, one lock; it rings bells, and calls nobody else but the alarm. `side` is 0 or 1.
class SimWire {
 public:
  static constexpr std::uint32_t counters = 32;

  /// A part of a put, copied when it was posted.
  struct Piece {
    std::uint64_t generation = 0;
    std::uint64_t offset = 0;
    std::vector<std::byte> bytes;
  };
  struct Exposed {
    std::span<std::byte> memory;
    Access access = Access::read;
    bool asked = false;         // for taking it back
    bool acknowledged = false;  // the other end has given it up
  };

  static Result<std::shared_ptr<SimWire>> make(const SimSettings& settings, SimTime& time);

  PeerState state(std::size_t side) const noexcept { return ends_[side].state.load(std::memory_order_acquire); }
  std::uint64_t counter(std::size_t side, std::uint32_t index) const noexcept {
    return ends_[side].counter[index].load(std::memory_order_acquire);
  }
  bool completed(std::size_t side, Token token) const noexcept {
    return token <= ends_[side].completed.load(std::memory_order_acquire);
  }

  /// Sends pieces, then the signal. Errors: would_block, closed, peer_lost, peer_unreachable.
  Result<Token> post(std::size_t side, std::vector<Piece> pieces, const Signal& signal);
  /// See Link::resumed.
  std::optional<std::uint64_t> resumed(std::size_t side, std::uint32_t counter);
  std::optional<Deadline> broken_since();
  void wake(std::size_t side);
  /// Lets arrive what is due.
  void deliver();
  /// The connection breaks; the link goes on by another one, after a while.
  void break_off();
  void close(std::size_t side);
  /// The process of `side` dies: the other loses it, with all that is under way between them.
  void kill(std::size_t side);
  void attach_bell(std::size_t side, Bell* bell);
  void attach_service_bell(std::size_t side, Bell* bell);
  /// The end of `side` is destroyed: nothing reaches its bell and its memory any more.
  void leave(std::size_t side);

  void expose(std::size_t side, std::uint64_t generation, std::span<std::byte> memory, Access access);
  /// What `side` has exposed as `generation`, if anything.
  Exposed exposed(std::size_t side, std::uint64_t generation);
  /// Errors: would_block until the other end has acknowledged, invalid_argument where it is not exposed.
  Result<void> revoke(std::size_t side, std::uint64_t generation);
  /// Generations that the other end takes back; the caller gives them up, then acknowledges.
  std::vector<std::uint64_t> take_revocations(std::size_t side);
  void acknowledge(std::size_t side, std::uint64_t generation);

 private:
  enum class Kind : std::uint8_t { post, revoke, acknowledge, goodbye, death };
  struct Packet {
    Kind kind = Kind::post;
    std::vector<Piece> pieces;
    std::size_t early = 0;  // so many pieces land by themselves, before the rest and the signal
    Deadline lands{};
    Deadline arrives{};
    Signal signal;
    std::uint64_t generation = 0;
    Token token = 0;
  };
  struct End {
    std::array<std::atomic<std::uint64_t>, counters> counter{};
    std::atomic<PeerState> state{PeerState::alive};  // of the other end, as this one knows it
    std::atomic<Token> completed{0};
    Token posted = 0;
    Bell* bell = nullptr;
    Bell* service_bell = nullptr;
    std::map<std::uint64_t, Exposed> exposed;
    std::vector<std::uint64_t> revocations;
    std::deque<Packet> packets;                  // from this end
    std::size_t posts = 0;                       // among them
    bool turned_away = false;                    // a post met would_block, and was not told of room yet
    std::array<std::uint64_t, counters> told{};  // what it signalled without puts
    bool resumed = false;                        // and did not ask since how far the other is
    Deadline last_arrival{};
  };

  explicit SimWire(const SimSettings& settings) : settings_(settings), random_(settings.seed) {}
  static Packet control(Kind kind, std::uint64_t generation = 0);
  // All of these under the lock.
  std::chrono::nanoseconds draw(std::chrono::nanoseconds from, std::chrono::nanoseconds to);
  bool happens(double chance);
  void send(std::size_t side, Packet packet);
  void split(Packet& packet);
  void break_now();
  void go_on();
  void deliver_due();
  bool deliver_one(std::size_t side, Deadline now);
  void land(End& to, std::span<const Piece> pieces);
  void arrive(std::size_t side, Packet& packet);
  static void complete(End& from, Token token);
  void part(PeerState how);
  void end(End& end, PeerState how);
  void arm();

  const SimSettings settings_;
  std::mutex mutex_;
  std::mt19937_64 random_;
  std::array<End, 2> ends_;
  Deadline cut_until_{};
  Deadline given_up_at_ = no_deadline;  // once it is cut for good
  std::optional<Deadline> broken_since_;
  Deadline goes_on_at_ = no_deadline;  // while it is broken
  Deadline armed_ = no_deadline;
  std::unique_ptr<SimAlarm> alarm_;  // goes first: it calls
};

}  // namespace psyne::inline v0
