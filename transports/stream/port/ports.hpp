#pragma once

#include <psyne/core/service/life_line.hpp>
#include <psyne/transports/stream/meeting/attendant.hpp>
#include <psyne/transports/stream/meeting/new_link.hpp>
#include <psyne/transports/stream/place/place.hpp>
#include <psyne/transports/stream/port/port.hpp>

#include <map>
#include <memory>
#include <string>
#include <vector>

namespace psyne::inline v0::stream {

/// The ports of this process, each shared by all who listen at its address. A forked child has none of its parent's.
/// Service thread only.
class Ports {
 public:
  static Ports& process();

  /// Adds `attendant` to the port of `place`, which listens; opens it where he is the first. The port lives as long as
  /// somebody keeps it. For port 0, one that this process was given already, where the name is free there, else
  /// another.
  ///
  /// Errors: in_use (the name is taken there for this side, or another process has the address), not_found (the
  /// interface, the directory), refused, would_block (see SocketFile), exhausted, invalid_argument (the port encrypts
  /// otherwise).
  Result<std::shared_ptr<Port>> enter(const Place& place, const Attendant& attendant, const MakeLink& make_link);

 private:
  Result<std::shared_ptr<Port>> open(const Place& place, const Attendant& attendant, const MakeLink& make_link) const;

  struct Open {
    std::weak_ptr<Port> port;
    bool any;  // it was asked for as port 0
  };

  LifeLine epoch_;
  std::map<std::string, std::vector<Open>> ports_;  // by interface, with "tls " before it where it encrypts, or path
};

/// The address that others reach `port` by: the advertised one, else that of the chosen interface, else the best known.
Endpoint advertised(const ConnectionSettings& settings, std::uint16_t port);

}  // namespace psyne::inline v0::stream
