#pragma once

#include <psyne/core/config/options.hpp>
#include <psyne/core/config/sources.hpp>
#include <psyne/core/uri/uri.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace psyne::inline v0 {

/// Where an effective value came from; the later the stronger.
enum class Origin : std::uint8_t { fallback, file, environment, query };

/// The effective value of one option.
struct Setting {
  Option option;
  std::string text;  ///< what the option's kind can read
  Origin origin = Origin::fallback;
  std::string where;  ///< "default", "/home/a/psyne.toml:12", "PSYNE_CHANNEL_CAPACITY", "?capacity"

  /// The text for people: of a secret only that there is one.
  std::string shown() const { return option.secret && !text.empty() ? "(secret)" : text; }
};

/// The effective value of every known option: default < file < PSYNE_* environment < query of a URI.
///
/// A file's table named after a module overrides [channel] for that module's channels, as PSYNE_IPC_CAPACITY overrides
/// PSYNE_CHANNEL_CAPACITY; the environment still beats the file. Entries that cannot be used (an unknown key, a value
/// of another kind) change nothing and are kept as problems(): whoever opens something reports them through with() or
/// check(), so that a mistyped option is an error of every open and never silently a default.
///
/// An immutable value, copied for the price of a reference count; thread safe. Reading an option that is not known to
/// this Config gives its default.
class Config {
 public:
  /// The process's own: reads environment and file on first use, once. Afterwards wait-free. Knows the library's
  /// options (known_options.hpp) and those that modules added by know().
  static Config process();
  /// Adds a module and its options to process(), for later calls of it. Idempotent, thread safe.
  static void know(std::string_view module, std::span<const Option> options);

  /// From given parts: for tests and for programs that bring their own.
  Config(const Options& options, Sources sources);

  /// For channels of `module`: its table in the file and its variables applied.
  Config for_module(std::string_view module) const;
  /// For `uri`: for_module(scheme), then the query. Fails with the first of problems(), with Code::not_found for a key
  /// that is no option, or with Code::invalid_argument for one that a query may not set or that cannot be read.
  Result<Config> with(const Uri& uri) const;

  /// The first of problems(), if any.
  Result<void> check() const;
  std::span<const Error> problems() const noexcept;
  /// Variables that begin with PSYNE_ and mean nothing here. No error, since other programs may use them; `psyne info`
  /// shows them.
  std::vector<Entry> unknown_variables() const;
  /// Every known option in order, for people. Lives as long as this Config or a copy.
  std::span<const Setting> settings() const noexcept;
  /// The file that was read, or "".
  const std::string& path() const noexcept;
  const Options& options() const noexcept;

  /// The value of an option of the kind that the function is named after; throws Exception for one of another kind.
  std::string text(const Option& option) const;
  bool boolean(const Option& option) const;
  std::uint64_t count(const Option& option) const;
  double real(const Option& option) const;
  std::size_t bytes(const Option& option) const;
  std::chrono::nanoseconds duration(const Option& option) const;
  /// The enum whose values stand in the order of the option's choices.
  template <class Enum>
  Enum choice(const Option& option) const {
    return static_cast<Enum>(choice_index(option));
  }
  std::size_t choice_index(const Option& option) const;

 private:
  struct State;
  explicit Config(std::shared_ptr<const State> state) : state_(std::move(state)) {}
  std::string effective(const Option& option) const;

  std::shared_ptr<const State> state_;
};

}  // namespace psyne::inline v0
