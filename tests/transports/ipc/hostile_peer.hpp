#pragma once

#include <psyne/core/transport/region.hpp>
#include <psyne/transports/ipc/meeting/packet.hpp>
#include <psyne/transports/ipc/meeting/wire.hpp>
#include <psyne/transports/mapped/counter_page.hpp>

#include "transports/ipc/name_directory.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cstring>

namespace ipc_test {

using psyne::Descriptor;
using psyne::Packet;

inline sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.size() < sizeof address.sun_path) std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

/// A memory file that is what a counter page must be.
inline Descriptor good_page() {
  const auto page = psyne::Region::allocate(psyne::CounterPage::bytes, "hostile",
                                            {.shareable = true, .others = psyne::Access::write});
  return Descriptor(fcntl(page->descriptor(), F_DUPFD_CLOEXEC, 0));
}

/// The seals that ipc asks for.
inline constexpr int sealed = F_SEAL_SHRINK | F_SEAL_GROW;

/// A memory file of `bytes`, with `seals` and with or without its memory.
inline Descriptor memory_file(std::size_t bytes, int seals, bool populated = true) {
  Descriptor file(memfd_create("hostile", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  static_cast<void>(!ftruncate(file.get(), static_cast<off_t>(bytes)));
  if (populated) static_cast<void>(!fallocate(file.get(), 0, 0, static_cast<off_t>(bytes)));
  if (seals != 0) fcntl(file.get(), F_ADD_SEALS, seals);
  return file;
}

inline Packet good_hello() { return psyne::encode(psyne::Hello::own(good_page())); }

/// One that speaks as it likes, at either side of a name.
class HostilePeer {
 public:
  /// Connects to the one offering end of `name`.
  static HostilePeer connect_to(const NameDirectory& name) {
    HostilePeer peer;
    peer.socket_ = Descriptor(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    const auto address = address_of(name.path + "/" + name.sockets().at(0));
    EXPECT_EQ(::connect(peer.socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    return peer;
  }
  /// Waits for the answering end of `name` to come to a socket that it finds there.
  static HostilePeer listen_at(const NameDirectory& name) {
    const std::string path = name.path + "/fedcba9876543210";
    HostilePeer peer;
    const Descriptor listener(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0));
    const auto address = address_of(path);
    EXPECT_EQ(bind(listener.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(listen(listener.get(), 1), 0);
    EXPECT_EQ(rename(path.c_str(), (path + ".socket").c_str()), 0);
    pollfd came{.fd = listener.get(), .events = POLLIN, .revents = 0};
    EXPECT_EQ(poll(&came, 1, 10000), 1);
    peer.socket_ = Descriptor(accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    unlink((path + ".socket").c_str());
    return peer;
  }

  void say(const Packet& packet) const { static_cast<void>(psyne::send_packet(socket_.get(), packet).has_value()); }
  /// The first `length` bytes of it.
  void say_part(Packet packet, std::size_t length) const {
    packet.bytes.resize(length);
    say(packet);
  }
  void say_text(std::string_view text) const {
    Packet packet;
    packet.bytes = conformance::bytes_of(text);
    say(packet);
  }

  /// What the other end says next; peer_lost when it hung up, timed_out when it says nothing for 10 s.
  psyne::Result<Packet> hear() const {
    pollfd said{.fd = socket_.get(), .events = POLLIN, .revents = 0};
    if (poll(&said, 1, 10000) != 1) return psyne::Code::timed_out;
    return psyne::receive_packet(socket_.get());
  }
  /// Hears until the other end hangs up; whether it did.
  bool is_hung_up() const {
    for (int i = 0; i < 100; ++i) {
      const auto heard = hear();
      if (!heard) return heard.error() == psyne::Code::peer_lost;
    }
    return false;
  }
  int socket() const { return socket_.get(); }
  void hang_up() { socket_.reset(); }

 private:
  Descriptor socket_;
};

}  // namespace ipc_test
