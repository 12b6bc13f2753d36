#include <psyne/core/channel/channel_patience.hpp>
#include <psyne/core/config/known_options.hpp>

#include <cstdint>

namespace psyne::inline v0 {

Patience channel_patience(const Config& config, const std::optional<Patience>& given) {
  if (given) return *given;
  return {.spins = static_cast<std::uint32_t>(config.count(option::channel_spins)),
          .pauses = static_cast<std::uint32_t>(config.count(option::channel_pauses)),
          .yields = static_cast<std::uint32_t>(config.count(option::channel_yields))};
}

}  // namespace psyne::inline v0
