#include <psyne/core/uri/quantity.hpp>
#include <psyne/core/uri/quoted.hpp>

#include <array>
#include <charconv>
#include <cmath>
#include <system_error>

namespace psyne::inline v0 {

namespace {

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

// Ascending, and of equal factors the first is the one that is written.
constexpr std::array size_units{
    Unit{"", 1},      Unit{"b", 1},   Unit{"k", KiB},   Unit{"kib", KiB},      Unit{"m", MiB},
    Unit{"mib", MiB}, Unit{"g", GiB}, Unit{"gib", GiB}, Unit{"t", 1024 * GiB}, Unit{"tib", 1024 * GiB},
};
constexpr std::array duration_units{
    Unit{"ns", 1},
    Unit{"us", 1'000},
    Unit{"ms", 1'000'000},
    Unit{"s", 1'000'000'000},
    Unit{"min", 60'000'000'000},
    Unit{"h", 3'600'000'000'000},
};

std::string lower(std::string_view text) {
  std::string out(text);
  for (char& letter : out) {
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  }
  return out;
}

Error unreadable(Code code, std::string_view text, std::string_view as, std::string reason, std::string_view advice) {
  return Error(code, "cannot read " + quoted(text) + " as " + std::string(as))
      .because(std::move(reason))
      .mend(std::string(advice));
}

struct Meaning {
  std::string_view as;
  std::string_view advice;
};

/// Whole number and unit; `most` bounds the product.
template <std::size_t count>
Result<std::uint64_t> parse_with_unit(std::string_view text, const std::array<Unit, count>& units, std::uint64_t most,
                                      Meaning meaning) {
  std::uint64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  const std::string_view rest(end, static_cast<std::size_t>(text.data() + text.size() - end));
  if (problem == std::errc::result_out_of_range) {
    return unreadable(Code::too_large, text, meaning.as, "the number is too large", meaning.advice);
  }
  if (problem != std::errc()) {
    return unreadable(Code::invalid_argument, text, meaning.as, "it does not begin with a digit", meaning.advice);
  }
  const std::string unit = lower(rest);
  for (const auto& [name, factor] : units) {
    if (unit != name) continue;
    if (number > most / factor) {
      return unreadable(Code::too_large, text, meaning.as, "the value is too large", meaning.advice);
    }
    return number * factor;
  }
  const std::string reason = rest.empty() ? "its unit is missing" : quoted(rest, 24) + " is no unit of it";
  return unreadable(Code::invalid_argument, text, meaning.as, reason, meaning.advice);
}

template <std::size_t count>
std::string text_with_unit(std::uint64_t value, const std::array<Unit, count>& units) {
  const Unit* best = &units.front();
  for (const auto& unit : units) {
    if (unit.factor > best->factor && value != 0 && value % unit.factor == 0) best = &unit;
  }
  return std::to_string(value / best->factor) + std::string(best->name);
}

}  // namespace

Result<std::size_t> parse_bytes(std::string_view text) {
  const auto bytes = parse_with_unit(text, size_units, SIZE_MAX,
                                     {"a size", "Write a whole number of bytes, or of K, M, G or T, such as 64M."});
  if (!bytes) return bytes.error();
  return static_cast<std::size_t>(*bytes);
}

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  if (text == "forever") return forever;
  if (text == "0") return std::chrono::nanoseconds(0);
  constexpr auto most = static_cast<std::uint64_t>(forever.count()) - 1;
  const auto duration =
      parse_with_unit(text, duration_units, most,
                      {"a duration", "Write a whole number with ns, us, ms, s, min or h, such as 10ms, or forever."});
  if (!duration) return duration.error();
  return std::chrono::nanoseconds(static_cast<std::int64_t>(*duration));
}

Result<bool> parse_boolean(std::string_view text) {
  const std::string word = lower(text);
  for (const std::string_view yes : {"1", "true", "yes", "on"}) {
    if (word == yes) return true;
  }
  for (const std::string_view no : {"0", "false", "no", "off"}) {
    if (word == no) return false;
  }
  return unreadable(Code::invalid_argument, text, "yes or no", "it is another word",
                    "Write 1, true, yes or on, else 0, false, no or off.");
}

Result<std::int64_t> parse_integer(std::string_view text) {
  std::int64_t number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem == std::errc::result_out_of_range) {
    return unreadable(Code::too_large, text, "a whole number", "it does not fit into 64 bits", "Write a smaller one.");
  }
  if (problem != std::errc() || end != text.data() + text.size()) {
    return unreadable(Code::invalid_argument, text, "a whole number", "other characters stand in it",
                      "Write digits only, such as 200.");
  }
  return number;
}

Result<double> parse_real(std::string_view text) {
  double number = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (problem == std::errc::result_out_of_range) {
    return unreadable(Code::too_large, text, "a number", "it is beyond what a double holds", "Write another one.");
  }
  if (problem != std::errc() || end != text.data() + text.size() || !std::isfinite(number)) {
    return unreadable(Code::invalid_argument, text, "a number", "other characters stand in it",
                      "Write it like 0.25 or 1e-3.");
  }
  return number;
}

std::string bytes_text(std::size_t bytes) {
  std::string text = text_with_unit(bytes, size_units);
  if (text.back() >= 'a') text.back() = static_cast<char>(text.back() - 'a' + 'A');
  return text;
}

std::string duration_text(std::chrono::nanoseconds duration) {
  if (duration == forever) return "forever";
  if (duration.count() == 0) return "0";
  return text_with_unit(static_cast<std::uint64_t>(duration.count()), duration_units);
}

}  // namespace psyne::inline v0
