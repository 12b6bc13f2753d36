#pragma once

#include <psyne/core/transport/transport.hpp>
#include <psyne/transports/stream/connection_settings.hpp>
#include <psyne/transports/stream/resume/sessions.hpp>
#include <psyne/transports/stream/tls/tls_context.hpp>

#include <cstdint>
#include <memory>
#include <string>

namespace psyne::inline v0::stream {

/// Who is present at an address, as those whom he meets see him. Outlives every handshake for him.
struct Attendant {
  Host* host = nullptr;
  Side side = Side::offering;
  bool exclusive = false;
  std::string uri;             ///< what was opened, without its query: for errors
  std::string name;            ///< of the channel at that address; perhaps empty
  std::uint64_t presence = 0;  ///< Hello::presence
  ConnectionSettings settings;
  std::shared_ptr<const TlsContext> tls = {};  ///< what its connections are encrypted by; nullptr: they are not
  std::shared_ptr<Sessions> sessions = {};     ///< of links that may outlive their connections; nullptr: none may
};

}  // namespace psyne::inline v0::stream
