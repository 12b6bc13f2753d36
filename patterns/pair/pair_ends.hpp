#pragma once

#include <psyne/core/result/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace psyne::inline v0 {

/// The channels of one end of a pair.
struct PairEnd {
  std::string in;   ///< where it receives
  std::string out;  ///< where it sends
};

/// The ends that who opens a pair at `uri` may take, in the order in which to try: the first that is free. Over tcp,
/// tls and unix that is told by the URI: who listens has the first end, who connects the second. `fixed`: its messages
/// have one size; errors as of part_uris.
Result<std::vector<PairEnd>> pair_ends(std::string_view uri, bool fixed);

}  // namespace psyne::inline v0
