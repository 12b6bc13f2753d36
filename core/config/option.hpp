#pragma once

#include <psyne/core/result/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace psyne::inline v0 {

/// What an option's text must be: core/uri/quantity.hpp reads all but text and choice.
enum class Kind : std::uint8_t { text, boolean, count, real, bytes, duration, choice };

/// Whether an option may differ from channel to channel, and so stand in a URI's query, or holds for the process.
enum class OptionScope : std::uint8_t { process, channel };

/// One thing that can be configured: data that its module declares as a constant and makes known (Config::know).
///
///   inline constexpr Option capacity{.name = "channel.capacity", .kind = Kind::bytes, .fallback = "1M",
///                                    .about = "bytes of one lane's ring", .scope = OptionScope::channel};
///
/// All views must live as long as the program: string literals.
struct Option {
  std::string_view name = {};  ///< table and key: "channel.capacity", also "channel.patience.spins"
  Kind kind = Kind::text;
  std::string_view fallback = {};  ///< the default, written as a user would
  std::string_view about = {};     ///< one line for people, beginning in lower case, without a full stop
  OptionScope scope = OptionScope::process;
  std::string_view choices = {};                 ///< of Kind::choice, in the order of its enum: "single|all|any"
  std::string_view environment = {};             ///< its variable, where that is not PSYNE_ and the name in capitals
  std::string (*computed_fallback)() = nullptr;  ///< the default where it depends on the process
  bool secret = false;                           ///< its value is never shown

  /// "PSYNE_CHANNEL_CAPACITY".
  std::string variable() const;
  /// The default as text.
  std::string default_text() const;
  /// Whether `text` can be read as this kind; if not, why and how to write it.
  Result<void> check(std::string_view text) const;
  /// Which choice `text` is, counted from 0, or Code::invalid_argument with the choices there are.
  Result<std::size_t> choice(std::string_view text) const;
};

/// "PSYNE_" and `name` in capitals, with an underscore for what is no letter or digit.
std::string environment_variable(std::string_view name);

/// The word for a kind: "size", "duration".
std::string_view name(Kind kind) noexcept;

}  // namespace psyne::inline v0
