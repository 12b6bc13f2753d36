#pragma once

#include <psyne/core/channel/lane_offer.hpp>
#include <psyne/core/channel/unpacking.hpp>
#include <psyne/core/channel/wire_credit.hpp>
#include <psyne/core/lane/lane_reader.hpp>
#include <psyne/core/process/fork_epoch.hpp>
#include <psyne/core/transport/link.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace psyne::inline v0 {

/// A receiver's end of the lane from one sender: its link and memory, as far as that does not depend on the records.
class IncomingLane : public LaneSource {
 public:
  struct Parts {
    LaneOffer offer;
    RemoteRegion producer;                 ///< mapped: the sender's block and ring
    std::shared_ptr<const Region> own;     ///< the block that the sender reads (mapped), or that nobody reads
    std::shared_ptr<const Region> mirror;  ///< not mapped: the copy of the ring that the sender puts into
    std::size_t most_held = 0;
  };

  explicit IncomingLane(Parts parts);
  ~IncomingLane() override = default;
  IncomingLane(const IncomingLane&) = delete;
  IncomingLane& operator=(const IncomingLane&) = delete;

  void connect(std::shared_ptr<Link> link) {
    link_ = std::move(link);
    credit_.connect(*link_);
  }
  /// Not mapped: how the copy of the ring was exposed to the sender.
  void exposed(std::uint64_t generation) noexcept { mirror_.generation = generation; }
  Link& link() const { return *link_; }
  const std::shared_ptr<Link>& shared_link() const { return link_; }
  /// Not mapped: what the sender puts into.
  const std::shared_ptr<const Region>& copy() const { return parts_.mirror; }
  const LaneOffer& offer() const { return parts_.offer; }
  /// "sender camera (pid 812)"
  std::string who() const;

  /// Where to begin, once the sender has let us in.
  std::optional<std::uint64_t> joined_at() const;
  bool mapped() const { return parts_.mirror == nullptr; }

  /// The reader's thread: takes in wakes, and moves what is under way.
  void progress() noexcept;
  /// Before a sleep on the bell of its link.
  void settle_link() noexcept {
    if (!mapped()) link_->settle();
  }

  std::uint64_t arrived() noexcept override;
  std::uint64_t closed_at() noexcept override;
  void credit(std::uint64_t cursor) noexcept override { credit_.release(cursor); }
  /// Any thread: also when the sender asks for what was gathered, or room comes to a queue that was full.
  void settle() noexcept { credit_.settle(); }
  /// Not mapped: whether the link went on by another connection since the last call. By the service thread.
  bool resumed() noexcept { return credit_.resumed(); }
  /// The sender has closed; see WireCredit::finish. True where it is mapped.
  bool finish(std::uint64_t taken) noexcept { return mapped() || credit_.finish(taken); }
  /// Not mapped; see WireCredit::leave.
  bool leave(std::uint64_t taken) noexcept { return credit_.leave(taken); }
  void wake() noexcept override { link_->wake(); }

 protected:
  /// What its packed messages are unpacked by, from the first one on.
  Unpacking& unpacking() {
    if (!unpacking_) unpacking_ = std::make_unique<Unpacking>(offer().compress, offer().capacity);
    return *unpacking_;
  }
  const ProducerBlock<>* producer() const {
    return mapped() ? reinterpret_cast<const ProducerBlock<>*>(parts_.producer.map().data()) : nullptr;
  }
  const std::byte* ring() const {
    return mapped() ? parts_.producer.map().data() + ProducerBlock<>::ring_offset : parts_.mirror->bytes().data();
  }
  ConsumerBlock<>& block() const { return *reinterpret_cast<ConsumerBlock<>*>(parts_.own->bytes().data()); }
  const Parts& parts() const { return parts_; }
  const RemoteSpan& mirror() const { return mirror_; }

 private:
  std::uint64_t told(WireCounter counter) const { return link_->counter(counter_index(counter)); }

