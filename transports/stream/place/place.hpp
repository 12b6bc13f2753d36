#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/core/uri/endpoint.hpp>
#include <psyne/core/uri/uri.hpp>

#include <string>
#include <string_view>

namespace psyne::inline v0::stream {

/// Where two ends meet over a stream, and which of them listens: the place of a tcp://, tls:// or unix:// URI, checked.
///
///   tcp://*:5555/ticks             listens, for the channel "ticks"; port 0 is any free one
///   tcp://node7:5555/ticks         connects; a name, an IPv4 address, an IPv6 one in brackets
///   tls://node7:5555/ticks         the same, encrypted
///   unix://*/run/feed.sock         listens at /run/feed.sock
///   unix:///run/feed.sock//ticks   connects to it, for the channel "ticks"
///
/// The name tells the channels of one port apart; none is a name as well.
struct Place {
  bool tcp = true;  ///< over the internet's sockets, encrypted or not
  bool tls = false;
  bool listens = false;
  Endpoint endpoint;  ///< of tcp, with its port
  std::string path;   ///< of unix, absolute
  std::string name;
  std::string uri;  ///< without its query

  /// Errors: invalid_argument, with what is wrong where; too_large (the name).
  static Result<Place> of(const Uri& uri);

  std::string_view scheme() const noexcept { return tls ? "tls" : tcp ? "tcp" : "unix"; }
  /// The URI by which others reach `host` (of tcp) for this channel.
  std::string uri_of(const Endpoint& host) const;
  /// The same for the socket of unix.
  std::string uri_of_path() const;
};

}  // namespace psyne::inline v0::stream
