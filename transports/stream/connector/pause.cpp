#include <psyne/transports/stream/connector/pause.hpp>

#include <algorithm>

namespace psyne::inline v0::stream {

std::chrono::nanoseconds Pause::next(std::chrono::nanoseconds limit) {
  const auto longest = std::min(length_, limit);
  length_ = 2 * longest;
  std::uniform_int_distribution<std::int64_t> some(longest.count() / 2, longest.count());
  return std::chrono::nanoseconds(some(random_));
}

}  // namespace psyne::inline v0::stream
