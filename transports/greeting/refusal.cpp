#include <psyne/core/uri/quoted.hpp>
#include <psyne/transports/greeting/refusal.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace psyne::inline v0 {

namespace {

/// Codes that a peer may give for its no. The others say something that this side knows by itself, such as that a
/// deadline of its own passed.
bool may_be_told(Code code) {
  switch (code) {
    case Code::refused:
    case Code::incompatible:
    case Code::corrupted:
    case Code::too_large:
    case Code::exhausted:
    case Code::not_found:
    case Code::in_use:
    case Code::unsupported: return true;
    default: return false;
  }
}

}  // namespace

void put_refusal(ByteWriter& writer, const Error& error) {
  writer.put(error.code());
  const std::string text = error.text();
  writer.put(std::as_bytes(std::span(text).first(std::min(text.size(), longest_refusal))));
}

Error take_refusal(ByteReader& reader, std::string what, std::string peer) {
  const auto code = static_cast<Code>(reader.take<std::uint8_t>());
  const auto bytes = reader.take_rest();
  if (!reader.good()) {
    return Error(Code::corrupted, std::move(what)).peer(std::move(peer)).because("its refusal is garbled");
  }
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  return Error(may_be_told(code) ? code : Code::refused, std::move(what))
      .peer(std::move(peer))
      .because("it refused: " + quoted(text, longest_refusal));
}

}  // namespace psyne::inline v0
