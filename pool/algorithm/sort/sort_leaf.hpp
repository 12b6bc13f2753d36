#pragma once

#include <psyne/pool/algorithm/sort/merge_runs.hpp>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <functional>

namespace psyne::inline v0 {

/// Sorts a few thousand elements, which fit into a core's cache together with as much `room`: eights by compare and
/// exchange, then runs of twice the length merged, to and fro between the two places. No branch depends on the
/// elements. They end where they were; also, in some order, when `less` throws.
template <class Value, class Less>
class LeafSort {
 public:
  LeafSort(Value* values, Value* room, std::size_t count, Less& less) noexcept
      : values_(values), room_(room), count_(count), less_(less) {}

  void run() {
    const Value* whole = values_;  // where all the elements are
    try {
      const std::size_t eights = (count_ + 7) / 8;
      const bool odd = std::bit_width(eights - 1) % 2 != 0;
      Value* from = odd ? room_ : values_;
      sort_eights(from);
      whole = from;
      for (std::size_t length = 8; length < count_; length *= 2) {
        Value* const to = from == values_ ? room_ : values_;
        for (std::size_t first = 0; first < count_; first += 2 * length) {
          const std::size_t middle = std::min(first + length, count_);
          const std::size_t last = std::min(middle + length, count_);
          merge_runs<Value>(from + first, from + middle, from + middle, from + last, to + first, less_);
        }
        whole = from = to;
      }
    } catch (...) {
      if (whole != values_) std::copy(whole, whole + count_, values_);
      throw;
    }
  }

 private:
  void sort_eights(Value* to) {
    const std::size_t even = count_ / 8 * 8;
    for (std::size_t first = 0; first != even; first += 8) {
      std::array<Value, 8> few = take<8>(values_ + first);
      sort_four(few.data());
      sort_four(few.data() + 4);
      if (to != values_) {
        merge_runs<Value>(few.data(), few.data() + 4, few.data() + 4, few.data() + 8, to + first, less_);
      } else {
        std::array<Value, 8> merged = few;
        merge_runs<Value>(few.data(), few.data() + 4, few.data() + 4, few.data() + 8, merged.data(), less_);
        std::copy(merged.begin(), merged.end(), to + first);
      }
    }
    for (std::size_t next = even; next < count_; ++next) insert(to + even, to + next, values_[next]);
  }

  template <std::size_t count>
  static std::array<Value, count> take(const Value* from) noexcept {
    return [from]<std::size_t... place>(std::index_sequence<place...>) {
      return std::array<Value, count>{from[place]...};
    }(std::make_index_sequence<count>());
  }

  void exchange(Value& left, Value& right) {
    const bool wrong = std::invoke(less_, right, left);
    const Value least = wrong ? right : left;
    right = wrong ? left : right;
    left = least;
  }

  void sort_four(Value* few) {
    exchange(few[0], few[1]);
    exchange(few[2], few[3]);
    exchange(few[0], few[2]);
    exchange(few[1], few[3]);
    exchange(few[1], few[2]);
  }

  // The place is found before anything moves.
  void insert(Value* first, Value* end, const Value value) {
    Value* place = end;
    while (place != first && std::invoke(less_, value, place[-1])) --place;
    std::copy_backward(place, end, end + 1);
    *place = value;
  }

  Value* const values_;
  Value* const room_;
  const std::size_t count_;
  Less& less_;
};

}  // namespace psyne::inline v0
