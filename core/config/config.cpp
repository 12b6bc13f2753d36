#include <psyne/core/config/config.hpp>
#include <psyne/core/uri/quantity.hpp>
#include <psyne/core/uri/quoted.hpp>

#include <algorithm>

namespace psyne::inline v0 {

struct Config::State {
  Options options;
  std::shared_ptr<const Sources> sources;
  std::vector<Setting> settings;
  std::vector<Error> problems;

  Setting* find(const Option& option) {
    const auto found = std::ranges::find(settings, option.name, [](const Setting& one) { return one.option.name; });
    return found == settings.end() ? nullptr : &*found;
  }
};

namespace {

/// Says of a value that its option cannot read where it stands.
Error unusable(std::string_view name, const std::string& where, const Error& why) {
  return Error(why.code(), "cannot use " + std::string(name) + " (" + where + ")")
      .because(std::string(why.what()) + ": " + std::string(why.reason()))
      .mend(std::string(why.advice()));
}

Error unknown(const std::string& what, const std::string& reason, const std::string& suggestion) {
  return Error(Code::not_found, what)
      .because(reason)
      .mend(suggestion.empty() ? "psyne info lists the options." : suggestion);
}

std::string key_of_module(std::string_view module, const Option& option) {
  constexpr std::string_view channel = "channel.";
  if (module.empty() || option.scope != OptionScope::channel || !option.name.starts_with(channel)) return {};
  return std::string(module) + '.' + std::string(option.name.substr(channel.size()));
}

const Entry* find(const std::vector<Entry>& entries, const std::string& key) {
  const auto found = std::ranges::find(entries, key, &Entry::key);
  return key.empty() || found == entries.end() ? nullptr : &*found;
}

/// The effective value of one option before any query, weakest source first; unreadable ones are passed over.
Setting effective_setting(const Option& option, const Sources& sources, std::string_view module) {
  Setting setting{option, option.default_text(), Origin::fallback, "default"};
  const std::string own = key_of_module(module, option);
  const auto apply = [&setting](const Entry* entry, Origin origin) {
    if (!entry || !setting.option.check(entry->text)) return;
    setting.text = entry->text;
    setting.origin = origin;
    setting.where = entry->where;
  };
  apply(find(sources.file, std::string(option.name)), Origin::file);
  apply(find(sources.file, own), Origin::file);
  apply(find(sources.environment, option.variable()), Origin::environment);
  apply(find(sources.environment, own.empty() ? own : environment_variable(own)), Origin::environment);
  return setting;
}

/// Every entry of the file that is no option or cannot be read.
void check_file_entries(const Options& options, const Sources& sources, std::vector<Error>& problems) {
  for (const Entry& entry : sources.file) {
    const Option* option = options.find_in_file(entry.key);
    if (!option) {
      problems.push_back(unknown("cannot use " + quoted(entry.key) + " (" + entry.where + ")",
                                 "there is no such option", did_you_mean(entry.key, options.file_keys())));
    } else if (const auto checked = option->check(entry.text); !checked) {
      problems.push_back(unusable(entry.key, entry.where, checked.error()));
    }
  }
}

/// The variables of every option, module by module, and the option of each.
template <class Visit>
void for_each_variable(const Options& options, Visit visit) {
  for (const Option& option : options.all()) {
    visit(option.variable(), option);
    for (const std::string& module : options.modules()) {
      const std::string key = key_of_module(module, option);
      if (!key.empty()) visit(environment_variable(key), option);
    }
  }
}

void check_variables(const Options& options, const Sources& sources, std::vector<Error>& problems) {
  for_each_variable(options, [&](const std::string& variable, const Option& option) {
    const Entry* entry = find(sources.environment, variable);
    if (!entry) return;
    if (const auto checked = option.check(entry->text); !checked) {
      problems.push_back(unusable(option.name, entry->where, checked.error()));
    }
  });
}

}  // namespace

Config::Config(const Options& options, Sources sources) {
  auto state = std::make_shared<State>();
  state->options = options;
  state->problems = sources.problems;
  check_file_entries(options, sources, state->problems);
  check_variables(options, sources, state->problems);
  for (const Option& option : options.all()) state->settings.push_back(effective_setting(option, sources, {}));
  state->sources = std::make_shared<const Sources>(std::move(sources));
  state_ = std::move(state);
}

Config Config::for_module(std::string_view module) const {
  auto state = std::make_shared<State>(*state_);
  for (Setting& setting : state->settings) {
    if (!key_of_module(module, setting.option).empty()) {
      setting = effective_setting(setting.option, *state->sources, module);
    }
  }
  return Config(std::move(state));
}

Result<Config> Config::with(const Uri& uri) const {
  if (auto checked = check(); !checked) return checked.error();
  auto state = std::make_shared<State>(*for_module(uri.scheme()).state_);
  const std::string opening = "cannot open " + std::string(uri.address());
  for (const Uri::Parameter& parameter : uri.query()) {
    const Option* option = state->options.find_in_query(uri.scheme(), parameter.key);
    if (!option) {
      return unknown(opening, "its query has the key " + quoted(parameter.key) + ", and there is no such option",
                     did_you_mean(parameter.key, state->options.query_keys(uri.scheme())));
    }
    if (option->scope != OptionScope::channel) {
      return Error(Code::invalid_argument, opening)
          .because(parameter.key + " holds for the whole process and cannot stand in a query")
          .mend("Set " + option->variable() + ", or " + std::string(option->name) + " in the configuration file.");
    }
    const std::string where = '?' + parameter.key;
    if (const auto checked = option->check(parameter.value); !checked) {
      return Error(checked.error().code(), opening)
          .because(parameter.key + ": " + std::string(checked.error().what()) + ": " +
                   std::string(checked.error().reason()))
          .mend(std::string(checked.error().advice()));
    }
    Setting* setting = state->find(*option);
    *setting = Setting{*option, parameter.value, Origin::query, where};
  }
  return Config(std::move(state));
}

Result<void> Config::check() const {
  if (!state_->problems.empty()) return state_->problems.front();
  return {};
}

std::span<const Error> Config::problems() const noexcept { return state_->problems; }

std::vector<Entry> Config::unknown_variables() const {
  // Beside options: those of a job (collectives/bootstrap/job_rank.hpp).
  std::vector<std::string> known{"PSYNE_CONFIG",     "PSYNE_RANK", "PSYNE_SIZE", "PSYNE_LOCAL_RANK",
                                 "PSYNE_LOCAL_SIZE", "PSYNE_JOB",  "PSYNE_STORE"};
  for_each_variable(state_->options, [&](const std::string& variable, const Option&) { known.push_back(variable); });
  std::vector<Entry> strangers;
  for (const Entry& entry : state_->sources->environment) {
    if (std::ranges::find(known, entry.key) == known.end()) strangers.push_back(entry);
  }
  return strangers;
}

std::span<const Setting> Config::settings() const noexcept { return state_->settings; }
const std::string& Config::path() const noexcept { return state_->sources->path; }
const Options& Config::options() const noexcept { return state_->options; }

std::string Config::effective(const Option& option) const {
  for (const Setting& setting : state_->settings) {
    if (setting.option.name == option.name) return setting.text;
  }
  return option.default_text();
}

std::string Config::text(const Option& option) const { return effective(option); }
bool Config::boolean(const Option& option) const { return parse_boolean(effective(option)).value(); }
double Config::real(const Option& option) const { return parse_real(effective(option)).value(); }
std::size_t Config::bytes(const Option& option) const { return parse_bytes(effective(option)).value(); }
std::size_t Config::choice_index(const Option& option) const { return option.choice(effective(option)).value(); }
std::uint64_t Config::count(const Option& option) const {
  return static_cast<std::uint64_t>(parse_integer(effective(option)).value());
}
std::chrono::nanoseconds Config::duration(const Option& option) const {
  return parse_duration(effective(option)).value();
}

}  // namespace psyne::inline v0
