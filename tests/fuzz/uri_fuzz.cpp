// Any bytes as a URI: parsing must neither crash nor accept what its contract refuses.
#include <psyne/core/uri/quantity.hpp>
#include <psyne/core/uri/uri.hpp>

#include <cstdint>
#include <cstdlib>

namespace {

void check(bool promise) {
  if (!promise) std::abort();
}

void check_text(std::string_view text) {
  for (const char letter : text) check(static_cast<unsigned char>(letter) >= 0x20 && letter != 0x7f);
}

void check_quantities(std::string_view text) {
  if (const auto bytes = psyne::parse_bytes(text)) check(psyne::parse_bytes(psyne::bytes_text(*bytes)) == *bytes);
  if (const auto time = psyne::parse_duration(text)) {
    check(psyne::parse_duration(psyne::duration_text(*time)) == *time);
  }
  static_cast<void>(psyne::parse_boolean(text));
  static_cast<void>(psyne::parse_integer(text));
  static_cast<void>(psyne::parse_real(text));
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_quantities(text);
  const auto uri = psyne::Uri::parse(text);
  if (!uri) {
    check_text(uri.error().text());
    return 0;
  }
  check(!uri->scheme().empty() && !uri->place().empty() && uri->text() == text);
  check_text(uri->place());
  for (const auto& [key, value, position] : uri->query()) {
    check(text.substr(position - 1, key.size()) == key && uri->find(key) == value);
    check_text(value);
    check_quantities(value);
  }
  if (const auto name = uri->name()) {
    check(name->text().size() <= psyne::Name::longest && name->text().find("..") == std::string::npos &&
          name->text().find('/') == std::string::npos);
  }
  if (const auto endpoint = uri->endpoint()) check(psyne::Endpoint::parse(endpoint->text()) == *endpoint);
  return 0;
}
