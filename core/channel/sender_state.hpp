#pragma once

#include <psyne/core/channel/recipient.hpp>
#include <psyne/core/channel/sender_end.hpp>
#include <psyne/core/compression/packed_record.hpp>
#include <psyne/core/compression/packer.hpp>
#include <psyne/core/lane/record.hpp>
#include <psyne/core/wait_set/waitable.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <vector>

namespace psyne::inline v0 {

/// What a Sender and its draft share: the end, the ring in use, and what to do when it is full. One thread at a time.
template <class Records>
class SenderState {
 public:
  /// Room for one message.
  struct Room {
    std::byte* place = nullptr;
    bool dropped = false;  ///< `place` is beside the ring: what is written there is dropped, and already counted
    bool staged = false;   ///< `place` is beside the ring: what is written there is to be filled in
    bool packs = false;    ///< staged, and to be packed where that makes it shorter
  };

  explicit SenderState(std::unique_ptr<SenderEnd> end)
      : end_(std::move(end)),
        one_ring_(!own_rings(end_->settings().delivery)),
        routed_(end_->settings().delivery == Delivery::routed),
        adaptive_(end_->settings().when_full == WhenFull::adaptive),
        longest_(longest_payload(end_->settings().capacity)),
        window_(end_->settings().capacity) {
    if (one_ring_) writer_ = &typed(end_->outlet()).writer;
    const CompressionSettings& compression = end_->settings().compression;
    if (compression.codec == Compress::none) return;
    packer_.emplace(compression.codec, compression.level);
    plain_ = std::min(longest_, compression.above);
    beside_from_ = std::min<std::uint64_t>(beside_from_, plain_ + 1);
  }

  SenderEnd& end() noexcept { return *end_; }
  Gate<>& gate() noexcept { return end_->gate(); }
  bool one_ring() const noexcept { return one_ring_; }
  bool routed() const noexcept { return routed_; }
  /// Of the ring in which room was found last.
  LaneWriter<Records>& writer() noexcept { return *writer_; }

  /// Inside the gate. Room in the ring, or nullptr when there is none now.
  std::byte* try_room(std::uint64_t bytes) noexcept {
    if (one_ring_) [[likely]]
      return fits_window(*writer_, bytes) ? writer_->try_reserve(bytes) : nullptr;
    return try_own_ring(bytes);
  }

  /// Routed, inside the gate: room is looked for at that receiver from now on; at none, until it is named again.
  void route(EndId receiver) noexcept { to_ = receiver; }
  /// Routed, inside the gate: whether that receiver is here.
  bool reaches(EndId receiver) noexcept {
    end_->care_for_orphans();
    return end_->outlets().find(receiver) != nullptr;
  }

  /// Routed, inside the gate, after SenderEnd::care_for_orphans: room at that receiver. To be committed before the gate
  /// is left.
  std::byte* try_room_at(Recipient& to, std::uint64_t bytes) noexcept {
    Outlets& outlets = end_->outlets();
    if (outlets.changes() != to.found_at_) [[unlikely]] {
      to.found_at_ = outlets.changes();
      to.outlet_ = outlets.find(to.id_);
    }
    if (to.outlet_ == nullptr) [[unlikely]]
      return nullptr;
    writer_ = &typed(*to.outlet_).writer;
    return fits_window(*writer_, bytes) ? writer_->try_reserve(bytes) : nullptr;
  }

  /// Inside the gate, after try_room found none: does what when_full says.
  Result<Room> make_room(std::uint64_t bytes, const Wait& wait) {
    if (unreachable()) return end_->not_here(to_);
    end_->metrics().add(ChannelColumn::full);
    switch (end_->settings().when_full) {
      case WhenFull::block: return wait_for_room(bytes, wait);
      case WhenFull::drop_newest: return drop(bytes);
      case WhenFull::drop_oldest: return drop_oldest(bytes);
      case WhenFull::retry: return retry(bytes, wait);
      case WhenFull::callback: return ask(bytes, wait);
      case WhenFull::adaptive: return wait_for_window(bytes, wait);
    }
    return Code::invalid_argument;
  }

