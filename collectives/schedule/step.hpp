#pragma once

#include <psyne/collectives/schedule/place.hpp>

#include <cstdint>

namespace psyne::inline v0 {

enum class Action : std::uint8_t {
  copy,    ///< `bytes` from `from` to `to`; into another rank's memory it is a put
  fold,    ///< the elements of `sources` places become one, in their order, at `to`
  signal,  ///< tells `peer`, once what was put before is there
  wait,    ///< until `peer` has signalled `count` times in this schedule
  admit,   ///< until `peer` reads no more what an earlier schedule put into the bank that this one uses
  restage  ///< until nobody loads any more what an earlier schedule left in the bank of the stage
};

/// One thing that one rank does. Which fields count is said by `action`.
struct Step {
  Action action = Action::copy;
  Rank peer = 0;
  std::uint32_t count = 0;         ///< wait: see there
  std::uint32_t first_source = 0;  ///< fold: in Schedule::sources
  std::uint32_t sources = 0;       ///< fold: how many; copy: 1
  Place to{};
  Place from{};  ///< copy
  std::uint64_t bytes = 0;
};

}  // namespace psyne::inline v0
