#include <psyne/core/config/option.hpp>
#include <psyne/core/uri/quantity.hpp>
#include <psyne/core/uri/quoted.hpp>

namespace psyne::inline v0 {

namespace {

template <class T>
Result<void> outcome(const Result<T>& parsed) {
  if (!parsed) return parsed.error();
  return {};
}

Result<void> check_count(std::string_view text) {
  const auto number = parse_integer(text);
  if (!number) return number.error();
  if (*number >= 0) return {};
  return Error(Code::invalid_argument, "cannot read " + quoted(text) + " as a count")
      .because("it is below zero")
      .mend("Write digits only, such as 200.");
}

}  // namespace

std::string environment_variable(std::string_view name) {
  std::string variable = "PSYNE_";
  for (const char letter : name) {
    const bool small = letter >= 'a' && letter <= 'z';
    const bool kept = (letter >= 'A' && letter <= 'Z') || (letter >= '0' && letter <= '9');
    variable += small ? static_cast<char>(letter - 'a' + 'A') : kept ? letter : '_';
  }
  return variable;
}

std::string_view name(Kind kind) noexcept {
  switch (kind) {
    case Kind::text: return "text";
    case Kind::boolean: return "yes or no";
    case Kind::count: return "count";
    case Kind::real: return "number";
    case Kind::bytes: return "size";
    case Kind::duration: return "duration";
    case Kind::choice: return "choice";
  }
  return "unknown";
}

std::string Option::variable() const {
  return environment.empty() ? environment_variable(name) : std::string(environment);
}

std::string Option::default_text() const { return computed_fallback ? computed_fallback() : std::string(fallback); }

Result<void> Option::check(std::string_view text) const {
  switch (kind) {
    case Kind::text: return {};
    case Kind::boolean: return outcome(parse_boolean(text));
    case Kind::count: return check_count(text);
    case Kind::real: return outcome(parse_real(text));
    case Kind::bytes: return outcome(parse_bytes(text));
    case Kind::duration: return outcome(parse_duration(text));
    case Kind::choice: return outcome(choice(text));
  }
  return Error(Code::invalid_argument, "the kind of " + std::string(name) + " is unknown");
}

Result<std::size_t> Option::choice(std::string_view text) const {
  std::size_t index = 0;
  for (std::string_view rest = choices;; ++index) {
    const auto bar = rest.find('|');
    if (!text.empty() && text == rest.substr(0, bar)) return index;
    if (bar == std::string_view::npos) break;
    rest.remove_prefix(bar + 1);
  }
  std::string readable;
  for (const char letter : choices) readable += letter == '|' ? std::string(", ") : std::string(1, letter);
  return Error(Code::invalid_argument, "cannot read " + quoted(text) + " as a choice")
      .because("it is none of " + readable)
      .mend("Write one of them.");
}

}  // namespace psyne::inline v0