  /// The same for who does not wait here: room where when_full drops something for it, or where a dropped message goes;
  /// none where it is to be waited for.
  Room room_at_once(std::uint64_t bytes) {
    end_->metrics().add(ChannelColumn::full);
    switch (end_->settings().when_full) {
      case WhenFull::drop_newest: return drop(bytes).value();
      case WhenFull::drop_oldest: return drop_oldest(bytes).value();
      case WhenFull::adaptive: narrow_window(); return {};
      default: return {};
    }
  }

  /// The longest message.
  std::uint64_t longest() const noexcept { return longest_; }
  /// Messages up to so many bytes go as they are.
  std::uint64_t plain() const noexcept { return plain_; }

  /// Whether a message of that many bytes is written in its place, however far its receiver is.
  bool in_place(std::uint64_t bytes) const noexcept { return bytes < beside_from_; }
  /// Where a draft is to be written that has that room: there, or beside the ring, where it is to be packed, or
  /// LaneWriter::streams says so.
  Room staged(const Room& room, std::uint64_t bytes) {
    if (room.dropped || in_place(bytes)) [[likely]]
      return room;
    const bool packs = bytes > plain_;
    if (!packs && !writer_->streams(bytes)) return room;
    return Room{.place = beside(bytes), .staged = true, .packs = packs};
  }

  /// Packs a message into the room that was reserved for it; returns how long it is there, for commit_packed(), or 0
  /// where that is not shorter and it is to go as it is.
  std::uint64_t pack(std::span<const std::byte> payload) noexcept
    requires(!Records::fixed)
  {
    constexpr std::size_t header = PackedRecord::header_bytes;
    if (payload.size() <= header + 1) return 0;
    std::byte* const place = writer_->place();
    const std::size_t packed = packer_->pack(payload, {place + header, payload.size() - header - 1});
    if (packed == 0) return 0;
    PackedRecord::write_length(place, payload.size());
    return header + packed;
  }
  void commit_packed(std::uint64_t packed, std::uint64_t bytes) noexcept
    requires(!Records::fixed)
  {
    writer_->commit_packed(packed);
    count(1, bytes);
    end_->metrics().add_packed(bytes, packed);
  }

  void commit(std::uint64_t bytes) noexcept {
    writer_->commit(bytes);
    count(1, bytes);
  }
  /// Commits a message of variable size; it lies in the room that was reserved for it, or is to be copied there.
  void send(std::span<const std::byte> payload, bool in_place = false) noexcept {
    if (writer_->sends(payload.size())) {
      writer_->send(payload);
      return count(1, payload.size());
    }
    if (!in_place) writer_->fill(payload);
    commit(payload.size());
  }
  void count(std::uint64_t messages, std::uint64_t bytes) noexcept { end_->metrics().add_messages(messages, bytes); }

  /// Inside the gate, around a sleep of the owner on the end's bell; look for room or credit once more in between.
  void announce_sleep() {
    for (const auto& outlet : end_->outlets().all()) outlet->announce_sleep();
    end_->begin_sleep();
  }
  void end_sleep() {
    for (const auto& outlet : end_->outlets().all()) outlet->end_sleep();
    end_->end_sleep();
  }
  /// Inside the gate: takes in how far the receivers are, and asks them to tell when they are further.
  void look_for_credit() {
    for (const auto& outlet : end_->outlets().all()) static_cast<void>(outlet->released());
  }

  /// Whether a sending call would not wait: there is room, or never will be.
  bool ready(std::uint64_t bytes) {
    if (end_->closed() || draft_open) return true;
    gate().enter();
    const bool is_ready = try_room(bytes) != nullptr || end_->deserted();
    static_cast<void>(gate().leave());
    return is_ready;
  }
  WaitSetEntry wait_set_entry(std::uint64_t bytes) { return {std::make_unique<Waited>(*this, bytes), &membership_}; }

  bool in_wait_set() const noexcept { return membership_.joined(); }

  bool asynchronous = false;  ///< the lanes may be the SendQueue's
  bool draft_open = false;
  bool abandoned = false;  ///< the Sender went while a draft was open: the draft deletes this

