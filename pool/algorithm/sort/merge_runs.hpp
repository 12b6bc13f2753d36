#pragma once

#include <algorithm>
#include <cstddef>
#include <functional>

namespace psyne::inline v0 {

/// 1 or 0, of which the compiler does not know that it is one of the two: it makes a branch of what it knows, and half
/// of those on random elements are mispredicted (merging took three times as long).
[[gnu::always_inline]] inline std::ptrdiff_t one_or_none(bool truth) noexcept {
  std::ptrdiff_t number = truth ? 1 : 0;
  asm("" : "+r"(number));
  return number;
}

/// Two sorted rows that do not overlap with the place for the result. Of equal elements those on the left come first.
///
/// Two at a time, the least that is left and the greatest, as long as neither row can run out: no branch depends on the
/// elements, and the two chains of loads overlap. Rows that follow one another as they are get copied.
/// Throws what `less` throws; the rows are as they were then. Reads nothing outside of the rows, whatever `less` says.
template <class Value, class Less>
void merge_runs(const Value* left, const Value* left_end, const Value* right, const Value* right_end, Value* out,
                Less& less) {
  Value* out_end = out + (left_end - left) + (right_end - right);
  while (left != left_end && right != right_end) {
    if (!std::invoke(less, *right, left_end[-1])) break;
    if (std::invoke(less, right_end[-1], *left)) {
      out = std::copy(right, right_end, out);
      right = right_end;
      break;
    }
    for (std::ptrdiff_t steps = std::min(left_end - left, right_end - right); steps != 0; --steps) {
      const std::ptrdiff_t right_first = one_or_none(std::invoke(less, *right, *left));
      *out++ = left[(right - left) & -right_first];
      right += right_first;
      left += 1 - right_first;
      const std::ptrdiff_t left_last = one_or_none(std::invoke(less, right_end[-1], left_end[-1]));
      *--out_end = right_end[((left_end - right_end) & -left_last) - 1];
      left_end -= left_last;
      right_end -= 1 - left_last;
    }
  }
  out = std::copy(left, left_end, out);
  std::copy(right, right_end, out);
}

/// How many of the first `count` elements of the merged rows come from the left one.
template <class Value, class Less>
std::size_t share_of_left(const Value* left, std::size_t left_count, const Value* right, std::size_t right_count,
                          std::size_t count, Less& less) {
  std::size_t least = count > right_count ? count - right_count : 0;
  std::size_t most = std::min(count, left_count);
  while (least < most) {
    const std::size_t middle = least + (most - least) / 2;
    if (std::invoke(less, right[count - middle - 1], left[middle])) {
      most = middle;
    } else {
      least = middle + 1;
    }
  }
  return least;
}

}  // namespace psyne::inline v0
