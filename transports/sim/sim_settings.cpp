#include <psyne/core/uri/quantity.hpp>
#include <psyne/core/uri/quoted.hpp>
#include <psyne/transports/sim/sim_settings.hpp>

#include <algorithm>
#include <array>
#include <string>

namespace psyne::inline v0 {

namespace {

constexpr Option seed_option{.name = "sim.seed",
                             .kind = Kind::count,
                             .fallback = "1",
                             .about = "what a simulated link's delays, cuts and deaths follow from",
                             .scope = OptionScope::channel};
constexpr Option delay_option{.name = "sim.delay",
                              .kind = Kind::text,
                              .fallback = "1us..20us",
                              .about = "shortest and longest delay of what is posted",
                              .scope = OptionScope::channel};
constexpr Option queue_option{.name = "sim.queue",
                              .kind = Kind::count,
                              .fallback = "64",
                              .about = "posts under way in one direction before the link is full",
                              .scope = OptionScope::channel};
constexpr Option cut_option{.name = "sim.cut",
                            .kind = Kind::real,
                            .fallback = "0",
                            .about = "chance of a post to cut the link for a while",
                            .scope = OptionScope::channel};
constexpr Option longest_cut_option{.name = "sim.longest_cut",
                                    .kind = Kind::duration,
                                    .fallback = "1ms",
                                    .about = "how long a cut lasts at most, or a break",
                                    .scope = OptionScope::channel};
constexpr Option break_option{.name = "sim.break",
                              .kind = Kind::real,
                              .fallback = "0",
                              .about =
                                  "chance of a post to break the connection: what is under way is gone, the link "
                                  "goes on",
                              .scope = OptionScope::channel};
constexpr Option death_option{.name = "sim.death",
                              .kind = Kind::real,
                              .fallback = "0",
                              .about = "chance of a post to be the last of its link",
                              .scope = OptionScope::channel};

constexpr Option sever_option{.name = "sim.sever",
                              .kind = Kind::real,
                              .fallback = "0",
                              .about = "chance of a post to cut its link for good",
                              .scope = OptionScope::channel};
constexpr Option unreachable_option{.name = "sim.unreachable_after",
                                    .kind = Kind::duration,
                                    .fallback = "10ms",
                                    .about = "how long after that both ends find each other unreachable",
                                    .scope = OptionScope::channel};

constexpr std::array all{seed_option,  delay_option, queue_option, cut_option,        longest_cut_option,
                         break_option, death_option, sever_option, unreachable_option};

Error wrong(const Option& option, std::string_view text, std::string_view why) {
  return Error(Code::invalid_argument, std::string(option.name) + " cannot be " + quoted(text))
      .because(std::string(why));
}

}  // namespace

void SimSettings::know_options() { Config::know("sim", all); }

Result<SimSettings> SimSettings::read(const Config& config) {
  SimSettings settings;
  settings.seed = config.count(seed_option);
  const std::string range = config.text(delay_option);
  const auto dots = range.find("..");
  const auto shortest = parse_duration(std::string_view(range).substr(0, dots));
  if (!shortest) return shortest.error();
  const auto longest = dots == std::string::npos ? shortest : parse_duration(std::string_view(range).substr(dots + 2));
  if (!longest) return longest.error();
  if (*longest < *shortest || *longest > std::chrono::hours(1)) {
    return wrong(delay_option, range, "it is to be SHORTEST..LONGEST, of at most an hour");
  }
  settings.shortest = *shortest;
  settings.longest = *longest;
  settings.queue = config.count(queue_option);
  if (settings.queue == 0) return wrong(queue_option, "0", "nothing could ever be posted");
  settings.cuts = config.real(cut_option);
  settings.breaks = config.real(break_option);
  settings.death = config.real(death_option);
  settings.severs = config.real(sever_option);
  for (const auto& [option, chance] : {std::pair(&cut_option, settings.cuts),
                                       {&break_option, settings.breaks},
                                       {&death_option, settings.death},
                                       {&sever_option, settings.severs}}) {
    if (!(chance >= 0 && chance <= 1)) return wrong(*option, std::to_string(chance), "a chance is from 0 to 1");
  }
  constexpr std::chrono::nanoseconds hour = std::chrono::hours(1);
  settings.longest_cut = std::min(config.duration(longest_cut_option), hour);
  settings.unreachable_after = std::min(config.duration(unreachable_option), hour);
  return settings;
}

}  // namespace psyne::inline v0
