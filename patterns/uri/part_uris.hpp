#pragma once

#include <psyne/core/result/result.hpp>

#include <string>
#include <string_view>

namespace psyne::inline v0 {

/// One of the two channels of a pattern whose messages go both ways.
struct Part {
  std::string_view name;  ///< see part_uri
  bool fixed;             ///< its messages have one size
};

struct PartUris {
  std::string out;  ///< of who opens
  std::string in;
};

/// Where both channels lie of a pattern that is open at `uri`, for one of its two sides.
///
/// The query is one for both. compress in it is for messages that vary in size: where only those that come in do, `out`
/// lies there without it. Errors: those of part_uri; of the query's compress, unsupported, where neither vary.
Result<PartUris> part_uris(std::string_view uri, const Part& out, const Part& in);

}  // namespace psyne::inline v0
