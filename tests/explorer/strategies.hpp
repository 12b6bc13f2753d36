#pragma once

#include <array>
#include <random>
#include <vector>

#include <explorer/choices.hpp>
#include <explorer/view.hpp>

namespace psyne::explorer {

/// Every execution within the bounds, one after the other, depth first.
class Exhaustive final : public Choices {
 public:
  std::uint32_t thread(std::span<const std::uint8_t> candidates) override {
    return branch(static_cast<std::uint32_t>(candidates.size()));
  }
  std::uint32_t branch(std::uint32_t count) override;

  /// Goes to the next execution; false when there is none.
  bool advance();

 private:
  struct Fork {
    std::uint32_t taken;
    std::uint32_t count;
  };
  std::vector<Fork> path_;
  std::size_t at_ = 0;
};

/// Random executions, half of them by random walk, half by priorities that change at a few random steps: Burckhardt
/// et al., "A Randomized Scheduler with Probabilistic Guarantees of Finding Bugs" (2010).
class Random final : public Choices {
 public:
  void start(std::uint64_t seed);
  std::uint32_t thread(std::span<const std::uint8_t> candidates) override;
  void gave_way(std::uint8_t thread) override { priorities_[thread] = --lowest_; }
  std::uint32_t branch(std::uint32_t count) override;

 private:
  std::mt19937_64 random_;
  bool walk_ = false;
  std::array<std::int32_t, max_threads> priorities_{};
  std::array<std::uint32_t, 4> changes_{};
  std::int32_t lowest_ = 0;
  std::uint32_t picks_ = 0;
  std::uint32_t picks_before_ = 32;  // of the last execution, the guess for the next
};

/// What a schedule says, then the plain way.
class Replay final : public Choices {
 public:
  explicit Replay(Schedule schedule) : schedule_(std::move(schedule)) {}
  std::uint32_t thread(std::span<const std::uint8_t> candidates) override {
    return branch(static_cast<std::uint32_t>(candidates.size()));
  }
  std::uint32_t branch(std::uint32_t count) override;

 private:
  Schedule schedule_;
  std::size_t at_ = 0;
};

}  // namespace psyne::explorer
