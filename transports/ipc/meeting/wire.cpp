#include <psyne/core/uri/quoted.hpp>
#include <psyne/transports/ipc/meeting/wire.hpp>

#include <unistd.h>

#include <array>
#include <bit>
#include <cstring>
#include <string_view>
#include <type_traits>
#include <utility>

namespace psyne::inline v0 {

namespace {

constexpr std::string_view magic = "psyneipc";
constexpr std::size_t release_bytes = 24;
constexpr std::size_t longest_refusal = 1024;

class ByteWriter {
 public:
  explicit ByteWriter(std::vector<std::byte>& bytes) : bytes_(bytes) {}

  template <class T>
    requires std::is_trivially_copyable_v<T>
  void put(const T& value) {
    put(std::as_bytes(std::span(&value, 1)));
  }
  void put(std::span<const std::byte> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  template <class T>
  void put_little_endian(T value) {
    for (std::size_t i = 0; i < sizeof value; ++i) {
      bytes_.push_back(static_cast<std::byte>(static_cast<std::make_unsigned_t<T>>(value) >> (8 * i)));
    }
  }

 private:
  std::vector<std::byte>& bytes_;
};

/// Takes from the front; once something is not there, good() is false and all that follows is zero.
class ByteReader {
 public:
  explicit ByteReader(std::span<const std::byte> bytes) : rest_(bytes) {}

  bool good() const { return good_; }
  bool at_end() const { return good_ && rest_.empty(); }
  std::span<const std::byte> take(std::size_t bytes) {
    if (bytes > rest_.size()) good_ = false;
    if (!good_) return {};
    const auto front = rest_.first(bytes);
    rest_ = rest_.subspan(bytes);
    return front;
  }
  template <class T>
  T take() {
    T value{};
    if (const auto bytes = take(sizeof value); !bytes.empty()) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  template <class T>
  T take_little_endian() {
    std::make_unsigned_t<T> value = 0;
    const auto bytes = take(sizeof value);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      value = static_cast<std::make_unsigned_t<T>>(
          value | std::make_unsigned_t<T>{std::to_integer<std::uint8_t>(bytes[i])} << (8 * i));
    }
    return static_cast<T>(value);
  }

