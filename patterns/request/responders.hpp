#pragma once

#include <psyne/core/channel/end_id.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace psyne::inline v0 {

/// A responder as one requester knows it.
struct KnownResponder {
  EndId id;
  bool met = false;                         ///< both channels are there; of the requester's thread
  bool awaited = false;                     ///< its answers' channel was waited for once; of the requester's thread
  std::atomic<std::uint32_t> in_flight{0};  ///< of asynchronous asks
};

/// The responders of one requester, and whose turn it is: of those met the one with the fewest asks in flight, in turn
/// among those. By the requester's thread only; O(responders).
class Responders {
 public:
  using Known = std::shared_ptr<KnownResponder>;

  /// These are there now. Who was there before is known as before.
  void set(std::span<const EndId> ids);
  /// Some have parted: each is to be met anew.
  void forget_met() noexcept;

  /// Null when none is met.
  const Known* next() noexcept;

  bool empty() const noexcept { return known_.empty(); }
  bool any_met() const noexcept { return met_ != 0; }
  bool all_met() const noexcept { return met_ == known_.size(); }
  std::vector<Known> unmet() const;
  void meet(KnownResponder& known) noexcept;

 private:
  std::vector<Known> known_;
  std::size_t met_ = 0;
  std::size_t turn_ = 0;
};

}  // namespace psyne::inline v0
