#pragma once

#include <psyne/core/transport/link.hpp>

#include <string>

namespace psyne::inline v0 {

/// For errors, behind a peer's name: "" where the link has its connection, else ", whose connection broke 1.2 s ago".
std::string broken(const Link& link);

}  // namespace psyne::inline v0
