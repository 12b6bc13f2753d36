#include <psyne/core/uri/quoted.hpp>

namespace psyne::inline v0 {

std::string quoted(std::string_view text, std::size_t most) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out = "\"";
  for (const char letter : text.substr(0, most)) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte < 0x20 || byte == 0x7f || letter == '"' || letter == '\\') {
      out += "\\x";
      out += digits[byte >> 4];
      out += digits[byte & 15];
    } else {
      out += letter;
    }
  }
  if (text.size() > most) out += "...";
  return out + '"';
}

}  // namespace psyne::inline v0
