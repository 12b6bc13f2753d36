#pragma once

#include <psyne/core/channel/lane_offer.hpp>
#include <psyne/core/channel/outlet.hpp>
#include <psyne/core/channel/wire_counters.hpp>
#include <psyne/core/transport/link.hpp>

#include <array>
#include <cstdint>
#include <memory>
#include <string>

namespace psyne::inline v0 {

/// A sender's view of one receiver: its link, and the wire by which the lane's writer reaches it.
class ReaderPeer final : public LaneWire {
 public:
  ReaderPeer(std::unique_ptr<Link> link, RemoteRegion remote, Outlet& outlet, std::uint64_t capacity,
             std::uint32_t number, LaneAnswer answer);

  void wake() noexcept override { link_->wake(); }
  void flush(std::uint64_t position) noexcept override;
  std::uint64_t credit() noexcept override;

  /// Lets it in and tells it where it begins. Inside the sender's gate.
  void join();
  /// Takes it out; returns how many messages were given up. Inside the sender's gate.
  std::uint64_t leave(bool again);
  /// Tells it that nothing follows.
  void close();

  Link& link() const { return *link_; }
  Outlet& outlet() const { return *outlet_; }
  std::uint32_t number() const { return number_; }
  /// "receiver viewer (pid 812)"
  std::string who() const;

 private:
  bool mapped() const { return !remote_.map().empty(); }
  bool put(std::uint64_t from, std::uint64_t to, const Signal& signal);
  void tell(WireCounter counter, std::uint64_t value);

  std::unique_ptr<Link> link_;
  RemoteRegion remote_;  // its consumer block where mapped, else its copy of the ring
  Outlet* outlet_;
  std::uint64_t capacity_;
  std::uint32_t number_;
  LaneAnswer answer_;
  std::uint64_t from_ = 0;     // where it began
  std::uint64_t flushed_ = 0;  // not mapped: what went over
};

}  // namespace psyne::inline v0
