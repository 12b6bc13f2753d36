#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/transports/stream/meeting/caller.hpp>
#include <psyne/transports/stream/tls/tls_context.hpp>

#include <memory>

namespace psyne::inline v0::stream {

/// Who is at the other end of `line`, a connected socket: with the bytes of that as they are where `tls` is null, else
/// encrypted. Errors: what the system says, where it is not connected any more; exhausted.
Result<Caller> caller_of(std::shared_ptr<LifeLine> line, const TlsContext* tls);

}  // namespace psyne::inline v0::stream
