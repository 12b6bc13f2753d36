#pragma once

#include <psyne/core/config/config.hpp>
#include <psyne/core/park/patience.hpp>
#include <psyne/core/uri/uri.hpp>

#include <optional>

namespace psyne::inline v0 {

/// How long the threads of an end look before they sleep: what the query asks for, else as `given` by the program, else
/// as configured.
Patience channel_patience(const Config& config, const Uri& uri, const std::optional<Patience>& given);

}  // namespace psyne::inline v0