 private:
  class Waited final : public Waitable {
   public:
    Waited(SenderState& state, std::uint64_t bytes) noexcept : state_(state), bytes_(bytes) {}
    int descriptor() const noexcept override { return state_.end().bell().descriptor(); }
    bool ready() override { return state_.ready(bytes_); }
    bool arm() override {
      if (state_.end().closed() || state_.draft_open) return false;
      for (;;) {
        state_.end().bell().clear();
        state_.gate().enter();
        state_.announce_sleep();
        armed_ = true;
        const bool is_ready = state_.try_room(bytes_) != nullptr || state_.end().deserted();
        // As in SenderEnd::sleep: what is done here after the look may have been what is waited for.
        const bool did_something = state_.gate().leave();
        if (!is_ready && !did_something) return true;
        disarm();
        if (is_ready) return false;
      }
    }
    bool armed() const noexcept override { return armed_; }
    void disarm() override {
      armed_ = false;
      state_.gate().enter();
      state_.end_sleep();
      static_cast<void>(state_.gate().leave());
    }
    // Meanwhile the service thread does not carry what this sender has committed.
    bool stays_armed() const noexcept override { return false; }

   private:
    SenderState& state_;
    const std::uint64_t bytes_;
    bool armed_ = false;
  };

  static TypedOutlet<Records>& typed(Outlet& outlet) noexcept { return static_cast<TypedOutlet<Records>&>(outlet); }

  // Not inlined: it would have every send save registers for it.
  [[gnu::noinline]] std::byte* try_own_ring(std::uint64_t bytes) noexcept {
    return routed_ ? try_routed(bytes) : try_any(bytes);
  }

  // The next receiver in turn that has room.
  std::byte* try_any(std::uint64_t bytes) noexcept {
    end_->care_for_orphans();
    const auto& outlets = end_->outlets().all();
    for (std::size_t i = 0; i < outlets.size(); ++i) {
      turn_ = (turn_ + 1) % outlets.size();
      writer_ = &typed(*outlets[turn_]).writer;
      if (outlets[turn_]->readers() == 0) continue;
      if (!fits_window(*writer_, bytes)) continue;
      std::byte* place = writer_->try_reserve(bytes);
      if (place == nullptr) continue;
      end_->outlets().use(*outlets[turn_]);
      return place;
    }
    return nullptr;
  }

  // Who answers one asker names the same receiver again and again: it is looked up when one came or went, or another is
  // named.
  std::byte* try_routed(std::uint64_t bytes) noexcept {
    end_->care_for_orphans();
    if (to_ != last_.id()) last_ = Recipient(to_);
    std::byte* place = try_room_at(last_, bytes);
    if (place != nullptr) end_->outlets().use(*last_.outlet_);
    return place;
  }

  // Routed, after room was looked for: it is looked for in vain.
  bool unreachable() const noexcept { return routed_ && last_.outlet_ == nullptr; }

  // WhenFull::adaptive. A message that is larger than the window goes alone.
  bool fits_window(LaneWriter<Records>& writer, std::uint64_t bytes) noexcept {
    if (!adaptive_) [[likely]]
      return true;
    const std::uint64_t in_flight = writer.position() - writer.released();
    if (in_flight != 0 && in_flight + bytes > window_) return false;
    // Receivers keep up when half of the window is free: widen it by a 64th, so that it doubles in 64 such messages.
    if (in_flight < window_ / 2) window_ = std::min(window_ + window_ / 64, writer.capacity());
    return true;
  }

  Result<Room> wait_for_room(std::uint64_t bytes, const Wait& wait) {
    Room room;
    const auto settled = [&] { return (room.place = try_room(bytes)) != nullptr || unreachable(); };
    auto waited = end_->wait_until(settled, wait, "send on");
    if (!waited) return waited.error();
    if (room.place == nullptr) return end_->not_here(to_);
    return room;
  }

  Result<Room> drop(std::uint64_t bytes) {
    end_->metrics().add(ChannelColumn::dropped_newest);
    return Room{.place = beside(bytes), .dropped = true};
  }

