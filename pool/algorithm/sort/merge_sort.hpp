#pragma once

#include <psyne/pool/algorithm/loop.hpp>
#include <psyne/pool/algorithm/sort/merge_runs.hpp>
#include <psyne/pool/algorithm/sort/sort_leaf.hpp>
#include <psyne/pool/algorithm/team.hpp>

#include <algorithm>
#include <bit>
#include <cstddef>
#include <memory>
#include <type_traits>
#include <utility>

namespace psyne::inline v0 {

/// Sorts values that are copied as bytes, by the threads of a team, into leaves that lie in a cache, and those by
/// merging pairs of runs, one level after the other. Each level is a loop over equal pieces of its result, whose
/// beginnings in both runs are found by bisection (Odeh, Green, Mwassi, Shmueli and Birk, "Merge path: parallel merging
/// made simple", 2012), so all threads are busy to the end. What is merged with what depends on the count alone.
template <class Value, class Less>
class MergeSort {
  static_assert(std::is_trivially_copyable_v<Value>);

 public:
  MergeSort(Value* values, std::size_t count, Less& less) noexcept
      : values_(values), count_(count), leaf_(leaf_size(count)), leaves_((count + leaf_ - 1) / leaf_), less_(less) {}

  /// For the team's progress.
  std::size_t steps() const noexcept { return leaves_ * (levels(leaves_) + 1); }

  /// Throws what `less` throws, or as Team::settle(); then all values are there, in some order.
  void run(Team& team) {
    const Room room(count_);
    auto sort_leaves = [&](std::size_t number, std::size_t end) {
      for (; number != end; ++number) {
        const std::size_t first = number * leaf_;
        LeafSort<Value, Less>(values_ + first, room.memory + first, std::min(leaf_, count_ - first), less_).run();
      }
    };
    Loop(team, sort_leaves, 1).run(leaves_);
    Value* from = values_;
    Value* to = room.memory;
    try {
      for (std::size_t length = leaf_; length < count_; length *= 2) {
        auto merge = [&](std::size_t piece, std::size_t end) {
          for (; piece != end; ++piece) merge_piece(from, to, length, piece * leaf_);
        };
        Loop(team, merge, 1).run(leaves_);
        std::swap(from, to);
      }
    } catch (...) {
      if (from != values_) std::copy(from, from + count_, values_);
      throw;
    }
  }

 private:
  struct Room {
    explicit Room(std::size_t size) : memory(std::allocator<Value>().allocate(size)), count(size) {}
    Room(const Room&) = delete;
    Room& operator=(const Room&) = delete;
    ~Room() { std::allocator<Value>().deallocate(memory, count); }

    Value* const memory;
    const std::size_t count;
  };

  static std::size_t levels(std::size_t leaves) noexcept {
    return static_cast<std::size_t>(std::bit_width(leaves - 1));
  }

  // Half or all of what a core's second cache holds along with the room, so that the number of levels is even, and the
  // result where the values were.
  static std::size_t leaf_size(std::size_t count) noexcept {
    constexpr std::size_t most = std::bit_floor(128 * 1024 / sizeof(Value));
    return levels((count + most - 1) / most) % 2 == 0 ? most : most / 2;
  }

  // The result's elements from `begin` on, a leaf's worth, which are of one pair of runs.
  void merge_piece(const Value* from, Value* to, std::size_t length, std::size_t begin) const {
    const std::size_t first = begin / (2 * length) * (2 * length);
    const Value* const left = from + first;
    const std::size_t left_count = std::min(length, count_ - first);
    const Value* const right = left + left_count;
    const std::size_t right_count = std::min(length, count_ - first - left_count);
    const std::size_t before = begin - first;
    const std::size_t after = std::min(before + leaf_, left_count + right_count);
    const std::size_t left_before = share_of_left(left, left_count, right, right_count, before, less_);
    const std::size_t left_after = share_of_left(left, left_count, right, right_count, after, less_);
    merge_runs(left + left_before, left + left_after, right + (before - left_before), right + (after - left_after),
               to + begin, less_);
  }

  Value* const values_;
  const std::size_t count_;
  const std::size_t leaf_;
  const std::size_t leaves_;
  Less& less_;
};

}  // namespace psyne::inline v0
