// Any bytes as each message of a stream's handshake: what is read is within its bounds, and reads back as it is
// written.
#include <psyne/transports/stream/meeting/hello.hpp>
#include <psyne/transports/stream/meeting/message.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <span>

namespace {

void check(bool promise) {
  if (!promise) std::abort();
}

void read_hello(std::span<const std::byte> bytes) {
  const auto hello = psyne::stream::decode_hello(bytes);
  if (!hello) return check(hello.error() == psyne::Code::corrupted);
  check(bytes.size() == psyne::stream::Hello::bytes);
  check(hello->name.empty() || psyne::Name::parse(hello->name));
  if (const auto good = hello->check_compatible(); !good) {
    for (const char letter : good.error().text()) check(static_cast<unsigned char>(letter) >= 0x20);
  }
  const auto again = psyne::stream::decode_hello(psyne::stream::encode(*hello));
  check(again && again->name == hello->name && again->nonce == hello->nonce && again->host == hello->host &&
        again->continuation == hello->continuation);
}

void read_message(std::span<const std::byte> bytes) {
  const auto message = psyne::stream::message_of(bytes);
  if (!message) return;
  const auto refusal = psyne::stream::decode_refusal(bytes, "cannot connect", "a peer");
  for (const char letter : refusal.text()) check(static_cast<unsigned char>(letter) >= 0x20);
  if (const auto said = psyne::stream::decode_standing(bytes); said && *message == psyne::stream::Message::standing) {
    auto again = psyne::stream::encode_unproved(said->session, said->standing);
    again.insert(again.end(), said->proof.digest.begin(), said->proof.digest.end());
    check(std::ranges::equal(again, bytes));
  }
  auto greeting = psyne::stream::decode_greeting(bytes);
  if (!greeting) return check(greeting.error() == psyne::Code::corrupted);
  check(greeting->bytes.size() <= psyne::Greeting::longest && greeting->spans.size() <= psyne::Greeting::most_spans);
  for (const auto& span : greeting->spans) check(span.key.size() <= psyne::RemoteSpan::longest_key && !span.descriptor);
  const auto again = psyne::stream::encode_greeting(*message, std::move(*greeting));
  check(again && std::ranges::equal(*again, bytes));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  read_hello(bytes);
  read_message(bytes);
  return 0;
}
