#include <psyne/core/config/options.hpp>

#include <algorithm>
#include <array>

namespace psyne::inline v0 {

namespace {

constexpr std::string_view channel_table = "channel.";

/// In whose tables an option of `scheme` may stand by its key alone, the first one first; empty: none.
std::array<std::string_view, 3> tables_of(std::string_view scheme) {
  return {scheme, scheme == "tls" ? "tcp" : "", channel_table.substr(0, channel_table.size() - 1)};
}

std::string joined(std::string_view table, std::string_view key) { return std::string(table) + '.' + std::string(key); }

/// Optimal string alignment distance; the rows before last, last and now of its matrix.
std::size_t distance(std::string_view from, std::string_view to) {
  std::vector<std::size_t> before(to.size() + 1), last(to.size() + 1), now(to.size() + 1);
  for (std::size_t j = 0; j <= to.size(); ++j) last[j] = j;
  for (std::size_t i = 1; i <= from.size(); ++i) {
    now[0] = i;
    for (std::size_t j = 1; j <= to.size(); ++j) {
      const std::size_t changed = last[j - 1] + (from[i - 1] == to[j - 1] ? 0 : 1);
      now[j] = std::min({last[j] + 1, now[j - 1] + 1, changed});
      if (i > 1 && j > 1 && from[i - 1] == to[j - 2] && from[i - 2] == to[j - 1]) {
        now[j] = std::min(now[j], before[j - 2] + 1);
      }
    }
    before.swap(last);
    last.swap(now);
  }
  return last[to.size()];
}

}  // namespace

bool Options::add(std::span<const Option> options) {
  const std::size_t before = options_.size();
  for (const Option& option : options) {
    if (!find(option.name)) options_.push_back(option);
  }
  return options_.size() != before;
}

bool Options::add_module(std::string_view module) {
  if (std::ranges::find(modules_, module) != modules_.end()) return false;
  modules_.emplace_back(module);
  return true;
}

const Option* Options::find(std::string_view name) const noexcept {
  const auto found = std::ranges::find(options_, name, &Option::name);
  return found == options_.end() ? nullptr : &*found;
}

const Option* Options::find_in_file(std::string_view key) const noexcept {
  if (const Option* exact = find(key)) return exact;
  const auto dot = key.find('.');
  if (dot == std::string_view::npos || std::ranges::find(modules_, key.substr(0, dot)) == modules_.end()) {
    return nullptr;
  }
  const std::string_view rest = key.substr(dot + 1);
  const auto found = std::ranges::find_if(options_, [rest](const Option& option) {
    return option.scope == OptionScope::channel && option.name.starts_with(channel_table) &&
           option.name.substr(channel_table.size()) == rest;
  });
  return found == options_.end() ? nullptr : &*found;
}

const Option* Options::find_in_query(std::string_view scheme, std::string_view key) const noexcept {
  for (const std::string_view table : tables_of(scheme)) {
    if (table.empty()) continue;
    for (const Option& option : options_) {
      if (option.name.size() == table.size() + 1 + key.size() && option.name.starts_with(table) &&
          option.name[table.size()] == '.' && option.name.ends_with(key)) {
        return &option;
      }
    }
  }
  return find(key);
}

std::vector<std::string> Options::file_keys() const {
  std::vector<std::string> keys;
  for (const Option& option : options_) {
    keys.emplace_back(option.name);
    if (option.scope != OptionScope::channel || !option.name.starts_with(channel_table)) continue;
    for (const std::string& module : modules_) keys.push_back(joined(module, option.name.substr(channel_table.size())));
  }
  return keys;
}

std::vector<std::string> Options::query_keys(std::string_view scheme) const {
  std::vector<std::string> keys;
  for (const Option& option : options_) {
    if (option.scope != OptionScope::channel) continue;
    const auto dot = option.name.find('.');
    const std::string_view table = option.name.substr(0, dot);
    const auto tables = tables_of(scheme);
    if (std::ranges::find(tables, table) != tables.end()) keys.emplace_back(option.name.substr(dot + 1));
  }
  return keys;
}

std::string did_you_mean(std::string_view word, std::span<const std::string> candidates) {
  constexpr std::size_t longest = 100;  // no option is as long, and the distance costs the product of the lengths
  if (word.size() > longest) return {};
  const std::string* nearest = nullptr;
  std::size_t least = std::max<std::size_t>(1, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t letters = distance(word, candidate);
    if (letters >= least) continue;
    least = letters;
    nearest = &candidate;
  }
  return nearest ? "Did you mean " + *nearest + "?" : std::string();
}

}  // namespace psyne::inline v0
