#include <psyne/core/channel/channel_patience.hpp>
#include <psyne/core/channel/unless_asked.hpp>
#include <psyne/core/config/known_options.hpp>

#include <cstdint>
#include <string_view>

namespace psyne::inline v0 {

Patience channel_patience(const Config& config, const Uri& uri, const std::optional<Patience>& given) {
  const auto looks = [&](std::string_view key, const Option& option, std::uint32_t Patience::*kind) {
    return given && !is_asked(uri, key) ? (*given).*kind : static_cast<std::uint32_t>(config.count(option));
  };
  return {.spins = looks("patience.spins", option::channel_spins, &Patience::spins),
          .pauses = looks("patience.pauses", option::channel_pauses, &Patience::pauses),
          .yields = looks("patience.yields", option::channel_yields, &Patience::yields)};
}

}  // namespace psyne::inline v0
