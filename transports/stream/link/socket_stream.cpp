#include <psyne/transports/stream/link/socket_stream.hpp>

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace psyne::inline v0 {

namespace {

msghdr message_of(std::span<const iovec> pieces) noexcept {
  msghdr message{};
  // NOLINTNEXTLINE(cppcoreguidelines-pro-type-const-cast): the list of pieces is only read
  message.msg_iov = const_cast<iovec*>(pieces.data());
  message.msg_iovlen = pieces.size();
  return message;
}

}  // namespace

// recv and send where one piece will do: the kernel need not copy the list of pieces in (60 ns of 900 for 8 B here).
ssize_t SocketStream::read(std::span<const iovec> into) noexcept {
  for (;;) {
    ssize_t got = 0;
    if (into.size() == 1) {
      got = recv(descriptor(), into[0].iov_base, into[0].iov_len, MSG_DONTWAIT);
    } else {
      msghdr message = message_of(into);
      got = recvmsg(descriptor(), &message, MSG_DONTWAIT);
    }
    if (got >= 0 || errno != EINTR) return got;
  }
}

ssize_t SocketStream::peek(std::span<std::byte> into) noexcept {
  for (;;) {
    const ssize_t got = recv(descriptor(), into.data(), into.size(), MSG_DONTWAIT | MSG_PEEK);
    if (got >= 0 || errno != EINTR) return got;
  }
}

// TCP does not copy what it takes out with MSG_TRUNC; sanitizers take it for written all the same.
void SocketStream::discard(std::size_t bytes) noexcept {
  std::array<std::byte, 2048> nowhere;  // NOLINT(cppcoreguidelines-pro-type-member-init): stays as it is
  while (bytes != 0) {
    const std::size_t part = std::min(bytes, nowhere.size());
    const ssize_t got = recv(descriptor(), nowhere.data(), part, MSG_DONTWAIT | MSG_TRUNC);
    if (got > 0) {
      bytes -= static_cast<std::size_t>(got);
    } else if (got == 0 || errno != EINTR) {
      return;
    }
  }
}

ssize_t SocketStream::write(std::span<const iovec> from) noexcept {
  for (;;) {
    ssize_t sent = 0;
    if (from.size() == 1) {
      sent = send(descriptor(), from[0].iov_base, from[0].iov_len, MSG_DONTWAIT | MSG_NOSIGNAL);
    } else {
      const msghdr message = message_of(from);
      sent = sendmsg(descriptor(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    }
    if (sent >= 0 || errno != EINTR) return sent;
  }
}

}  // namespace psyne::inline v0
