#pragma once

#include <psyne/collectives/simulator/symbol.hpp>
#include <psyne/collectives/simulator/vector_clock.hpp>

#include <compare>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace psyne::inline v0 {

/// One memory of a rehearsal: which kind, whose, for what. `turn` is the bank, or for the program's own memory the
/// operation.
struct MemoryName {
  Space space = Space::input;
  Rank owner = 0;
  Rank writer = 0;
  std::uint32_t turn = 0;

  friend constexpr auto operator<=>(const MemoryName&, const MemoryName&) noexcept = default;
  std::string text() const;
};

/// The memories of all ranks, in symbols, and the order that signals give to accesses. One thread.
class SymbolicMemory {
 public:
  /// Without `hazards` nothing is said of order, and nothing kept for it.
  SymbolicMemory(Rank size, bool hazards);

  /// What `rank` finds there; what is wrong with that, if anything, goes to fault().
  Symbol load(Rank rank, const MemoryName& name, std::uint64_t element);
  void store(Rank rank, const MemoryName& name, std::uint64_t element, const Symbol& symbol);
  /// What lies there, as nobody's access.
  Symbol peek(const MemoryName& name, std::uint64_t element) const;
  void forget(const MemoryName& name) { memories_.erase(name); }
  /// The owner does as it likes with this memory from now on.
  void reuse(const MemoryName& name);

  /// `from` signals `to` in `bank`, for the time that the count becomes `count`.
  void signal(Rank from, Rank to, std::uint32_t bank, std::uint64_t count);
  std::uint64_t signalled(Rank from, Rank to, std::uint32_t bank) const;
  /// `to` has seen the signal with this count.
  void seen(Rank to, Rank from, std::uint32_t bank, std::uint64_t count);

  const std::optional<std::string>& fault() const noexcept { return fault_; }

 private:
  struct Access {
    Rank rank = -1;
    std::uint32_t time = 0;
  };
  struct Cell {
    Symbol symbol;
    Access written;
    std::vector<Access> read;  // since it was written, the last time of each rank
  };
  struct Channel {
    std::uint64_t count = 0;
    std::uint64_t oldest = 1;         // the count that belongs to the first of clocks
    std::vector<VectorClock> clocks;  // of the signals that may be waited for yet
  };
  struct ChannelName {
    Rank from, to;
    std::uint32_t bank;
    friend constexpr auto operator<=>(const ChannelName&, const ChannelName&) noexcept = default;
  };

  Cell& cell(const MemoryName& name, std::uint64_t element);
  bool ordered(Rank rank, const Access& before) const noexcept {
    return before.rank < 0 || before.rank == rank ||
           clocks_[static_cast<std::size_t>(rank)].of(before.rank) >= before.time;
  }
  std::uint32_t now(Rank rank) const noexcept { return clocks_[static_cast<std::size_t>(rank)].of(rank); }
  void write(Rank rank, const MemoryName& name, std::uint64_t element, Cell& cell);
  void hazard(Rank rank, const char* does, const Access& before, const char* did, const MemoryName& name,
              std::uint64_t element);

  bool hazards_;
  std::vector<VectorClock> clocks_;
  std::map<MemoryName, std::vector<Cell>> memories_;
  std::map<ChannelName, Channel> channels_;
  std::optional<std::string> fault_;
};

}  // namespace psyne::inline v0
