#pragma once

#include <psyne/core/channel/end_id.hpp>
#include <psyne/patterns/publication/publication_header.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

namespace psyne::inline v0 {

/// What a subscriber knows of its publishers: up to where each has counted, and how it ended. One thread at a time.
class KnownPublishers {
 public:
  /// No publisher counts so.
  static constexpr std::uint64_t nonsense = ~std::uint64_t{0};

  /// How many messages were missed before this one; or nonsense.
  std::uint64_t count(EndId id, const PublicationHeader& header) {
    const bool at_it = id == last_ && at_ < known_.size() && known_[at_].id == id && header.holds_value();
    if (!at_it || header.number != known_[at_].number + 1) [[unlikely]]
      return count_other(id, header);
    known_[at_].number = header.number;
    return 0;
  }

  /// Takes out those that are not `there(id)`; returns those of them that broke off: they published, and said no end.
  template <class There>
  std::vector<EndId> forget_gone(There&& there) {
    std::vector<EndId> broke_off;
    std::erase_if(known_, [&](const Known& known) {
      if (there(known.id)) return false;
      if (!known.ended) broke_off.push_back(known.id);
      return true;
    });
    return broke_off;
  }

 private:
  struct Known {
    EndId id;
    std::uint64_t number = 0;
    bool ended = false;
  };

  // All but the next one of the same publisher.
  [[gnu::noinline]] std::uint64_t count_other(EndId id, const PublicationHeader& header) {
    if (id != last_ || at_ >= known_.size() || known_[at_].id != id) [[unlikely]]
      find(id);
    Known& known = known_[at_];
    if (header.kind == PublicationKind::end) {
      if (header.number < known.number) return nonsense;
      known.ended = true;
      return header.number - known.number;
    }
    if (header.number == 1) known.number = 0;  // it begins, perhaps anew: its lane broke
    if (header.number <= known.number) [[unlikely]]
      return nonsense;
    return header.number - std::exchange(known.number, header.number) - 1;
  }

  void find(EndId id) {
    const auto found = std::ranges::find(known_, id, &Known::id);
    at_ = static_cast<std::size_t>(found - known_.begin());
    if (found == known_.end()) known_.push_back({.id = id});
    last_ = id;
  }

  std::vector<Known> known_;
  EndId last_;
  std::size_t at_ = 0;
};

}  // namespace psyne::inline v0
