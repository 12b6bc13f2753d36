#pragma once

#include <psyne/core/transport/link.hpp>
#include <psyne/transports/stream/meeting/attendant.hpp>
#include <psyne/transports/stream/meeting/caller.hpp>
#include <psyne/transports/stream/resume/resumable.hpp>

#include <cstddef>
#include <functional>
#include <memory>
#include <vector>

namespace psyne::inline v0::stream {

/// A link that can expose and attach, and is live once `start` was called, while `link` is where it was. What start is
/// given leaves before everything that is posted, but not before the service thread comes round again: so who calls it
/// there may still drop the link, and nothing of it has left.
struct NewLink {
  std::unique_ptr<Link> link;
  std::function<Result<void>(std::vector<std::byte> first)> start;
  Resumable* resumable = nullptr;  ///< the link, where it can outlive its connection
};

/// Makes the link for a connection over which two ends have met. Errors: exhausted.
using MakeLink = std::function<Result<NewLink>(const Caller& caller, const Attendant& attendant, Identity peer)>;

}  // namespace psyne::inline v0::stream
