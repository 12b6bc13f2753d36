#include <psyne/core/atomics/step.hpp>
#include <psyne/transports/ipc/meeting/packet.hpp>

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <cstring>

namespace psyne::inline v0 {

namespace {

/// Room for one descriptor more than may come, so that too many are told apart from a process without free ones.
constexpr std::size_t most = Packet::most_descriptors + 1;

struct Ancillary {
  alignas(cmsghdr) std::array<std::byte, CMSG_SPACE(most * sizeof(int))> bytes{};
};

/// Takes every descriptor that the kernel installed.
std::vector<Descriptor> take_descriptors(msghdr& header) {
  std::vector<Descriptor> descriptors;
  for (cmsghdr* part = CMSG_FIRSTHDR(&header); part != nullptr; part = CMSG_NXTHDR(&header, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    const std::size_t count = (part->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (std::size_t i = 0; i < count; ++i) {
      int number = -1;
      std::memcpy(&number, CMSG_DATA(part) + i * sizeof(int), sizeof number);
      descriptors.emplace_back(number);
    }
  }
  return descriptors;
}

}  // namespace

Result<void> send_packet(int socket, const Packet& packet) {
  iovec part{const_cast<std::byte*>(packet.bytes.data()), packet.bytes.size()};  // NOLINT: sendmsg only reads
  Ancillary ancillary;
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  if (!packet.descriptors.empty()) {
    const std::size_t bytes = packet.descriptors.size() * sizeof(int);
    header.msg_control = ancillary.bytes.data();
    header.msg_controllen = CMSG_SPACE(bytes);
    cmsghdr* rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(bytes);
    for (std::size_t i = 0; i < packet.descriptors.size(); ++i) {
      const int number = packet.descriptors[i].get();
      std::memcpy(CMSG_DATA(rights) + i * sizeof(int), &number, sizeof number);
    }
  }
  ssize_t sent = 0;
  step();
  do sent = sendmsg(socket, &header, MSG_DONTWAIT | MSG_NOSIGNAL);
  while (sent < 0 && errno == EINTR);
  if (sent >= 0) return {};
  if (errno == EAGAIN) return Code::would_block;
  if (errno == EPIPE || errno == ECONNRESET) return Code::peer_lost;
  return system_error(errno, "cannot send to a peer");
}

Result<Packet> receive_packet(int socket) {
  Packet packet;
  packet.bytes.resize(Packet::longest);
  iovec part{packet.bytes.data(), packet.bytes.size()};
  Ancillary ancillary;
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = ancillary.bytes.data();
  header.msg_controllen = ancillary.bytes.size();
  ssize_t got = 0;
  // A peer that closed without reading all of ours is reported once as a reset, before what it said last.
  bool reset = false;
  do {
    reset = reset || (got < 0 && errno == ECONNRESET);
    got = recvmsg(socket, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  } while (got < 0 && (errno == EINTR || (errno == ECONNRESET && !reset)));
  if (got < 0 && errno == EAGAIN) return Code::would_block;
  if (got < 0 && errno != ECONNRESET) return system_error(errno, "cannot hear a peer");
  if (got > 0) packet.descriptors = take_descriptors(header);
  if (got <= 0) return Code::peer_lost;

  if ((header.msg_flags & MSG_TRUNC) != 0) return Error(Code::corrupted, "a peer sent more than a message holds");
  if (packet.descriptors.size() > Packet::most_descriptors) {
    return Error(Code::corrupted, "a peer sent more descriptors than a message has");
  }
  if ((header.msg_flags & MSG_CTRUNC) != 0) {
    return Error(Code::exhausted, "cannot take the descriptors that a peer sent")
        .mend("Raise the limit of open files (ulimit -n).");
  }
  packet.bytes.resize(static_cast<std::size_t>(got));
  return packet;
}

}  // namespace psyne::inline v0