  Parts parts_;
  std::shared_ptr<Link> link_;  // also of who waits until the peer has heard our goodbye
  RemoteSpan mirror_;           // not mapped; as it is named to the link
  WireCredit<> credit_;         // not mapped
  std::unique_ptr<Unpacking> unpacking_;
};

/// What became of a packed message.
enum class Unpacked : std::uint8_t {
  whole,
  no_room,  ///< its lane's views hold too much
  lie,      ///< it is none; its lane is condemned
};

/// The same with the reader for its records. Deleted by whoever releases the last view after retire().
template <class Records>
class TypedLane final : public IncomingLane {
 public:
  explicit TypedLane(Parts parts) : IncomingLane(std::move(parts)) {}

  /// False until the sender has let us in.
  bool begin() {
    const auto from = joined_at();
    if (!from) return false;
    const typename LaneReader<Records>::Options options{.from = *from,
                                                        .most_held = this->parts().most_held,
                                                        .lossy = this->offer().lossy,
                                                        .packs = this->offer().compress != Compress::none};
    reader_.emplace(this->producer(), this->ring(), this->offer().capacity, this->block(), *this, options);
    return true;
  }
  bool begun() const noexcept { return reader_.has_value(); }
  /// What is before was handed to the program.
  std::uint64_t taken() const noexcept { return reader_ ? reader_->position() : 0; }
  LaneReader<Records>& reader() noexcept { return *reader_; }

  /// The front, which is packed, becomes `payload`: in memory of this lane, until it is given back.
  Unpacked unpack(std::span<const std::byte>& payload) {
    const auto room = this->unpacking().room(reader_->unpacked_bytes(), reader_->front_end(), reader_->given_back());
    if (room.empty()) return Unpacked::no_room;
    payload = room;
    return unpack_into(room);
  }
  /// The same until the next one: for who gives it back before that.
  Unpacked unpack_for_now(std::span<const std::byte>& payload) {
    const auto room = this->unpacking().room_for_now(reader_->unpacked_bytes());
    payload = room;
    return unpack_into(room);
  }
  /// The same into `room`, just as long as it is to be.
  Unpacked unpack_into(std::span<std::byte> room) {
    const auto packed = reader_->front();
    constexpr std::size_t header = PackedRecord::header_bytes;
    // Its length may have changed since it was said to be packed.
    if (packed.size() > header && this->unpacking().unpack(packed.subspan(header), room)) return Unpacked::whole;
    reader_->condemn();
    return Unpacked::lie;
  }

  /// The next message is to be read straight into `into`, where it fits. False where it has come already, or comes
  /// otherwise: it may be packed.
  bool redirect(std::span<std::byte> into) {
    if (this->offer().compress != Compress::none) return false;
    if (!this->link().capabilities().redirects || reader_->arrived()) return false;
    const std::size_t words = reader_->pads() ? 2 : 1;
    this->link().redirect(this->mirror(), {.offsets = reader_->next_payloads(),
                                           .into = into,
                                           .puts_before = words,
                                           .bytes_before = words * Record::word_bytes});
    return true;
  }
  /// Whether the front was.
  bool redirected() const noexcept {
    const auto landed = this->link().redirected();
    const auto front = reader_->front();
    return landed && landed->offset == static_cast<std::uint64_t>(front.data() - this->ring()) &&
           landed->bytes == front.size();
  }

  void release(std::uint32_t view) noexcept {
    if (epoch_ != fork_epoch()) [[unlikely]]
      return;  // a forked child's copy of a view: the slot is its parent's
    if (reader_->release(view)) delete this;
  }
  /// The receiver lets go; views may still be held.
  void retire() noexcept {
    if (!reader_ || reader_->retire()) delete this;
  }

 private:
  const std::uint32_t epoch_ = fork_epoch();
  std::optional<LaneReader<Records>> reader_;
};

}  // namespace psyne::inline v0
