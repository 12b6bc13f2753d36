#include <psyne/core/uri/quoted.hpp>
#include <psyne/transports/greeting/bytes.hpp>
#include <psyne/transports/stream/meeting/hello.hpp>

#include <sys/random.h>
#include <unistd.h>

#include <bit>
#include <cerrno>
#include <string_view>

namespace psyne::inline v0::stream {

namespace {

constexpr std::string_view magic = "psynenet";
constexpr bool own_order = std::endian::native == std::endian::little;

Error garbled(const char* why) { return Error(Code::corrupted, "cannot understand a peer").because(why); }

std::string order_name(bool little_endian) { return little_endian ? "little-endian" : "big-endian"; }

// Up to 256 bytes come whole and without waiting, once the system has started.
Result<void> fill_with_random(std::span<std::byte> bytes) {
  if (getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size())) return {};
  return system_error(errno, "cannot get random bytes");
}

std::string host_name() {
  std::array<char, Hello::longest_host + 1> name{};
  if (gethostname(name.data(), name.size() - 1) != 0) return {};
  return name.data();
}

}  // namespace

Result<std::uint64_t> random_number() {
  for (;;) {
    std::uint64_t number = 0;
    if (auto filled = fill_with_random(std::as_writable_bytes(std::span(&number, 1))); !filled) return filled.error();
    if (number != 0) return number;
  }
}

Result<Hello> Hello::own() {
  Hello hello;
  hello.little_endian = own_order;
  hello.pid = getpid();
  hello.release = PSYNE_VERSION;
  hello.host = host_name();
  if (auto filled = fill_with_random(hello.nonce); !filled) return filled.error();
  return hello;
}

Result<void> Hello::check_compatible() const {
  const auto incompatible = [&](const std::string& theirs_is, const std::string& ours_is) {
    return Error(Code::incompatible, "cannot talk to a peer")
        .because("it (psyne " + quoted(release) + ") uses " + theirs_is +
                 ", and this program (psyne " PSYNE_VERSION ") " + ours_is)
        .mend("Rebuild one of them.");
  };
  if (little_endian != own_order) {
    return incompatible("byte order " + order_name(little_endian), order_name(own_order));
  }
  if (version != wire_version) {
    return incompatible("stream version " + std::to_string(version), "version " + std::to_string(wire_version));
  }
  return {};
}

std::vector<std::byte> encode(const Hello& hello) {
  std::vector<std::byte> bytes;
  bytes.reserve(Hello::bytes);
  ByteWriter writer(bytes);
  writer.put(std::as_bytes(std::span(magic)));
  writer.put(hello.little_endian ? 'l' : 'b');
  writer.put('\0');
  writer.put_little_endian(hello.version);
  writer.put(hello.side == Side::offering ? 'o' : 'a');
  writer.put(static_cast<std::uint8_t>(hello.exclusive));
  writer.put(hello.authentication);
  writer.put(hello.continuation);
  writer.put(hello.nonce);
  writer.put_little_endian(hello.presence);
  writer.put_little_endian(hello.pid);
  writer.put_padded(hello.release, Hello::longest_release);
  writer.put_padded(hello.host, Hello::longest_host);
  writer.put_padded(hello.name, Name::longest);
  return bytes;
}

Result<Hello> decode_hello(std::span<const std::byte> bytes) {
  ByteReader reader(bytes);
  if (reader.take_padded(magic.size()) != magic) return garbled("it does not begin as psyne does");
  Hello hello;
  const char order = reader.take<char>();
  const char zero = reader.take<char>();
  hello.version = reader.take_little_endian<std::uint16_t>();
  const char side = reader.take<char>();
  const auto exclusive = reader.take<std::uint8_t>();
  const auto authentication = reader.take<std::uint8_t>();
  const auto continuation = reader.take<std::uint8_t>();
  hello.nonce = reader.take<decltype(hello.nonce)>();
  hello.presence = reader.take_little_endian<std::uint64_t>();
  hello.pid = reader.take_little_endian<std::int64_t>();
  hello.release = reader.take_padded(Hello::longest_release);
  hello.host = reader.take_padded(Hello::longest_host);
  hello.name = reader.take_padded(Name::longest);
  if (!reader.at_end()) return garbled("its hello is cut, or longer than one is");
  if ((order != 'l' && order != 'b') || zero != '\0' || (side != 'o' && side != 'a') || exclusive > 1 ||
      authentication > static_cast<std::uint8_t>(Authentication::token) ||
      continuation > static_cast<std::uint8_t>(Continuation::wanted) ||
      (!hello.name.empty() && !Name::parse(hello.name))) {
    return garbled("its hello is garbled");
  }
  hello.little_endian = order == 'l';
  hello.side = side == 'o' ? Side::offering : Side::answering;
  hello.exclusive = exclusive == 1;
  hello.authentication = static_cast<Authentication>(authentication);
  hello.continuation = static_cast<Continuation>(continuation);
  return hello;
}

}  // namespace psyne::inline v0::stream
