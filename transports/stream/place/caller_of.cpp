#include <psyne/transports/stream/link/socket_stream.hpp>
#include <psyne/transports/stream/place/caller_of.hpp>
#include <psyne/transports/stream/place/socket_address.hpp>
#include <psyne/transports/stream/place/tuning.hpp>

#include <sys/socket.h>

#include <utility>

namespace psyne::inline v0::stream {

Result<Caller> caller_of(std::shared_ptr<LifeLine> line, const TlsContext* tls) {
  const auto address = SocketAddress::peer_of(line->get());
  if (!address) return address.error();
  Caller caller;
  caller.security = address->is_local() ? Security::local : Security::plain;
  caller.address = address->text();
  const auto own = SocketAddress::own_of(line->get());
  if (address->is_local() || (own && own->host() == address->host())) do_not_pace(line->get());
  if (address->family() == AF_UNIX) {
    ucred peer{};
    socklen_t bytes = sizeof peer;
    if (getsockopt(line->get(), SOL_SOCKET, SO_PEERCRED, &peer, &bytes) == 0) {
      caller.by_kernel = true;
      caller.pid = peer.pid;
    }
  }
  if (tls != nullptr) {
    auto stream = tls->over(line);
    if (!stream) return stream.error();
    caller.stream = std::move(*stream);
  } else {
    caller.stream = std::make_shared<SocketStream>(line, address->family() != AF_UNIX);
  }
  caller.line = std::move(line);
  return caller;
}

}  // namespace psyne::inline v0::stream
