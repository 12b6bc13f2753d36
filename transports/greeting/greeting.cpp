#include <psyne/transports/greeting/greeting.hpp>

#include <utility>

namespace psyne::inline v0 {

namespace {

Error garbled(const char* what) { return Error(Code::corrupted, "cannot understand a peer").because(what); }
Error too_long(const char* what) { return Error(Code::too_large, "cannot greet a peer").because(what); }

}  // namespace

Result<void> put_greeting(ByteWriter& writer, Greeting greeting, std::vector<Descriptor>& descriptors) {
  if (greeting.bytes.size() > Greeting::longest || greeting.spans.size() > Greeting::most_spans) {
    return too_long("the greeting is longer than one may be");
  }
  writer.put(static_cast<std::uint32_t>(greeting.bytes.size()));
  writer.put(greeting.bytes);
  writer.put(static_cast<std::uint8_t>(greeting.spans.size()));
  for (RemoteSpan& span : greeting.spans) {
    if (span.key.size() > RemoteSpan::longest_key) return too_long("a span's key is longer than one may be");
    writer.put(span.offset);
    writer.put(span.length);
    writer.put(span.generation);
    writer.put(span.access);
    writer.put(static_cast<std::uint16_t>(span.key.size()));
    writer.put(span.key);
    writer.put(static_cast<std::uint8_t>(span.descriptor ? 1 : 0));
    if (span.descriptor) descriptors.push_back(std::move(span.descriptor));
  }
  return {};
}

Result<Greeting> take_greeting(ByteReader& reader, std::vector<Descriptor> descriptors) {
  Greeting greeting;
  const auto length = reader.take<std::uint32_t>();
  if (length > Greeting::longest) return garbled("its greeting is longer than one may be");
  const auto bytes = reader.take(length);
  greeting.bytes.assign(bytes.begin(), bytes.end());
  const auto count = reader.take<std::uint8_t>();
  if (count > Greeting::most_spans) return garbled("its greeting has more spans than one may have");
  std::size_t brought = 0;
  for (std::uint8_t i = 0; i < count; ++i) {
    RemoteSpan span;
    span.offset = reader.take<std::uint64_t>();
    span.length = reader.take<std::uint64_t>();
    span.generation = reader.take<std::uint64_t>();
    const auto access = reader.take<std::uint8_t>();
    const auto key_length = reader.take<std::uint16_t>();
    if (access > static_cast<std::uint8_t>(Access::write)) return garbled("a span of its greeting has no such access");
    span.access = static_cast<Access>(access);
    if (key_length > RemoteSpan::longest_key) return garbled("a span's key is longer than one may be");
    const auto key = reader.take(key_length);
    span.key.assign(key.begin(), key.end());
    const auto has_descriptor = reader.take<std::uint8_t>();
    if (has_descriptor > 1) return garbled("a span of its greeting is garbled");
    if (has_descriptor == 1) {
      if (brought == descriptors.size()) return garbled("descriptors of its greeting are missing");
      span.descriptor = std::move(descriptors[brought++]);
    }
    greeting.spans.push_back(std::move(span));
  }
  if (!reader.at_end()) return garbled("its greeting is cut, or longer than it says");
  if (brought != descriptors.size()) return garbled("its greeting brings descriptors that it does not name");
  return greeting;
}

}  // namespace psyne::inline v0
