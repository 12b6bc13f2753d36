#include <psyne/core/uri/quoted.hpp>
#include <psyne/transports/greeting/bytes.hpp>
#include <psyne/transports/greeting/greeting.hpp>
#include <psyne/transports/greeting/refusal.hpp>
#include <psyne/transports/ipc/meeting/wire.hpp>

#include <unistd.h>

#include <bit>
#include <string_view>
#include <utility>

namespace psyne::inline v0 {

namespace {

constexpr std::string_view magic = "psyneipc";
constexpr std::size_t release_bytes = 24;

std::string_view order_name(bool little_endian) { return little_endian ? "little-endian" : "big-endian"; }

Error corrupted(const char* what) { return Error(Code::corrupted, "cannot understand a peer").because(what); }

}  // namespace

Hello Hello::own(Descriptor counters) {
  Hello hello;
  hello.little_endian = std::endian::native == std::endian::little;
  hello.pid = getpid();
  hello.release = PSYNE_VERSION;
  hello.counters = std::move(counters);
  return hello;
}

Packet encode(Hello hello) {
  Packet packet;
  ByteWriter writer(packet.bytes);
  writer.put(std::as_bytes(std::span(magic)));
  writer.put(hello.little_endian ? 'l' : 'b');
  writer.put('\0');
  writer.put_little_endian(hello.version);
  writer.put_little_endian(hello.pid);
  writer.put_padded(hello.release, release_bytes);
  packet.descriptors.push_back(std::move(hello.counters));
  return packet;
}

Result<Hello> decode_hello(Packet packet) {
  ByteReader reader(packet.bytes);
  if (reader.take_padded(magic.size()) != magic) return corrupted("it does not begin as psyne does");
  Hello hello;
  const char order = reader.take<char>();
  const char zero = reader.take<char>();
  hello.version = reader.take_little_endian<std::uint16_t>();
  hello.pid = reader.take_little_endian<std::int64_t>();
  hello.release = reader.take_padded(release_bytes);
  if (!reader.good() || (order != 'l' && order != 'b') || zero != '\0') return corrupted("its hello is cut or garbled");
  hello.little_endian = order == 'l';

  const Hello ours = Hello::own({});
  const auto incompatible = [&](const std::string& theirs_is, const std::string& ours_is) {
    return Error(Code::incompatible, "cannot talk to a peer")
        .because("it (psyne " + quoted(hello.release) + ") uses " + theirs_is + ", and this program (psyne " +
                 ours.release + ") " + ours_is)
        .mend("Rebuild one of them.");
  };
  if (hello.little_endian != ours.little_endian) {
    return incompatible("byte order " + std::string(order_name(hello.little_endian)),
                        std::string(order_name(ours.little_endian)));
  }
  if (hello.version != ours.version) {
    return incompatible("ipc version " + std::to_string(hello.version), "version " + std::to_string(ours.version));
  }
  if (!reader.at_end()) return corrupted("its hello is longer than it should be");
  if (packet.descriptors.size() != 1) return corrupted("its hello does not bring one counter page");
  hello.counters = std::move(packet.descriptors.front());
  return hello;
}

Result<Message> message_of(const Packet& packet) {
  if (!packet.bytes.empty()) {
    const auto message = static_cast<Message>(packet.bytes.front());
    switch (message) {
      case Message::offer:
      case Message::answer:
      case Message::welcome:
      case Message::refusal:
      case Message::wake: return message;
    }
  }
  return corrupted("it sent a message that there is not");
}

Result<Packet> encode(Message message, Greeting greeting) {
  Packet packet;
  ByteWriter writer(packet.bytes);
  writer.put(message);
  if (auto put = put_greeting(writer, std::move(greeting), packet.descriptors); !put) return put.error();
  return packet;
}

Result<Greeting> decode_greeting(Packet packet) {
  ByteReader reader(packet.bytes);
  reader.take<Message>();
  return take_greeting(reader, std::move(packet.descriptors));
}

Packet encode_refusal(const Error& error) {
  Packet packet;
  ByteWriter writer(packet.bytes);
  writer.put(Message::refusal);
  put_refusal(writer, error);
  return packet;
}

Error decode_refusal(const Packet& packet, std::string what, std::string peer) {
  if (!packet.descriptors.empty()) {
    return Error(Code::corrupted, std::move(what)).peer(std::move(peer)).because("its refusal is garbled");
  }
  ByteReader reader(packet.bytes);
  reader.take<Message>();
  return take_refusal(reader, std::move(what), std::move(peer));
}

Packet encode_welcome() {
  Packet packet;
  packet.bytes.push_back(static_cast<std::byte>(Message::welcome));
  return packet;
}

}  // namespace psyne::inline v0
