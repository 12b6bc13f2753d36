#pragma once

#include <psyne/core/message/record.hpp>
#include <psyne/core/result/result.hpp>

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace psyne::inline v0 {

/// Integers that sparse matrices may use as indices, as SciPy and PyTorch have them.
template <class I>
concept Index = std::same_as<I, std::int32_t> || std::same_as<I, std::int64_t>;

/// Whether receiving a sparse message looks at every index.
///
/// `checked` guards against a sender's mistake. A sender who shares the ring's memory may still change an index after
/// the check; where senders are strangers, use the view's copy_indices(), which checks its copy.
enum class Indices : std::uint8_t { checked, unchecked };

namespace sparse {

/// Position of the first index that is negative or not below `extent`, if any. Each index is read once.
template <std::integral I>
std::optional<std::size_t> find_outside(std::span<const I> indices, std::uint64_t extent) noexcept {
  for (std::size_t at = 0; at < indices.size(); ++at) {
    const I index = record::read_once(indices[at]);
    if (index < 0 || static_cast<std::uint64_t>(index) >= extent) return at;
  }
  return std::nullopt;
}

/// Position of the first row pointer that breaks the rule "from 0, never falling, to `nonzeros`", if any.
template <Index I>
std::optional<std::size_t> find_bad_row_pointer(std::span<const I> pointers, std::uint64_t nonzeros) noexcept {
  I least = 0;
  for (std::size_t at = 0; at < pointers.size(); ++at) {
    const I pointer = record::read_once(pointers[at]);
    const bool first = at == 0, last = at + 1 == pointers.size();
    if (pointer < least || static_cast<std::uint64_t>(pointer) > nonzeros) return at;
    if ((first && pointer != 0) || (last && static_cast<std::uint64_t>(pointer) != nonzeros)) return at;
    least = pointer;
  }
  return std::nullopt;
}

template <std::integral I>
Result<void> check_indices(std::span<const I> indices, std::uint64_t extent, std::string_view what,
                           std::string_view type) {
  const auto bad = find_outside(indices, extent);
  if (!bad) return {};
  return record::corrupted(
      type, "its " + std::string(what) + " " + std::to_string(*bad) + " is not below " + std::to_string(extent));
}

template <Index I>
Result<void> check_row_pointers(std::span<const I> pointers, std::uint64_t nonzeros, std::string_view type) {
  const auto bad = find_bad_row_pointer(pointers, nonzeros);
  if (!bad) return {};
  return record::corrupted(
      type, "its row pointer " + std::to_string(*bad) + " breaks the rise from 0 to " + std::to_string(nonzeros));
}

/// Copies `from` to `to`, each number read once.
template <std::integral I>
void copy_indices(std::span<const I> from, std::span<I> to) noexcept {
  for (std::size_t at = 0; at < from.size(); ++at) to[at] = record::read_once(from[at]);
}

/// Code::invalid_argument when memory given for a copy of indices has another length.
inline Result<void> check_room(std::size_t given, std::size_t needed, std::string_view what) {
  if (given == needed) return {};
  return Error(Code::invalid_argument, "cannot copy the " + std::string(what) + "s of a sparse message")
      .because("there are " + std::to_string(needed) + " and room for " + std::to_string(given));
}

/// True when indices of type I can name every row and column, and count every nonzero.
template <Index I>
constexpr bool index_fits(std::uint64_t rows, std::uint64_t columns, std::uint64_t nonzeros) noexcept {
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<I>::max());
  return rows < most && columns <= most && nonzeros <= most;
}

}  // namespace sparse

/// What a sender reserves for a sparse matrix, and the header of its record.
struct SparseShape {
  std::uint64_t rows{0};
  std::uint64_t columns{0};
  std::uint64_t nonzeros{0};
};

}  // namespace psyne::inline v0
