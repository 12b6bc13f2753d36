#include <psyne/core/config/config.hpp>
#include <psyne/core/config/known_options.hpp>
#include <psyne/core/park/patience.hpp>
#include <psyne/core/uri/quantity.hpp>

#include <gtest/gtest.h>

#include <chrono>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Config;
using psyne::Entry;
using psyne::KiB;
using psyne::MiB;
using psyne::Options;
using psyne::Origin;
using psyne::Setting;
using psyne::Sources;
using psyne::Uri;
namespace option = psyne::option;

Config config_of(std::string_view toml, std::vector<std::pair<std::string, std::string>> environment = {}) {
  Options options;
  options.add(psyne::known_options());
  for (const auto module : psyne::known_modules()) options.add_module(module);
  Sources sources;
  sources.path = "/etc/psyne.toml";
  sources.file = psyne::read_toml(toml, sources.path).value();
  for (auto& [variable, text] : environment) sources.environment.push_back({variable, text, variable});
  return Config(options, sources);
}

Uri uri(std::string_view text) { return Uri::parse(text).value(); }

Setting setting(const Config& config, const psyne::Option& option) {
  for (const Setting& one : config.settings()) {
    if (one.option.name == option.name) return one;
  }
  ADD_FAILURE() << option.name << " is not shown";
  return {};
}

constexpr std::string_view two_capacities = "[channel]\ncapacity = \"2M\"\n[ipc]\ncapacity = \"3M\"\n";

TEST(Config, WithoutSourcesHasTheDefaults) {
  const Config config = config_of("");
  EXPECT_EQ(config.bytes(option::channel_capacity), 2 * MiB);
  EXPECT_EQ(config.duration(option::channel_linger), 5s);
  EXPECT_EQ(config.text(option::channel_delivery), "single");
  EXPECT_FALSE(config.boolean(option::ipc_huge_pages));
  EXPECT_EQ(config.text(option::ipc_directory), psyne::runtime_directory());
  EXPECT_EQ(setting(config, option::channel_capacity).where, "default");
  EXPECT_EQ(setting(config, option::channel_capacity).origin, Origin::fallback);
  EXPECT_TRUE(config.check());
}

TEST(Config, PatienceByDefaultIsThatOfParking) {
  const Config config = config_of("");
  EXPECT_EQ(config.count(option::channel_spins), psyne::Patience().spins);
  EXPECT_EQ(config.count(option::channel_pauses), psyne::Patience().pauses);
  EXPECT_EQ(config.count(option::channel_yields), psyne::Patience().yields);
}

TEST(Config, TheFileBeatsTheDefaultAndKeepsItsLine) {
  const Config config = config_of("\n[channel]\n\ncapacity = \"2M\"\n[channel.patience]\nspins = 7\n");
  EXPECT_EQ(config.bytes(option::channel_capacity), 2 * MiB);
  EXPECT_EQ(config.count(option::channel_spins), 7u);
  EXPECT_EQ(setting(config, option::channel_capacity).where, "/etc/psyne.toml:4");
  EXPECT_EQ(setting(config, option::channel_capacity).origin, Origin::file);
  EXPECT_EQ(setting(config, option::channel_spins).where, "/etc/psyne.toml:6");
}

TEST(Config, TheEnvironmentBeatsTheFileAndTheQueryBeatsAll) {
  const Config config = config_of("[channel]\ncapacity = \"2M\"\n", {{"PSYNE_CHANNEL_CAPACITY", "4M"}});
  EXPECT_EQ(config.bytes(option::channel_capacity), 4 * MiB);
  EXPECT_EQ(setting(config, option::channel_capacity).where, "PSYNE_CHANNEL_CAPACITY");
  const Config opened = config.with(uri("ipc://a?capacity=8M")).value();
  EXPECT_EQ(opened.bytes(option::channel_capacity), 8 * MiB);
  EXPECT_EQ(setting(opened, option::channel_capacity).where, "?capacity");
  EXPECT_EQ(setting(opened, option::channel_capacity).origin, Origin::query);
  EXPECT_EQ(config.bytes(option::channel_capacity), 4 * MiB) << "with() must not change what it is called on";
}

TEST(Config, AModulesTableOverridesTheChannelTableForItAlone) {
  const Config config = config_of(two_capacities);
  EXPECT_EQ(config.bytes(option::channel_capacity), 2 * MiB);
  EXPECT_EQ(config.for_module("ipc").bytes(option::channel_capacity), 3 * MiB);
  EXPECT_EQ(config.for_module("memory").bytes(option::channel_capacity), 2 * MiB);
  EXPECT_EQ(config.with(uri("ipc://a")).value().bytes(option::channel_capacity), 3 * MiB);
  EXPECT_EQ(setting(config.for_module("ipc"), option::channel_capacity).where, "/etc/psyne.toml:4");
}

TEST(Config, AnyVariableBeatsAnyTableAndTheModulesVariableTheGeneralOne) {
  const Config general = config_of(two_capacities, {{"PSYNE_CHANNEL_CAPACITY", "4M"}});
  EXPECT_EQ(general.for_module("ipc").bytes(option::channel_capacity), 4 * MiB);
  const Config own = config_of(two_capacities, {{"PSYNE_IPC_CAPACITY", "5M"}, {"PSYNE_CHANNEL_CAPACITY", "4M"}});
  EXPECT_EQ(own.for_module("ipc").bytes(option::channel_capacity), 5 * MiB);
  EXPECT_EQ(own.for_module("sim").bytes(option::channel_capacity), 4 * MiB);
}

