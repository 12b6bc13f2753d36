#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/core/transport/descriptor.hpp>
#include <psyne/core/transport/region.hpp>

#include <cstdint>
#include <memory>
#include <span>

namespace psyne::inline v0 {

/// A part of a peer's memfd, mapped here, unmapped with its last owner.
///
/// Proved before it is touched, so that no later act of the peer can take pages away from under us (SIGBUS): it is
/// sealed against shrinking, holds what it claims, and all of it is there, so populating it costs this process no
/// memory. Huge pages are taken only where no hole can be punched into them, since there may be none to fill it with.
class Mapping {
 public:
  /// Errors: corrupted (not sealed, too small, not there), exhausted.
  static Result<std::shared_ptr<const Mapping>> of(Descriptor memory, std::uint64_t offset, std::uint64_t length,
                                                   Access access);
  ~Mapping();
  Mapping(const Mapping&) = delete;
  Mapping& operator=(const Mapping&) = delete;

  /// To be stored to only where it was mapped with Access::write.
  std::span<std::byte> bytes() const noexcept { return bytes_; }

 private:
  Mapping(std::span<std::byte> pages, std::span<std::byte> bytes) noexcept : pages_(pages), bytes_(bytes) {}

  std::span<std::byte> pages_;
  std::span<std::byte> bytes_;
};

}  // namespace psyne::inline v0
