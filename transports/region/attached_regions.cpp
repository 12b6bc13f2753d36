#include <psyne/core/transport/link.hpp>
#include <psyne/transports/region/attached_regions.hpp>

#include <utility>

namespace psyne::inline v0 {

Result<RemoteRegion> AttachedRegions::attach(const RemoteSpan& span, const Link& link, std::span<std::byte> memory,
                                             std::shared_ptr<const void> keep) {
  const auto error = [&](Code code, const char* why) {
    return Error(code, "cannot attach a region").peer(link.peer().name).because(why);
  };
  if (revoked_unattached_.erase(span.generation) != 0) return error(Code::invalid_state, "it has taken it back");
  std::erase_if(attached_, [](const auto& known) { return known.second.expired(); });
  if (attached_.size() >= most) {
    return error(Code::exhausted, "as many as may be are attached").mend("Release some first.");
  }
  if (attached_.contains(span.generation)) return error(Code::corrupted, "its generation is in use");
  auto region = std::make_shared<RemoteRegion::Attachment>();
  region->mapped = memory;
  region->access = span.access;
  region->length = span.length;
  region->generation = span.generation;
  region->link = &link;
  region->keep = std::move(keep);
  attached_.emplace(span.generation, region);
  return RemoteRegion(std::move(region));
}

void AttachedRegions::revoke(std::uint64_t generation) {
  if (const auto found = attached_.find(generation); found != attached_.end()) {
    if (const auto region = found->second.lock()) region->revoked = true;
    attached_.erase(found);
    return;
  }
  if (revoked_unattached_.size() >= most) revoked_unattached_.erase(revoked_unattached_.begin());
  revoked_unattached_.insert(generation);
}

}  // namespace psyne::inline v0