TEST(Config, TomlValuesMayBeStringsNumbersAndTruths) {
  const Config config = config_of("[channel]\ncapacity = 65536\nlinger = \"1min\"\n[ipc]\nhuge_pages = true\n");
  EXPECT_EQ(config.bytes(option::channel_capacity), 64 * KiB);
  EXPECT_EQ(config.duration(option::channel_linger), 1min);
  EXPECT_TRUE(config.boolean(option::ipc_huge_pages));
}

enum class Delivery { single, all, any };

TEST(Config, AChoiceIsAnEnum) {
  EXPECT_EQ(config_of("").choice<Delivery>(option::channel_delivery), Delivery::single);
  const Config any = config_of("").with(uri("ipc://a?delivery=any")).value();
  EXPECT_EQ(any.choice<Delivery>(option::channel_delivery), Delivery::any);
}

TEST(Config, AnUnknownKeyInTheFileIsAProblemWithItsLineAndASuggestion) {
  const Config config = config_of("[channel]\ncapacity = \"2M\"\n[ipc]\ncapcity = \"3M\"\n");
  ASSERT_EQ(config.problems().size(), 1u);
  EXPECT_EQ(config.problems()[0].text(),
            "cannot use \"ipc.capcity\" (/etc/psyne.toml:4): there is no such option. Did you mean ipc.capacity?");
  EXPECT_EQ(config.problems()[0].code(), Code::not_found);
  EXPECT_EQ(config.bytes(option::channel_capacity), 2 * MiB) << "the rest of the file still holds";
}

TEST(Config, AnUnreadableValueIsAProblemAndTheWeakerValueHolds) {
  const Config config = config_of("[channel]\ncapacity = \"2M\"\nlinger = 5\n", {{"PSYNE_CHANNEL_CAPACITY", "lots"}});
  ASSERT_EQ(config.problems().size(), 2u);
  EXPECT_EQ(config.problems()[0].text(),
            "cannot use channel.linger (/etc/psyne.toml:3): cannot read \"5\" as a duration: its unit is missing. "
            "Write a whole number with ns, us, ms, s, min or h, such as 10ms, or forever.");
  EXPECT_NE(config.problems()[1].text().find("channel.capacity (PSYNE_CHANNEL_CAPACITY)"), std::string::npos);
  EXPECT_EQ(config.bytes(option::channel_capacity), 2 * MiB);
  EXPECT_EQ(config.duration(option::channel_linger), 5s);
}

TEST(Config, AnUnreadableVariableOfAModuleIsAProblemToo) {
  EXPECT_EQ(config_of("", {{"PSYNE_IPC_CAPACITY", "lots"}}).problems().size(), 1u);
}

TEST(Config, EveryOpenFailsWhileThereIsAProblem) {
  const auto opened = config_of("[chanel]\ncapacity = \"2M\"\n").with(uri("ipc://a"));
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().text().find("Did you mean channel.capacity?"), std::string::npos) << opened.error().text();
}

TEST(Config, AQueryMustBeKnownReadableAndOfAChannel) {
  const Config config = config_of("");
  const auto unknown = config.with(uri("ipc://a?capcity=1M"));
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error().code(), Code::not_found);
  EXPECT_EQ(unknown.error().text(),
            "cannot open ipc://a: its query has the key \"capcity\", and there is no such option. "
            "Did you mean capacity?");
  const auto unreadable = config.with(uri("ipc://a?capacity=64MB"));
  ASSERT_FALSE(unreadable);
  EXPECT_EQ(unreadable.error().code(), Code::invalid_argument);
  EXPECT_NE(unreadable.error().text().find("cannot open ipc://a: capacity: cannot read \"64MB\" as a size"),
            std::string::npos);
  const auto of_process = config.with(uri("ipc://a?log.level=debug"));
  ASSERT_FALSE(of_process);
  EXPECT_NE(of_process.error().text().find("Set PSYNE_LOG, or log.level in the configuration file."),
            std::string::npos);
  EXPECT_FALSE(config.with(uri("memory://a?huge_pages=1"))) << "an option of ipc in a query of memory";
  EXPECT_TRUE(config.with(uri("ipc://a?huge_pages=1")).value().boolean(option::ipc_huge_pages));
}

TEST(Config, UnknownVariablesAreShownButNoProblem) {
  const Config config = config_of("", {{"PSYNE_CHANEL_CAPACITY", "1M"},
                                       {"PSYNE_CONFIG", "/etc/psyne.toml"},
                                       {"PSYNE_LOG", "debug"},
                                       {"PSYNE_RANK", "3"},
                                       {"PSYNE_SIM_LINGER", "1s"}});
  EXPECT_TRUE(config.check());
  ASSERT_EQ(config.unknown_variables().size(), 1u);
  EXPECT_EQ(config.unknown_variables()[0].key, "PSYNE_CHANEL_CAPACITY");
}

TEST(Config, AnOptionThatItDoesNotKnowHasItsDefault) {
  constexpr psyne::Option foreign{.name = "tcp.port", .kind = psyne::Kind::count, .fallback = "5555"};
  EXPECT_EQ(config_of("").count(foreign), 5555u);
}

TEST(Config, ReadingAnotherKindThrowsInsteadOfGuessing) {
  EXPECT_THROW(static_cast<void>(config_of("").bytes(option::channel_delivery)), psyne::Exception);
}

TEST(Config, ShowsEveryKnownOptionInOrder) {
  const Config config = config_of("");
  ASSERT_EQ(config.settings().size(), psyne::known_options().size());
  for (std::size_t i = 0; i < config.settings().size(); ++i) {
    EXPECT_EQ(config.settings()[i].option.name, psyne::known_options()[i].name);
  }
  EXPECT_EQ(config.path(), "/etc/psyne.toml");
}

}  // namespace
