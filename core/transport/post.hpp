#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/core/transport/remote.hpp>

#include <cstddef>
#include <cstdint>
#include <span>

namespace psyne::inline v0 {

/// What the peer sees after the puts: its counter `counter` becomes `value`, it is woken where it sleeps, and its
/// service bell rings where it is to be attended to though nobody waits there.
struct Signal {
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  std::uint32_t counter = none;
  std::uint64_t value = 0;
  bool wake = false;
  bool attend = false;
};

/// Bytes of mine that go into a region of the peer's: a stretch of a region, or of any memory where the link lends; or
/// up to `inline_bytes` raw ones, which are copied before post() returns.
struct Put {
  std::span<const std::byte> local;
  const RemoteRegion* remote = nullptr;
  std::uint64_t offset = 0;
  bool raw = false;
  Signal early{};  ///< the peer may see it once this and the puts before have landed: a link may leave it out
};

/// Names one post; tokens of a link complete in the order in which they were given.
using Token = std::uint64_t;

/// What every link asks of a post before it does any of it: that each put ends inside of a region that is attached to
/// this very link, was granted for writing and not taken back, that raw bytes are few enough, and that the counter is
/// there. Any of it may come from a program's mistake, and writing past a region would be the peer's harm.
///
/// By the link's thread. Errors: invalid_argument, with the reason. O(puts), allocates nothing.
Result<void> check_post(const Link& link, std::span<const Put> puts, const Signal& signal);

}  // namespace psyne::inline v0
