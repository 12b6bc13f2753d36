#include <psyne/core/config/known_options.hpp>
#include <psyne/core/config/options.hpp>

#include <gtest/gtest.h>

#include <set>

namespace {

using psyne::Code;
using psyne::Kind;
using psyne::Option;
using psyne::Options;
using psyne::OptionScope;

constexpr Option colour{.name = "paint.colour", .kind = Kind::choice, .fallback = "red", .choices = "red|green|blue"};

Options known() {
  Options options;
  options.add(psyne::known_options());
  for (const auto module : psyne::known_modules()) options.add_module(module);
  return options;
}

std::string_view name_of(const Option* option) { return option ? option->name : "nothing"; }

TEST(Option, IsNamedInTheEnvironmentAfterItself) {
  EXPECT_EQ(psyne::option::channel_when_full.variable(), "PSYNE_CHANNEL_WHEN_FULL");
  EXPECT_EQ(psyne::option::channel_spins.variable(), "PSYNE_CHANNEL_PATIENCE_SPINS");
  EXPECT_EQ(psyne::option::log_level.variable(), "PSYNE_LOG");
}

TEST(Option, ChecksEachKind) {
  const auto accepts = [](Kind kind, const char* text) {
    return Option{.name = "a.b", .kind = kind}.check(text).has_value();
  };
  EXPECT_TRUE(accepts(Kind::text, ""));
  EXPECT_TRUE(accepts(Kind::boolean, "on"));
  EXPECT_FALSE(accepts(Kind::boolean, "1M"));
  EXPECT_TRUE(accepts(Kind::count, "0"));
  EXPECT_FALSE(accepts(Kind::count, "-1"));
  EXPECT_FALSE(accepts(Kind::count, "1.5"));
  EXPECT_TRUE(accepts(Kind::real, "-1.5"));
  EXPECT_FALSE(accepts(Kind::real, "x"));
  EXPECT_TRUE(accepts(Kind::bytes, "1M"));
  EXPECT_FALSE(accepts(Kind::bytes, "1s"));
  EXPECT_TRUE(accepts(Kind::duration, "1s"));
  EXPECT_FALSE(accepts(Kind::duration, "1M"));
}

TEST(Option, ChoicesAreCountedInTheirOrder) {
  EXPECT_EQ(colour.choice("red").value(), 0u);
  EXPECT_EQ(colour.choice("blue").value(), 2u);
  for (const char* text : {"", "gre", "greenish", "red|green", "|", "Red"}) EXPECT_FALSE(colour.choice(text)) << text;
  EXPECT_EQ(colour.choice("pink").error().text(),
            "cannot read \"pink\" as a choice: it is none of red, green, blue. Write one of them.");
}

TEST(KnownOptions, HaveUsableDefaultsAndOneLineOfDocumentation) {
  std::set<std::string> names, variables;
  for (const Option& option : psyne::known_options()) {
    EXPECT_TRUE(option.check(option.default_text())) << option.name;
    EXPECT_TRUE(names.emplace(option.name).second) << option.name << " twice";
    EXPECT_TRUE(variables.insert(option.variable()).second) << option.variable() << " twice";
    EXPECT_FALSE(option.about.empty()) << option.name;
    EXPECT_EQ(option.about.find('\n'), std::string_view::npos) << option.name;
    EXPECT_NE(option.name.find('.'), std::string_view::npos) << option.name;
    EXPECT_EQ(option.kind == Kind::choice, !option.choices.empty()) << option.name;
  }
}

TEST(Options, AddingTwiceKeepsTheFirst) {
  Options options;
  const Option first[] = {{.name = "a.b", .fallback = "1"}};
  const Option second[] = {{.name = "a.b", .fallback = "2"}};
  EXPECT_TRUE(options.add(first));
  EXPECT_FALSE(options.add(second));
  ASSERT_EQ(options.all().size(), 1u);
  EXPECT_EQ(options.find("a.b")->fallback, "1");
  EXPECT_TRUE(options.add_module("a"));
  EXPECT_FALSE(options.add_module("a"));
}

TEST(Options, AFileMayOverrideChannelsInTheTableOfAModule) {
  const Options options = known();
  EXPECT_EQ(name_of(options.find_in_file("channel.capacity")), "channel.capacity");
  EXPECT_EQ(name_of(options.find_in_file("ipc.capacity")), "channel.capacity");
  EXPECT_EQ(name_of(options.find_in_file("ipc.patience.spins")), "channel.patience.spins");
  EXPECT_EQ(name_of(options.find_in_file("ipc.huge_pages")), "ipc.huge_pages");
  EXPECT_EQ(name_of(options.find_in_file("log.capacity")), "nothing") << "log is no module with channels";
  EXPECT_EQ(name_of(options.find_in_file("ipc.level")), "nothing");
  EXPECT_EQ(name_of(options.find_in_file("capacity")), "nothing");
  EXPECT_EQ(name_of(options.find_in_file("ipc.")), "nothing");
  EXPECT_EQ(name_of(options.find_in_file("")), "nothing");
}

TEST(Options, AQueryNamesOptionsOfItsSchemeFirst) {
  Options options = known();
  const Option own[] = {{.name = "sim.capacity", .kind = Kind::bytes, .fallback = "1", .scope = OptionScope::channel}};
  options.add(own);
  EXPECT_EQ(name_of(options.find_in_query("ipc", "capacity")), "channel.capacity");
  EXPECT_EQ(name_of(options.find_in_query("sim", "capacity")), "sim.capacity");
  EXPECT_EQ(name_of(options.find_in_query("ipc", "huge_pages")), "ipc.huge_pages");
  EXPECT_EQ(name_of(options.find_in_query("memory", "huge_pages")), "nothing");
  EXPECT_EQ(name_of(options.find_in_query("ipc", "channel.capacity")), "channel.capacity");
  EXPECT_EQ(name_of(options.find_in_query("ipc", "patience.spins")), "channel.patience.spins");
  EXPECT_EQ(name_of(options.find_in_query("ipc", "spins")), "nothing");
  EXPECT_EQ(name_of(options.find_in_query("ipc", "")), "nothing");
}

TEST(DidYouMean, NamesTheNearestOrNobody) {
  const std::vector<std::string> keys{"capacity", "delivery", "when_full", "linger"};
  EXPECT_EQ(psyne::did_you_mean("capcity", keys), "Did you mean capacity?");
  EXPECT_EQ(psyne::did_you_mean("capaciyt", keys), "Did you mean capacity?");
  EXPECT_EQ(psyne::did_you_mean("whenfull", keys), "Did you mean when_full?");
  EXPECT_EQ(psyne::did_you_mean("ligner", keys), "Did you mean linger?");
  EXPECT_EQ(psyne::did_you_mean("colour", keys), "");
  EXPECT_EQ(psyne::did_you_mean("", keys), "");
  EXPECT_EQ(psyne::did_you_mean("capacity", {}), "");
  EXPECT_EQ(psyne::did_you_mean(std::string(10'000, 'a'), keys), "");
}

}  // namespace
