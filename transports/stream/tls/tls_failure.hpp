#pragma once

#include <psyne/core/result/error.hpp>
#include <psyne/transports/stream/tls/tls_settings.hpp>

#include <string>

using SSL = struct ssl_st;

namespace psyne::inline v0::stream {

/// What OpenSSL's queue of this thread says first, for people: "no start line". Empties the queue.
std::string tls_reason();

/// What went wrong with `session`, which has just failed, as people know it: a certificate, a token, or no TLS at all.
/// Empties OpenSSL's queue of this thread. Only a part of an Error: its reason, its advice and its code.
Error tls_failure(const SSL& session, const TlsSettings& settings);

}  // namespace psyne::inline v0::stream
