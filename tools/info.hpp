#pragma once

namespace psyne_tool {

/// `psyne info`: what this build is, what works here and why not, limits, configuration and where each value came from.
int info(bool json);

}  // namespace psyne_tool
