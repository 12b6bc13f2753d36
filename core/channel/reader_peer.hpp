#pragma once

#include <psyne/core/channel/gathering.hpp>
#include <psyne/core/channel/lane_offer.hpp>
#include <psyne/core/channel/outlet.hpp>
#include <psyne/core/channel/service_bell.hpp>
#include <psyne/core/channel/wire_news.hpp>
#include <psyne/core/transport/link.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// A sender's view of one receiver: its link, and the wire by which the lane's writer reaches it.
///
/// All members inside the sender's gate, save who() and id().
class ReaderPeer final : public LaneWire {
 public:
  /// `gathering`: of its sender. `service_bell`: by which the service thread comes to carry() what has gathered; none
  /// where it is mapped.
  ReaderPeer(std::unique_ptr<Link> link, RemoteRegion remote, Outlet& outlet, std::uint64_t capacity,
             std::uint32_t number, LaneAnswer answer, Gathering& gathering, ServiceBell* service_bell);

  void wake() noexcept override { link_->wake(); }
  void flush(std::uint64_t position) noexcept override;
  bool lends() const noexcept override { return link_->capabilities().lends; }
  bool posts(std::uint64_t bytes) const noexcept override;
  void flush_lent(std::uint64_t position) noexcept override;
  void taken_back(const LentRecord& lent, const std::byte* place) noexcept override;
  std::uint64_t credit(std::uint64_t needed) noexcept override;
  std::uint64_t reached() noexcept override { return news_.reached(); }

  /// Lets it in and tells it where it begins.
  void join();
  /// Takes it out; returns how many messages were given up.
  std::uint64_t leave(bool again);
  /// Tells it that nothing follows.
  void close();

  /// Not mapped: tells what is not told yet, as far as there is room; where the link goes on by another connection,
  /// also what was lost with the one before.
  void carry() noexcept;
  /// How often that was since the last call, and how many bytes of records were told again.
  struct Resumptions {
    std::uint32_t times = 0;
    std::uint64_t bytes = 0;
  };
  Resumptions take_resumptions() noexcept { return std::exchange(resumptions_, {}); }
  /// It said that it has what it cannot have.
  bool lied() const noexcept { return lied_; }
  /// Whether it has gone, having said what it took: though that may be the last that was heard of it.
  bool parted() const noexcept;
  /// Whether all is told.
  bool carried() const noexcept;

  Link& link() const { return *link_; }
  Outlet& outlet() const { return *outlet_; }
  std::uint32_t number() const { return number_; }
  EndId id() const { return answer_.receiver; }
  /// Whether join() was called.
  bool joined() const { return joined_; }
  bool mapped() const { return link_->capabilities().mapped; }
  /// "receiver viewer (pid 812)"
  std::string who() const { return who(answer_, link_->peer()); }
  static std::string who(const LaneAnswer& answer, const Identity& peer);

 private:
  void resume() noexcept;
  std::uint64_t unposted() const noexcept;
  std::uint64_t before_it() const noexcept;
  void post_or_gather(std::uint64_t waiting, bool lent) noexcept;
  void call(const LentRecord* last) noexcept;
  bool put_records(std::uint64_t from, std::uint64_t to, const Signal& arrived) noexcept;
  void put_ring(std::uint64_t from, std::uint64_t to) noexcept;
  Put ring_put(std::uint64_t offset, std::uint64_t bytes) const noexcept;

  std::unique_ptr<Link> link_;
  RemoteRegion remote_;  // its consumer block where mapped, else its copy of the ring
  Outlet* outlet_;
  const LentRecords& lent_;
  std::uint64_t capacity_;
  std::uint32_t number_;
  LaneAnswer answer_;
  bool joined_ = false;
  WireNews<> news_;  // these not mapped
  Gathering& gathering_;
  ServiceBell* const service_bell_;
  std::vector<Put> puts_;  // of the post that is being made
  Resumptions resumptions_;
  bool briefly_lent_ = false;  // what is posted now is the writer's again before anybody waits for that
  bool lied_ = false;
};

}  // namespace psyne::inline v0
