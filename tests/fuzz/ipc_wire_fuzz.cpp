// Any bytes as each message of the ipc:// handshake: what is read is within its bounds, and written again it is the
// same.
#include <psyne/transports/ipc/meeting/wire.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

using psyne::Packet;

void check(bool promise) {
  if (!promise) std::abort();
}

Packet packet_of(const std::uint8_t* data, std::size_t size) {
  Packet packet;
  packet.bytes.resize(std::min(size, Packet::longest));
  if (!packet.bytes.empty()) std::memcpy(packet.bytes.data(), data, packet.bytes.size());
  return packet;
}

void check_words(const psyne::Error& error) {
  for (const char letter : error.text()) check(static_cast<unsigned char>(letter) >= 0x20);
}

void check_hello(Packet packet) {
  // A number that is no descriptor: closing it harms nobody.
  packet.descriptors.emplace_back(1 << 30);
  const auto hello = psyne::decode_hello(std::move(packet));
  if (!hello) return check_words(hello.error());
  check(hello->version == psyne::wire_version && hello->release.size() <= 24);
}

void check_greeting(Packet packet) {
  const auto bytes = packet.bytes;
  const auto message = psyne::message_of(packet);
  if (message != psyne::Message::offer && message != psyne::Message::answer) return;
  auto greeting = psyne::decode_greeting(std::move(packet));
  if (!greeting) return check_words(greeting.error());
  check(greeting->bytes.size() <= psyne::Greeting::longest && greeting->spans.size() <= psyne::Greeting::most_spans);
  const auto again = psyne::encode(*message, std::move(*greeting));
  check(again && again->bytes == bytes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check_hello(packet_of(data, size));
  check_greeting(packet_of(data, size));
  const Packet packet = packet_of(data, size);
  if (psyne::message_of(packet) == psyne::Message::refusal) check_words(psyne::decode_refusal(packet, "a", "b"));
  return 0;
}
