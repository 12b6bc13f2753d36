#include <psyne/core/uri/quoted.hpp>
#include <psyne/core/uri/uri.hpp>

#include <algorithm>

namespace psyne::inline v0 {

namespace {

constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view scheme_letters = "abcdefghijklmnopqrstuvwxyz0123456789+-.";
constexpr std::string_view key_letters = "abcdefghijklmnopqrstuvwxyz0123456789._-";
constexpr std::string_view form = "Write scheme://name or scheme://host:port, and then perhaps ?key=value&key=value.";

/// The text before the query, for errors: what follows may be a secret.
std::string named(std::string_view text) { return "cannot read the URI " + quoted(text.substr(0, text.find('?'))); }

Error wrong(std::string_view text, std::string reason, std::string_view advice = form) {
  return Error(Code::invalid_argument, named(text)).because(std::move(reason)).mend(std::string(advice));
}

std::string at(std::size_t position) { return "character " + std::to_string(position + 1); }

int hex_digit(char letter) noexcept {
  if (letter >= '0' && letter <= '9') return letter - '0';
  if (letter >= 'a' && letter <= 'f') return letter - 'a' + 10;
  if (letter >= 'A' && letter <= 'F') return letter - 'A' + 10;
  return -1;
}

bool is_control(char letter) noexcept {
  const auto byte = static_cast<unsigned char>(letter);
  return byte < 0x20 || byte == 0x7f;
}

/// Decodes text[begin, end).
Result<std::string> decode(std::string_view text, std::size_t begin, std::size_t end) {
  std::string out;
  for (std::size_t i = begin; i < end; ++i) {
    char letter = text[i];
    if (letter == ' ') return wrong(text, at(i) + " is a space", "Write %20.");
    if (letter == '#') return wrong(text, at(i) + " is a #, and there are no fragments", "Write %23.");
    if (is_control(letter)) return wrong(text, at(i) + " is a control byte", "Leave it out.");
    if (letter == '%') {
      const int high = i + 2 < end ? hex_digit(text[i + 1]) : -1;
      const int low = i + 2 < end ? hex_digit(text[i + 2]) : -1;
      if (high < 0 || low < 0) return wrong(text, at(i) + " is a % without two hex digits", "Write %25 for a %.");
      letter = static_cast<char>(high * 16 + low);
      if (is_control(letter)) return wrong(text, at(i) + " is an encoded control byte", "Leave it out.");
      i += 2;
    }
    out += letter;
  }
  return out;
}

Result<std::string> parse_scheme(std::string_view text, std::size_t end) {
  std::string scheme(text.substr(0, end));
  for (char& letter : scheme) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  if (scheme.empty()) return wrong(text, "the scheme before :// is missing");
  if (letters.find(scheme.front()) == std::string_view::npos) return wrong(text, "its scheme begins with no letter");
  if (const auto bad = scheme.find_first_not_of(scheme_letters); bad != std::string::npos) {
    return wrong(text, at(bad) + " cannot stand in a scheme");
  }
  return scheme;
}

Result<Uri::Parameter> parse_parameter(std::string_view text, std::size_t begin, std::size_t end) {
  const std::string_view part = text.substr(begin, end - begin);
  if (part.empty()) return wrong(text, "a key=value is missing at " + at(begin));
  const auto equals = part.find('=');
  const std::string_view key = part.substr(0, equals);
  if (key.empty()) return wrong(text, "the key before the = at " + at(begin) + " is missing");
  if (const auto bad = key.find_first_not_of(key_letters); bad != std::string_view::npos) {
    return wrong(text, at(begin + bad) + " cannot stand in a key");
  }
  if (equals == std::string_view::npos) {
    return wrong(text, "the key " + quoted(key) + " at " + at(begin) + " has no value",
                 "Write " + std::string(key) + "=1 to switch something on.");
  }
  auto value = decode(text, begin + equals + 1, end);
  if (!value) return value.error();
  return Uri::Parameter{std::string(key), *std::move(value), begin + 1};
}

}  // namespace

Result<Uri> Uri::parse(std::string_view text) {
  if (text.size() > longest) {
    return Error(Code::too_large, named(text))
        .because("it has " + std::to_string(text.size()) + " bytes, and at most 4096 are allowed");
  }
  const auto question = std::min(text.find('?'), text.size());
  const auto colon = text.find("://");
  if (colon == std::string_view::npos || colon > question) return wrong(text, "it has no ://");

  Uri uri;
  uri.text_ = text;
  uri.address_length_ = question;
  auto scheme = parse_scheme(text, colon);
  if (!scheme) return scheme.error();
  uri.scheme_ = *std::move(scheme);
  auto place = decode(text, colon + 3, question);
  if (!place) return place.error();
  if (place->empty()) return wrong(text, "nothing stands after ://");
  uri.place_ = *std::move(place);

  for (auto begin = question + 1; begin <= text.size() && question != text.size();) {
    const auto end = std::min(text.find('&', begin), text.size());
    auto parameter = parse_parameter(text, begin, end);
    if (!parameter) return parameter.error();
    if (uri.find(parameter->key)) {
      return wrong(text, quoted(parameter->key) + " at " + at(begin) + " is given twice", "Keep one of them.");
    }
    if (uri.query_.size() == most_keys) return wrong(text, "it has more than 64 keys", "Use the configuration file.");
    uri.query_.push_back(*std::move(parameter));
    begin = end + 1;
  }
  return uri;
}

Result<Name> Uri::name() const { return Name::parse(place_); }

Result<Endpoint> Uri::endpoint() const { return Endpoint::parse(place_); }

std::optional<std::string_view> Uri::find(std::string_view key) const noexcept {
  const auto found = std::ranges::find(query_, key, &Parameter::key);
  if (found == query_.end()) return std::nullopt;
  return found->value;
}

}  // namespace psyne::inline v0
