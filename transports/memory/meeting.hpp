#pragma once

#include <psyne/core/transport/transport.hpp>

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace psyne::inline v0 {

/// Two links that are each other's peer.
using LinkPair = std::pair<std::unique_ptr<Link>, std::unique_ptr<Link>>;
/// Makes them for a meeting at `name` ("memory://ticks"). Called on the service thread.
using MakeLinks = std::function<Result<LinkPair>(const std::string& name)>;

/// Becomes present in a table of this process, by scheme and name, that only the service thread touches: ends of the
/// two sides meet at once, over links that the offering one makes. Thread safe. Errors: as Transport::appear.
Result<std::unique_ptr<Presence>> meet_in_process(const Uri& uri, Side side, Host& host, const PresenceOptions& options,
                                                  MakeLinks make_links);

}  // namespace psyne::inline v0
