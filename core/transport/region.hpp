#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/core/transport/descriptor.hpp>
#include <psyne/core/transport/device.hpp>

#include <cstddef>
#include <span>
#include <string>

namespace psyne::inline v0 {

/// What a peer may do with a region that is exposed to it.
enum class Access : std::uint8_t { read, write };

struct RegionOptions {
  bool shareable = false;        ///< backed by a memfd, so that it can be handed to another process
  bool huge_pages = false;       ///< an error where the machine has none to give
  bool populated = true;         ///< else a page comes when it is first touched; only of what is not shareable
  Access others = Access::read;  ///< a shareable region that others only read is sealed against their writing
};

/// Memory of this process that lanes and windows live in: zeroed, page aligned, populated when it is made (no SIGBUS
/// later) unless its user does without, unmapped with its last owner. Knows its device from the start.
///
/// A shareable region is a memfd outside every mounted file system (so a small /dev/shm does not matter), sealed
/// against shrinking and growing, and, unless others may write, against every writable mapping made after ours. Thread
/// safety: as a value; the bytes belong to whoever the region's user says.
class Region {
 public:
  /// `bytes` is rounded up to whole pages. `purpose` names the memory in /proc/PID/maps.
  /// Errors: exhausted (memory, descriptors), unsupported (huge pages).
  static Result<Region> allocate(std::size_t bytes, const std::string& purpose, const RegionOptions& options = {});

  Region() noexcept = default;
  Region(Region&& other) noexcept;
  Region& operator=(Region&& other) noexcept;
  ~Region();

  std::span<std::byte> bytes() const noexcept { return bytes_; }
  Device device() const noexcept { return {}; }
  /// The memfd, or -1 where the region is not shareable.
  int descriptor() const noexcept { return descriptor_.get(); }
  Access others() const noexcept { return others_; }

 private:
  std::span<std::byte> bytes_;
  Descriptor descriptor_;
  Access others_ = Access::read;
};

}  // namespace psyne::inline v0
