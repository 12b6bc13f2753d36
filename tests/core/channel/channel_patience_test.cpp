#include <psyne/core/channel/channel_patience.hpp>

#include <gtest/gtest.h>

#include <optional>
#include <string_view>

namespace {

psyne::Patience patience_at(std::string_view text, const std::optional<psyne::Patience>& given) {
  const auto uri = psyne::Uri::parse(text).value();
  return psyne::channel_patience(psyne::Config::process().with(uri).value(), uri, given);
}

TEST(ChannelPatience, IsTheProgramsUnlessTheQueryAsksForAnother) {
  const psyne::Patience given{.spins = 1, .pauses = 2, .yields = 3};
  const psyne::Patience plain = patience_at("memory://a", given);
  EXPECT_EQ(plain.spins, 1U);
  EXPECT_EQ(plain.pauses, 2U);
  EXPECT_EQ(plain.yields, 3U);
  for (const char* asked : {"memory://a?patience.pauses=77", "memory://a?channel.patience.pauses=77"}) {
    const psyne::Patience patience = patience_at(asked, given);
    EXPECT_EQ(patience.spins, 1U);
    EXPECT_EQ(patience.pauses, 77U) << asked;
    EXPECT_EQ(patience.yields, 3U);
  }
}

TEST(ChannelPatience, OfNobodyIsTheConfigurations) {
  EXPECT_EQ(patience_at("memory://a", std::nullopt).spins, psyne::Patience().spins);
  EXPECT_EQ(patience_at("memory://a?patience.spins=5", std::nullopt).spins, 5U);
}

}  // namespace