 private:
  std::span<const std::byte> rest_;
  bool good_ = true;
};

std::string_view order_name(bool little_endian) { return little_endian ? "little-endian" : "big-endian"; }

Error corrupted(const char* what) { return Error(Code::corrupted, "cannot understand a peer").because(what); }

std::string_view text_of(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Codes that a peer may give for its no. The others say something that this side knows by itself, such as that a
/// deadline of its own passed.
bool may_be_told(Code code) {
  switch (code) {
    case Code::refused:
    case Code::incompatible:
    case Code::corrupted:
    case Code::too_large:
    case Code::exhausted:
    case Code::in_use:
    case Code::unsupported: return true;
    default: return false;
  }
}

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
  std::array<char, release_bytes> release{};
  std::memcpy(release.data(), hello.release.data(), std::min(hello.release.size(), release.size()));
  writer.put(release);
  packet.descriptors.push_back(std::move(hello.counters));
  return packet;
}

Result<Hello> decode_hello(Packet packet) {
  ByteReader reader(packet.bytes);
  if (text_of(reader.take(magic.size())) != magic) return corrupted("it does not begin as psyne does");
  Hello hello;
  const char order = reader.take<char>();
  const char zero = reader.take<char>();
  hello.version = reader.take_little_endian<std::uint16_t>();
  hello.pid = reader.take_little_endian<std::int64_t>();
  const auto release = text_of(reader.take(release_bytes));
  if (!reader.good() || (order != 'l' && order != 'b') || zero != '\0') return corrupted("its hello is cut or garbled");
  hello.little_endian = order == 'l';
  hello.release = release.substr(0, release.find('\0'));

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
  if (greeting.bytes.size() > Greeting::longest || greeting.spans.size() > Greeting::most_spans) {
    return Error(Code::too_large, "cannot greet a peer").because("the greeting is longer than one may be");
  }
  Packet packet;
  ByteWriter writer(packet.bytes);
  writer.put(message);
  writer.put(static_cast<std::uint32_t>(greeting.bytes.size()));
  writer.put(greeting.bytes);
  writer.put(static_cast<std::uint8_t>(greeting.spans.size()));
  for (RemoteSpan& span : greeting.spans) {
    if (span.key.size() > RemoteSpan::longest_key) {
      return Error(Code::too_large, "cannot greet a peer").because("a span's key is longer than one may be");
    }
    writer.put(span.offset);
    writer.put(span.length);
    writer.put(span.generation);
    writer.put(span.access);
    writer.put(static_cast<std::uint16_t>(span.key.size()));
    writer.put(span.key);
    writer.put(static_cast<std::uint8_t>(span.descriptor ? 1 : 0));
    if (span.descriptor) packet.descriptors.push_back(std::move(span.descriptor));
  }
  return packet;
}

Result<Greeting> decode_greeting(Packet packet) {
  ByteReader reader(packet.bytes);
  reader.take<Message>();
  Greeting greeting;
  const auto length = reader.take<std::uint32_t>();
  if (length > Greeting::longest) return corrupted("its greeting is longer than one may be");
  const auto bytes = reader.take(length);
  greeting.bytes.assign(bytes.begin(), bytes.end());
  const auto count = reader.take<std::uint8_t>();
  if (count > Greeting::most_spans) return corrupted("its greeting has more spans than one may have");
  std::size_t descriptors = 0;
  for (std::uint8_t i = 0; i < count; ++i) {
    RemoteSpan span;
    span.offset = reader.take<std::uint64_t>();
    span.length = reader.take<std::uint64_t>();
    span.generation = reader.take<std::uint64_t>();
    const auto access = reader.take<std::uint8_t>();
    const auto key_length = reader.take<std::uint16_t>();
    if (access > static_cast<std::uint8_t>(Access::write))
      return corrupted("a span of its greeting has no such access");
    span.access = static_cast<Access>(access);
    if (key_length > RemoteSpan::longest_key) return corrupted("a span's key is longer than one may be");
    const auto key = reader.take(key_length);
    span.key.assign(key.begin(), key.end());
    const auto has_descriptor = reader.take<std::uint8_t>();
    if (has_descriptor > 1) return corrupted("a span of its greeting is garbled");
    if (has_descriptor == 1) {
      if (descriptors == packet.descriptors.size()) return corrupted("descriptors of its greeting are missing");
      span.descriptor = std::move(packet.descriptors[descriptors++]);
    }
    greeting.spans.push_back(std::move(span));
  }
  if (!reader.at_end()) return corrupted("its greeting is cut, or longer than it says");
  if (descriptors != packet.descriptors.size())
    return corrupted("its greeting brings descriptors that it does not name");
  return greeting;
}

Packet encode_refusal(const Error& error) {
  Packet packet;
  ByteWriter writer(packet.bytes);
  writer.put(Message::refusal);
  writer.put(error.code());
  const std::string text = error.text();
  writer.put(std::as_bytes(std::span(text).first(std::min(text.size(), longest_refusal))));
  return packet;
}

Error decode_refusal(const Packet& packet, std::string what, std::string peer) {
  ByteReader reader(packet.bytes);
  reader.take<Message>();
  const auto code = reader.take<std::uint8_t>();
  if (!reader.good() || !packet.descriptors.empty()) {
    return Error(Code::corrupted, std::move(what)).peer(std::move(peer)).because("its refusal is garbled");
  }
  const auto text = text_of(std::span<const std::byte>(packet.bytes).subspan(2));
  const Code told = may_be_told(static_cast<Code>(code)) ? static_cast<Code>(code) : Code::refused;
  return Error(told, std::move(what)).peer(std::move(peer)).because("it refused: " + quoted(text, longest_refusal));
}

Packet encode_welcome() {
  Packet packet;
  packet.bytes.push_back(static_cast<std::byte>(Message::welcome));
  return packet;
}

}  // namespace psyne::inline v0
