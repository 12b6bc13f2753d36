#pragma once

#include <psyne/collectives/reduce/fold.hpp>
#include <psyne/collectives/schedule/operation.hpp>
#include <psyne/collectives/schedule/place.hpp>
#include <psyne/core/message/tensor/dtype.hpp>

#include <cstddef>
#include <cstdint>
#include <string>

namespace psyne::inline v0 {

/// One collective operation with all that is known at run time: what every typed call becomes.
struct Call {
  Operation operation = Operation::barrier;
  DType dtype = DType::u8;
  Fold fold = Fold::sum;
  bool average = false;
  Rank root = 0;
  std::uint64_t count = 0;  ///< elements: of the vector, or of one block where there is one for each rank
  const std::byte* input = nullptr;
  std::byte* output = nullptr;

  std::uint64_t bytes() const noexcept { return count * size_of(dtype); }

  /// What all ranks have to agree on, as people write it: "all_reduce of 1024 f32, sum".
  std::string text() const;
  /// The same as a number, mixed with `seed`.
  std::uint64_t fingerprint(std::uint64_t seed) const noexcept;
};

/// Whether input and output are the same memory: of the whole where both hold the same, else the own block in the
/// larger.
bool in_place(const Call& call, Rank rank) noexcept;

}  // namespace psyne::inline v0
