#pragma once

#include <psyne/core/config/config.hpp>
#include <psyne/core/park/patience.hpp>

#include <optional>

namespace psyne::inline v0 {

/// How long the threads of an end look before they sleep: as `given` by the program, else as configured.
Patience channel_patience(const Config& config, const std::optional<Patience>& given);

}  // namespace psyne::inline v0
