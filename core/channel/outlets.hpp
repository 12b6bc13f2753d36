#pragma once

#include <psyne/core/channel/channel_options.hpp>
#include <psyne/core/channel/end_id.hpp>
#include <psyne/core/channel/outlet.hpp>

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// Whether each receiver has a ring of its own.
constexpr bool own_rings(Delivery delivery) noexcept {
  return delivery == Delivery::any || delivery == Delivery::routed;
}

/// The rings of one sender: one that its receivers share (single, all), or one for each of them (any, routed); and what
/// becomes of one whose receiver has gone. With `any` its messages move to others; with `routed` they are given up.
///
/// All members inside the sender's gate. find() takes O(log rings), the rest O(rings).
class Outlets {
 public:
  explicit Outlets(Delivery delivery) noexcept : delivery_(delivery) {}

  const std::vector<std::unique_ptr<Outlet>>& all() const noexcept { return all_; }
  /// Single and all: the one ring.
  Outlet& shared() const noexcept { return *all_.front(); }
  /// Routed: that receiver's ring; null when it is not here.
  Outlet* find(EndId receiver) const noexcept;
  /// Grows whenever find() may answer otherwise than before.
  std::uint64_t changes() const noexcept { return changes_; }

  void add(std::unique_ptr<Outlet> outlet, EndId receiver);
  /// Routed: nothing is sent to it from now on.
  void forget(EndId receiver) noexcept;

  /// Room is reserved in that ring from now on: it stays until the next settle(), and a draft may be committed into it.
  void use(const Outlet& outlet) noexcept { in_use_ = &outlet; }

  /// Something may lie in a ring that nobody reads.
  bool orphaned() const noexcept { return orphaned_; }
  /// Drops rings that nobody reads. Routed: what lay there is given up; returns how many messages that were.
  std::uint64_t drop_deserted();
  /// With no room reserved in any ring. Any: moves what nobody reads to others as far as these have room; returns how
  /// many messages have moved since the first was orphaned, once none is. Routed: as drop_deserted().
  std::uint64_t settle();

 private:
  struct Route {
    EndId receiver;
    Outlet* outlet = nullptr;
  };
  void hand_over();

  const Delivery delivery_;
  std::vector<std::unique_ptr<Outlet>> all_;
  std::vector<Route> routes_;  // ordered by receiver
  std::uint64_t changes_ = 0;
  bool orphaned_ = false;
  std::uint64_t handed_over_ = 0;   // since it is orphaned
  const Outlet* in_use_ = nullptr;  // a draft may be open there
};

}  // namespace psyne::inline v0
