// Any packets with any descriptors from a peer, at either side of a handshake: each ends it with an error or moves it
// on; what was attached can be read to its last byte, whatever the peer's memory is; no descriptor is lost.
#include <psyne/transports/ipc/meeting/handshake.hpp>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

using psyne::Descriptor;
using psyne::Greeting;
using psyne::Link;
using psyne::Packet;
using psyne::Result;

void check(bool promise) {
  if (!promise) std::abort();
}

/// Takes bytes from the input's front; zero when there are none left.
struct Input {
  const std::uint8_t* data;
  std::size_t left;

  std::uint8_t byte() { return left == 0 ? std::uint8_t{0} : (--left, *data++); }
  std::vector<std::byte> bytes(std::size_t most) {
    const std::size_t count = std::min(most, left);
    std::vector<std::byte> taken(count);
    if (count != 0) std::memcpy(taken.data(), data, count);
    data += count;
    left -= count;
    return taken;
  }
};

Descriptor memory(std::size_t bytes, int seals, bool populated) {
  Descriptor file(memfd_create("fuzz", MFD_CLOEXEC | MFD_ALLOW_SEALING));
  check(ftruncate(file.get(), static_cast<off_t>(bytes)) == 0);
  if (populated) check(fallocate(file.get(), 0, 0, static_cast<off_t>(bytes)) == 0);
  if (seals != 0) check(fcntl(file.get(), F_ADD_SEALS, seals) == 0);
  return file;
}

/// What a peer may send instead of what it should.
Descriptor offered(std::uint8_t kind) {
  constexpr int sealed = F_SEAL_SHRINK | F_SEAL_GROW;
  static const std::array<Descriptor, 6> kinds{memory(psyne::CounterPage::bytes, sealed, true),
                                               memory(3 * 4096, sealed | F_SEAL_FUTURE_WRITE, true),
                                               memory(4096, 0, true),
                                               memory(1 << 20, sealed, false),
                                               memory(100, sealed, true),
                                               Descriptor(open("/dev/null", O_RDWR | O_CLOEXEC))};
  return Descriptor(fcntl(kinds[kind % kinds.size()].get(), F_DUPFD_CLOEXEC, 0));
}

/// Attaches whatever the peer exposes and reads it.
struct Reader final : psyne::Host {
  std::unique_ptr<Link> kept;

  static Greeting greeting() {
    Greeting greeting;
    greeting.bytes.resize(16);
    return greeting;
  }
  static Result<void> read(Link& link, Greeting theirs) {
    check(theirs.bytes.size() <= Greeting::longest && theirs.spans.size() <= Greeting::most_spans);
    for (auto& span : theirs.spans) {
      const auto region = link.attach(std::move(span));
      if (!region) return region.error();
      std::byte sum{0};
      for (const std::byte byte : region->map()) sum ^= byte;
      if (!region->map_writable().empty()) region->map_writable().back() = sum;
    }
    return {};
  }
  Result<Greeting> offer(Link& /*link*/) override { return greeting(); }
  Result<void> admit(std::unique_ptr<Link>& link, Greeting answer) override {
    if (auto good = read(*link, std::move(answer)); !good) return good;
    kept = std::move(link);
    return {};
  }
  Result<Greeting> answer(Link& link, Greeting offer) override {
    if (auto good = read(link, std::move(offer)); !good) return good.error();
    return greeting();
  }
  void welcome(std::unique_ptr<Link> link) override { kept = std::move(link); }
  void missed(const Link* /*link*/, const psyne::Error& error) override {
    for (const char letter : error.text()) check(static_cast<unsigned char>(letter) >= 0x20);
  }
};

/// One socket for all inputs: nothing is sent or read on it here.
std::shared_ptr<psyne::LifeLine> line() {
  static const auto shared = [] {
    std::array<int, 2> ends{};
    check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()) == 0);
    return std::make_shared<psyne::LifeLine>(Descriptor(ends[0]));
  }();
  return shared;
}

int lowest_free_descriptor() {
  const Descriptor probe(fcntl(0, F_DUPFD_CLOEXEC, 0));
  return probe.get();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto shared = line();
  static_cast<void>(offered(0));
  static const bool service = psyne::Service::process().has_value();
  check(service);
  const int before = lowest_free_descriptor();
  {
    Input input{data, size};
    const std::uint8_t mode = input.byte();
    Reader host;
    psyne::Handshake handshake((mode & 1) != 0 ? psyne::Side::offering : psyne::Side::answering, host, "ipc://fuzz",
                               shared, mode & 2);
    check(handshake.hello().has_value());
    bool over = false;
    if ((mode & 4) != 0) over = !handshake.take(psyne::encode(psyne::Hello::own(offered(0))));
    while (!over && input.left != 0) {
      Packet packet;
      const std::uint8_t shape = input.byte();
      for (int i = 0; i < shape % 4; ++i) packet.descriptors.push_back(offered(input.byte()));
      packet.bytes = input.bytes(1 + (std::size_t{shape} >> 2U) * std::size_t{input.byte()});
      if (packet.bytes.empty()) break;
      const auto turn = handshake.take(std::move(packet));
      if (!turn) handshake.miss(turn.error());
      over = !turn || turn->linked;
      check(!turn || !turn->linked || host.kept != nullptr);
    }
  }
  check(lowest_free_descriptor() == before);
  return 0;
}
