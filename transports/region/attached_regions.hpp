#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/core/transport/remote.hpp>

#include <cstddef>
#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <span>

namespace psyne::inline v0 {

/// The peer's regions that one link has attached, and those that were taken back before it could. By the link's thread.
class AttachedRegions {
 public:
  /// A bound on what a peer can make us remember.
  static constexpr std::size_t most = 4096;

  /// `memory`: where it is mapped, if it is; `keep` lives as long as the region. Errors: invalid_state (it was taken
  /// back), exhausted, corrupted (attached already).
  Result<RemoteRegion> attach(const RemoteSpan& span, const Link& link, std::span<std::byte> memory = {},
                              std::shared_ptr<const void> keep = nullptr);
  /// The peer takes it back: posts into it are refused from now on.
  void revoke(std::uint64_t generation);

 private:
  std::map<std::uint64_t, std::weak_ptr<RemoteRegion::Attachment>> attached_;
  std::set<std::uint64_t> revoked_unattached_;
};

}  // namespace psyne::inline v0
