#pragma once

#include <psyne/collectives/mesh/mesh.hpp>
#include <psyne/collectives/runner/notice.hpp>
#include <psyne/collectives/runner/window.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace psyne::inline v0 {

/// The notices that one rank gives to the others of its communicator, and has of them: the newest of each. State, not
/// messages: a notice that its reader did not look at in time is replaced by the next.
///
/// By the thread that runs operations. Never blocks.
class Notices {
 public:
  /// `peers` (by rank) and `window` outlive it.
  Notices(Rank rank, const WindowLayout& layout, std::span<std::byte> window, std::vector<Peer>& peers);

  /// To all others, whom it wakes. What a full queue does not take now goes with a later poll().
  void tell_all(const Notice& notice);
  /// Takes in what has come. O(size) loads of the own window.
  void poll();
  /// The newest of `rank`, as of the last poll().
  const std::optional<Notice>& of(Rank rank) const noexcept { return heard_[static_cast<std::size_t>(rank)].newest; }

 private:
  struct Heard {
    std::uint64_t count = 0;
    std::optional<Notice> newest{};
  };

  bool tell(Rank rank);

  const Rank rank_;
  const WindowLayout layout_;
  const std::span<std::byte> window_;
  std::vector<Peer>& peers_;
  std::vector<Heard> heard_;
  Notice::Words told_{};
  std::uint64_t count_ = 0;
  std::vector<Rank> untold_{};
};

}  // namespace psyne::inline v0
