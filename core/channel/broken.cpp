#include <psyne/core/channel/broken.hpp>

#include <chrono>

namespace psyne::inline v0 {

std::string broken(const Link& link) {
  const auto since = link.broken_since();
  if (!since) return {};
  const auto tenths = std::chrono::duration_cast<std::chrono::milliseconds>(Clock::now() - *since).count() / 100;
  return ", whose connection broke " + std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + " s ago";
}

}  // namespace psyne::inline v0
