#pragma once

#include <psyne/core/copy/copy.hpp>
#include <psyne/core/lane/lane_writer.hpp>
#include <psyne/core/transport/region.hpp>

#include <cstdint>
#include <memory>
#include <utility>

namespace psyne::inline v0 {

/// One ring of a sender with the writer's end of its lane, as far as that does not depend on the records.
class Outlet {
 public:
  explicit Outlet(std::shared_ptr<const Region> region) : region_(std::move(region)) {}
  virtual ~Outlet() = default;
  Outlet(const Outlet&) = delete;
  Outlet& operator=(const Outlet&) = delete;

  /// Where a reader that joins now begins.
  virtual std::uint64_t oldest() const = 0;
  /// Lets a reader in, there. `consumer` is its mapped block, or nullptr when its cursor comes over the wire.
  virtual void join(const ConsumerBlock<>* consumer, LaneWire& wire) = 0;
  /// It is gone; returns how many messages were given up.
  virtual std::uint64_t leave(LaneWire& wire, bool again) = 0;
  /// Without readers: moves the oldest message that is kept into `other`, of the same type, where that has room.
  virtual bool hand_over(Outlet& other) = 0;
  virtual std::size_t readers() const = 0;
  virtual const LaneWire* bad_reader() const = 0;
  /// Without readers: what is kept is kept no longer; returns how many messages that were.
  virtual std::uint64_t give_up() = 0;
  /// See LaneWriter::measure.
  virtual void measure(metrics::Gauge high_water) = 0;
  virtual void close() = 0;
  virtual void announce_sleep() = 0;
  virtual void end_sleep() = 0;
  virtual std::uint64_t position() const = 0;
  /// See LaneWriter::padded_at.
  virtual std::uint64_t padded_at() const = 0;
  virtual const LentRecords& lent() const = 0;
  /// Position up to which all readers have released.
  virtual std::uint64_t released() = 0;
  /// Messages behind that.
  virtual std::uint64_t unreleased() const = 0;
  /// Nobody reads, and nothing is kept for whoever comes.
  bool deserted() { return readers() == 0 && released() == position(); }

  const std::shared_ptr<const Region>& region() const { return region_; }
  ProducerBlock<>& block() const { return *reinterpret_cast<ProducerBlock<>*>(region_->bytes().data()); }
  std::byte* ring() const { return region_->bytes().data() + ProducerBlock<>::ring_offset; }

 private:
  std::shared_ptr<const Region> region_;
};

template <class Records>
class TypedOutlet final : public Outlet {
 public:
  /// `region` is fresh and has room for the block and `capacity` bytes of ring.
  TypedOutlet(std::shared_ptr<const Region> region, std::uint64_t capacity)
      : Outlet(std::move(region)), writer(*new(&block()) ProducerBlock<>, ring(), capacity) {}

  std::uint64_t oldest() const override { return writer.oldest(); }
  void join(const ConsumerBlock<>* consumer, LaneWire& wire) override {
    writer.add_reader(consumer, wire, writer.oldest());
  }
  std::uint64_t leave(LaneWire& wire, bool again) override { return writer.remove_reader(wire, again); }
  bool hand_over(Outlet& other) override {
    LaneWriter<Records>& to = static_cast<TypedOutlet&>(other).writer;
    const auto kept = writer.oldest_kept();
    std::byte* place = kept ? to.try_reserve(kept->size()) : nullptr;
    if (place == nullptr) return false;
    copy_in(place, kept->data(), kept->size());
    if constexpr (Records::fixed) {
      to.commit(kept->size());
    } else {
      writer.oldest_is_packed() ? to.commit_packed(kept->size()) : to.commit(kept->size());
    }
    writer.forget_oldest();
    return true;
  }
  std::uint64_t give_up() override {
    std::uint64_t given_up = 0;
    for (; writer.oldest_kept(); ++given_up) writer.forget_oldest();
    return given_up;
  }
  std::size_t readers() const override { return writer.readers(); }
  const LaneWire* bad_reader() const override { return writer.bad_reader(); }
  void measure(metrics::Gauge high_water) override { writer.measure(high_water); }
  void close() override { writer.close(); }
  void announce_sleep() override { writer.announce_sleep(); }
  void end_sleep() override { writer.end_sleep(); }
  std::uint64_t position() const override { return writer.position(); }
  std::uint64_t padded_at() const override { return writer.padded_at(); }
  const LentRecords& lent() const override { return writer.lent(); }
  std::uint64_t released() override { return writer.released(); }
  std::uint64_t unreleased() const override { return writer.unreleased(); }

  LaneWriter<Records> writer;
};

using MakeOutlet = std::unique_ptr<Outlet> (*)(std::shared_ptr<const Region> region, std::uint64_t capacity);

template <class Records>
std::unique_ptr<Outlet> make_outlet(std::shared_ptr<const Region> region, std::uint64_t capacity) {
  return std::make_unique<TypedOutlet<Records>>(std::move(region), capacity);
}

}  // namespace psyne::inline v0
