#pragma once

#include <psyne/core/transport/descriptor.hpp>
#include <psyne/core/transport/region.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

namespace psyne::inline v0 {

class Link;

/// Name of a region for one peer: what Link::expose gives and the peer's Link::attach takes. Travels as plain bytes,
/// with at most one descriptor beside it.
struct RemoteSpan {
  static constexpr std::size_t longest_key = 512;

  std::uint64_t offset = 0;
  std::uint64_t length = 0;
  std::uint64_t generation = 0;  ///< tells a span from an earlier one in the same memory
  Access access = Access::read;
  std::vector<std::byte> key;  ///< the fabric's own, opaque, at most longest_key bytes
  Descriptor descriptor;       ///< the memory itself, where a descriptor can carry it
  /// Keeps the memory for as long as the peer has it attached, where both ends live in one process; never travels.
  /// Whoever exposes sets it, so that a view outlives the end that it came from.
  std::shared_ptr<const void> owner;
};

/// A peer's region as this side sees it; released with its last copy. Thread safety: immutable.
class RemoteRegion {
 public:
  /// What a link keeps for an attached region.
  struct Attachment {
    const Link* link = nullptr;    ///< the one it is attached to; to compare with, for it may be gone
    std::span<std::byte> mapped;   ///< empty where the peer's memory cannot be loaded directly
    Access access = Access::read;  ///< read: `mapped` must not be stored to (the mapping forbids it)
    std::uint64_t length = 0;
    std::uint64_t generation = 0;
    bool revoked = false;              ///< the peer has taken it back; by the link's thread only
    std::shared_ptr<const void> keep;  ///< the mapping, or the memory itself
  };

  RemoteRegion() noexcept = default;
  explicit RemoteRegion(std::shared_ptr<const Attachment> attachment) noexcept : attachment_(std::move(attachment)) {}

  /// The peer's memory as plain bytes; empty where it must be reached by puts.
  std::span<const std::byte> map() const noexcept { return attachment_ ? attachment_->mapped : std::span<std::byte>(); }
  /// The same for writing, empty unless the peer granted it.
  std::span<std::byte> map_writable() const noexcept {
    return attachment_ && attachment_->access == Access::write ? attachment_->mapped : std::span<std::byte>();
  }
  std::uint64_t length() const noexcept { return attachment_ ? attachment_->length : 0; }
  std::uint64_t generation() const noexcept { return attachment_ ? attachment_->generation : 0; }
  const Attachment* attachment() const noexcept { return attachment_.get(); }

 private:
  std::shared_ptr<const Attachment> attachment_;
};

}  // namespace psyne::inline v0
