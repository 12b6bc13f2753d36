#pragma once

#include <psyne/core/atomics/short_lock.hpp>
#include <psyne/core/channel/wire_counters.hpp>
#include <psyne/core/transport/link.hpp>

#include <array>
#include <cstring>
#include <deque>
#include <mutex>
#include <vector>

#include <explorer/explored_lane.hpp>

namespace psyne::explorer {

/// What may be wrong with a link.
enum class WireBug : std::uint8_t {
  none,
  rings_before_the_counter,  ///< whoever is rung looks, and finds nothing yet
  forgets_who_met_a_full_queue,
};

/// Two ends of a link that does not map, as Link promises it, with a queue of one post in each direction, and the
/// network between them, which is a thread: post by post it lands the puts, stores the counter, and rings.
class ExploredWire {
 public:
  explicit ExploredWire(WireBug bug = WireBug::none) : bug_(bug) {}

  /// As much of psyne::Link as a lane uses.
  class End {
   public:
    Result<Token> post(std::span<const Put> puts, const Signal& signal) {
      const std::lock_guard lock(wire_->lock_);
      if (posted_) {
        turned_away_ = true;
        return Code::would_block;
      }
      posted_ = true;
      signal_ = signal;
      pieces_.clear();
      for (const Put& put : puts) {
        for (std::uint64_t at = 0; at < put.local.size(); at += 8) Execution::current().plain_read(&put.local[at]);
        pieces_.push_back({put.offset, {put.local.begin(), put.local.end()}});
      }
      wire_->network_.ring();
      return Token{1};
    }
    std::uint64_t counter(std::uint32_t index) const { return counters_[index].load(std::memory_order_acquire); }
    Result<void> progress() { return {}; }
    PeerState peer_state() const { return PeerState::alive; }

    void attach_bell(Bell* bell) { attach(bell_, bell); }
    void attach_service_bell(Bell* bell) { attach(service_bell_, bell); }
    /// Records' words lie at each `stride`; they are read as atomics.
    void expose(std::span<std::byte> memory, std::uint64_t stride) {
      memory_ = memory;
      stride_ = stride;
    }

   private:
    friend class ExploredWire;
    struct Piece {
      std::uint64_t offset;
      std::vector<std::byte> bytes;
    };
    void attach(Bell*& to, Bell* bell) {
      const std::lock_guard lock(wire_->lock_);
      to = bell;
    }

    ExploredWire* wire_ = nullptr;
    std::array<ExplorerAtomics::Atomic<std::uint64_t>, 6> counters_{};
    // All below under the lock.
    std::span<std::byte> memory_;
    std::uint64_t stride_ = 0;
    Bell* bell_ = nullptr;
    Bell* service_bell_ = nullptr;
    bool posted_ = false;  // one is under way
    bool turned_away_ = false;
    Signal signal_;
    std::vector<Piece> pieces_;
  };

  End& end(std::size_t side) noexcept {
    ends_[side].wire_ = this;
    return ends_[side];
  }

  /// The network's thread, until over().
  void run() {
    for (;;) {
      network_.sleep();
      const std::lock_guard lock(lock_);
      deliver(ends_[0], ends_[1]);
      deliver(ends_[1], ends_[0]);
      if (over_) return;
    }
  }
  void over() {
    {
      const std::lock_guard lock(lock_);
      over_ = true;
    }
    network_.ring();
  }

 private:
  void deliver(End& from, End& to) {
    if (!from.posted_) return;
    for (const End::Piece& piece : from.pieces_) {
      for (std::size_t at = 0; at < piece.bytes.size(); at += 8) {
        write(to.memory_.data() + piece.offset + at, &piece.bytes[at], (piece.offset + at) % to.stride_ == 0);
      }
    }
    if (bug_ == WireBug::rings_before_the_counter) ring(from.signal_, to);
    to.counters_[from.signal_.counter].store(from.signal_.value, std::memory_order_release);
    if (bug_ != WireBug::rings_before_the_counter) ring(from.signal_, to);
    from.posted_ = false;
    if (!from.turned_away_ || bug_ == WireBug::forgets_who_met_a_full_queue) return;
    from.turned_away_ = false;
    from.service_bell_->ring();
  }
  // Only what changes is written: what is before and after a record belongs to others.
  static void write(std::byte* place, const std::byte* bytes, bool is_word) {
    if (std::memcmp(place, bytes, 8) == 0) return;
    if (is_word) {
      std::uint64_t word = 0;
      std::memcpy(&word, bytes, 8);
      return reinterpret_cast<ExplorerAtomics::Atomic<std::uint64_t>*>(place)->store(word, std::memory_order_relaxed);
    }
    Execution::current().plain_write(place);
    std::memcpy(place, bytes, 8);
  }
  static void ring(const Signal& signal, End& to) {
    if (signal.attend) to.service_bell_->ring();
    if (signal.wake) to.bell_->ring();
  }

  const WireBug bug_;
  ShortLock<ExplorerAtomics, 0> lock_;
  Bell network_;
  bool over_ = false;
  std::array<End, 2> ends_;
};

}  // namespace psyne::explorer
