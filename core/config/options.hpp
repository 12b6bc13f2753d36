#pragma once

#include <psyne/core/config/option.hpp>

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace psyne::inline v0 {

/// Every option that is known, and every module whose table may override what [channel] says for its own channels.
/// A plain value: a program may build one of its own; the process has one in Config::process().
class Options {
 public:
  /// Adds options; one whose name is known already is left as it is. Whether any was new.
  bool add(std::span<const Option> options);
  /// Lets [module] hold any option of OptionScope::channel: `[ipc] capacity = "4M"` is for ipc channels only.
  /// Whether the module was new.
  bool add_module(std::string_view module);

  /// The option of that full name, or nullptr. The pointer lives until the next add().
  const Option* find(std::string_view name) const noexcept;
  /// The option that `key` of a file means: its full name, or one of [channel] in the table of a module.
  const Option* find_in_file(std::string_view key) const noexcept;
  /// The option that `key` of a query of `scheme` means: "huge_pages" is ipc.huge_pages, "capacity" channel.capacity;
  /// the full name works as well. tls has what tcp has: "iface" is tcp.iface in both. May be of
  /// OptionScope::process, which a query may not set.
  const Option* find_in_query(std::string_view scheme, std::string_view key) const noexcept;

  std::span<const Option> all() const noexcept { return options_; }
  std::span<const std::string> modules() const noexcept { return modules_; }

  /// Keys that a file, or a query of `scheme`, may hold: what to compare a mistyped one with.
  std::vector<std::string> file_keys() const;
  std::vector<std::string> query_keys(std::string_view scheme) const;

 private:
  std::vector<Option> options_;  // in the order in which they were added, which is how they are shown
  std::vector<std::string> modules_;
};

/// "Did you mean X?" for the candidate nearest to `word` by the number of letters to insert, drop, change or swap
/// (optimal string alignment), or "" where none is within a third of its length (or one letter). O(letters squared) per
/// candidate.
std::string did_you_mean(std::string_view word, std::span<const std::string> candidates);

}  // namespace psyne::inline v0
