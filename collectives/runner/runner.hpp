#pragma once

#include <psyne/collectives/mesh/mesh.hpp>
#include <psyne/collectives/runner/plan.hpp>
#include <psyne/collectives/runner/window.hpp>
#include <psyne/collectives/schedule/pair_banks.hpp>

#include <cstdint>
#include <optional>
#include <vector>

namespace psyne::inline v0 {

/// Runs schedules, one after the other, over the links and windows of one communicator: every algorithm, on every
/// transport. Where a window is mapped a put is a copy and a signal a store; else they are posts of the link.
///
/// By one thread at a time. Never blocks: advance() goes as far as it can.
class Runner {
 public:
  /// `peers` (by rank) and `window` outlive it.
  Runner(Rank rank, const WindowLayout& layout, std::span<std::byte> window, std::vector<Peer>& peers);

  enum class Motion : std::uint8_t { done, waits, failed };

  /// Begins a call; the one before is done. `plan` and the call's memory stay until this one is, or the runner is gone.
  void start(const Call& call, const Plan& plan);
  Motion advance();
  /// The other rank that the last advance() stopped for; nothing where it is room in a queue or readers of the stage.
  Rank awaited() const noexcept { return awaited_; }
  /// After Motion::failed: the rank that called something else, or nothing, and then error() says what it was.
  std::optional<Rank> disagreeing() const noexcept { return disagreeing_; }
  const Error& error() const noexcept { return *error_; }
  /// Whether the other rank has signalled in this call.
  bool has_signalled(Rank rank) const noexcept;
  /// The calls that this rank has entered.
  const Logbook& logbook() const noexcept;
  /// The last of them; its sequence is 0 before the first.
  const CallRecord& record() const noexcept { return record_; }

 private:
  struct Outbox {
    std::vector<Put> puts;                         // since the last signal
    std::vector<std::span<const std::byte>> lent;  // by posts that may not be complete
    Token token = 0;                               // of the last of them
  };

  bool take(const Step& step);
  bool heard(const Awaited& awaited);
  bool agrees(const Step& step);
  bool signal(Rank peer);
  bool copy(const Step& step);
  bool fold(const Step& step);
  /// Whether no post under way reads from there any more.
  bool left(std::span<const std::byte> memory);
  bool all_left();
  bool next_piece();
  void finish_piece();

  const std::byte* readable(const Place& place) noexcept;
  std::byte* writable(const Place& place) noexcept;
  std::uint64_t offset_in_window(const Place& place) const noexcept;
  std::uint32_t bank_of(const Place& place) const noexcept;
  Box& box(Rank writer, std::uint32_t bank) const noexcept;
  bool mapped(Rank rank) const noexcept { return !peers_[static_cast<std::size_t>(rank)].mapped.empty(); }

  const Rank rank_;
  const WindowLayout layout_;
  const std::span<std::byte> window_;
  std::vector<Peer>& peers_;
  PairBanks banks_;
  std::vector<Outbox> outboxes_;
  std::vector<std::byte> workspace_;
  std::vector<const std::byte*> sources_;

  Call call_;
  CallRecord record_{};
  std::uint64_t last_fingerprint_ = 0;
  const Plan* plan_ = nullptr;
  const Schedule* schedule_ = nullptr;
  FoldKernel fold_ = nullptr;
  AverageKernel average_ = nullptr;  // of the folds themselves, where one step folds all
  std::uint32_t mark_ = 0;
  std::uint64_t piece_ = 0;
  std::size_t step_ = 0;
  Tidings last_heard_;
  Rank awaited_ = 0;
  std::optional<Rank> disagreeing_;
  std::optional<Error> error_;
};

}  // namespace psyne::inline v0
