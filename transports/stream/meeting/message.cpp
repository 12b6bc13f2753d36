#include <psyne/transports/greeting/greeting.hpp>
#include <psyne/transports/greeting/refusal.hpp>
#include <psyne/transports/stream/meeting/message.hpp>

#include <utility>

namespace psyne::inline v0::stream {

static_assert(longest_short_message == 2 + longest_refusal && longest_short_message > 1 + Proof::bytes);

Result<Message> message_of(std::span<const std::byte> message) {
  if (!message.empty()) {
    const auto which = static_cast<Message>(message.front());
    switch (which) {
      case Message::proof:
      case Message::offer:
      case Message::answer:
      case Message::welcome:
      case Message::standing:
      case Message::refusal: return which;
    }
  }
  return Error(Code::corrupted, "cannot understand a peer").because("it sent a message that there is not");
}

std::vector<std::byte> encode_proof(const Proof& proof) {
  std::vector<std::byte> message;
  ByteWriter writer(message);
  writer.put(Message::proof);
  writer.put(proof.digest);
  return message;
}

std::vector<std::byte> encode_welcome() { return {static_cast<std::byte>(Message::welcome)}; }

std::vector<std::byte> encode_unproved(const Session::Id& session, const Standing& standing) {
  std::vector<std::byte> message;
  ByteWriter writer(message);
  writer.put(Message::standing);
  writer.put(session);
  for (const auto& counters : {standing.has, standing.told}) {
    for (const std::uint64_t value : counters) writer.put_little_endian(value);
  }
  return message;
}

Result<Continuing> decode_standing(std::span<const std::byte> message) {
  ByteReader reader(message);
  reader.take<Message>();
  Continuing said;
  said.session = reader.take<Session::Id>();
  for (auto* counters : {&said.standing.has, &said.standing.told}) {
    for (std::uint64_t& value : *counters) value = reader.take_little_endian<std::uint64_t>();
  }
  said.proof.digest = reader.take<decltype(said.proof.digest)>();
  if (reader.at_end()) return said;
  return Error(Code::corrupted, "cannot understand a peer").because("what it says of a link is cut, or too long");
}

std::vector<std::byte> encode_refusal(const Error& error) {
  std::vector<std::byte> message;
  ByteWriter writer(message);
  writer.put(Message::refusal);
  put_refusal(writer, error);
  return message;
}

Result<std::vector<std::byte>> encode_greeting(Message message, Greeting greeting) {
  std::vector<std::byte> bytes;
  std::vector<Descriptor> descriptors;
  ByteWriter writer(bytes);
  writer.put(message);
  if (auto put = put_greeting(writer, std::move(greeting), descriptors); !put) return put.error();
  if (!descriptors.empty()) {
    return Error(Code::unsupported, "cannot greet a peer").because("a descriptor does not travel over a stream");
  }
  return bytes;
}

Result<Greeting> decode_greeting(std::span<const std::byte> message) {
  ByteReader reader(message);
  reader.take<Message>();
  return take_greeting(reader, {});
}

Error decode_refusal(std::span<const std::byte> message, std::string what, std::string peer) {
  ByteReader reader(message);
  reader.take<Message>();
  return take_refusal(reader, std::move(what), std::move(peer));
}

}  // namespace psyne::inline v0::stream