  std::byte* beside(std::uint64_t bytes) {
    if (beside_.size() < bytes + Records::alignment) beside_.resize(bytes + Records::alignment);
    const auto begin = reinterpret_cast<std::uintptr_t>(beside_.data());
    const std::uintptr_t aligned = (begin + Records::alignment - 1) & ~(Records::alignment - 1);
    return beside_.data() + (aligned - begin);
  }

  Result<Room> drop_oldest(std::uint64_t bytes) {
    end_->drop_lost_receivers();
    end_->metrics().add(ChannelColumn::dropped_oldest, writer_->drop_oldest(bytes) + writer_->take_undelivered());
    if (std::byte* place = try_room(bytes)) return Room{.place = place};
    return drop(bytes);
  }

  // Pauses of 1 us, doubling to 1 ms, each up to as much again by chance, so that many senders do not come back at
  // once.
  Result<Room> retry(std::uint64_t bytes, const Wait& wait) {
    std::chrono::nanoseconds pause = std::chrono::microseconds(1);
    for (std::uint32_t attempt = 0; attempt < end_->settings().given.retries; ++attempt) {
      if (wait.stop.stop_requested()) return wait.stop.error("cannot send on " + end_->uri());
      if (Clock::now() >= wait.deadline) break;
      end_->metrics().add(ChannelColumn::retries);
      const auto jitter = std::uniform_int_distribution<std::int64_t>(0, pause.count())(random_);
      end_->gate().leave();
      std::this_thread::sleep_for(pause + std::chrono::nanoseconds(jitter));
      end_->gate().enter();
      if (std::byte* place = try_room(bytes)) return Room{.place = place};
      if (unreachable()) return end_->not_here(to_);
      pause = std::min<std::chrono::nanoseconds>(2 * pause, std::chrono::milliseconds(1));
    }
    return Error(Code::would_block, "cannot send on " + end_->uri())
        .because("the ring was full at every try")
        .mend("Receive faster, raise capacity_bytes or retries.");
  }

  Result<Room> ask(std::uint64_t bytes, const Wait& wait) {
    const auto& on_full = end_->settings().given.on_full;
    if (!on_full) {
      return Error(Code::invalid_argument, "cannot send on " + end_->uri())
          .because("when_full is callback and there is no on_full")
          .mend("Set SenderOptions::on_full.");
    }
    const Deadline start = Clock::now();
    for (FullEvent event{.bytes = bytes};; ++event.attempts) {
      event.waited = Clock::now() - start;
      switch (on_full(event)) {
        case Full::drop: return drop(bytes);
        case Full::fail: return Error(Code::would_block, "cannot send on " + end_->uri()).because("on_full said so");
        case Full::wait: break;
      }
      const Deadline step = std::min(wait.deadline, Clock::now() + std::chrono::milliseconds(1));
      auto room = wait_for_room(bytes, Wait(step, wait.stop));
      if (room || room.error() != Code::timed_out || Clock::now() >= wait.deadline) return room;
    }
  }

  void narrow_window() { window_ = std::max(window_ / 2, end_->settings().capacity / narrowest); }
  Result<Room> wait_for_window(std::uint64_t bytes, const Wait& wait) {
    narrow_window();
    return wait_for_room(bytes, wait);
  }

  std::unique_ptr<SenderEnd> end_;
  const bool one_ring_;
  const bool routed_;
  const bool adaptive_;
  const std::uint64_t longest_;
  std::uint64_t plain_ = longest_;
  std::uint64_t beside_from_ = CopyChoice::long_copy;  // shorter drafts are written in their place
  std::optional<Packer> packer_;                       // with compression
  static constexpr std::uint64_t narrowest = 64;       // the window is never below this part of the ring
  std::uint64_t window_;                               // adaptive: bytes that may be in flight
  LaneWriter<Records>* writer_ = nullptr;
  std::size_t turn_ = 0;  // any
  EndId to_;              // routed: who gets the next message
  Recipient last_;        // routed: who was named last
  std::vector<std::byte> beside_;
  std::minstd_rand random_{std::random_device{}()};
  WaitSetMembership membership_;
};

}  // namespace psyne::inline v0
