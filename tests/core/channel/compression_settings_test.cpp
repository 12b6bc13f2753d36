#include <psyne/core/channel/compression_settings.hpp>
#include <psyne/core/channel/lane_offer.hpp>
#include <psyne/core/config/known_options.hpp>

#include <gtest/gtest.h>

#include <string>

namespace {

using psyne::Code;
using psyne::Compress;
using psyne::CompressionSettings;
using psyne::Config;
using psyne::LaneType;
using psyne::Result;
using psyne::SenderOptions;
using psyne::Uri;

const LaneType any_size{.schema = 1, .description = "vector/1(u8)", .payload = 0, .alignment = 64};
const LaneType one_size{.schema = 2, .description = "Tick{u64@0}", .payload = 8, .alignment = 8};

/// With [channel] compress=zstd in the configuration where `configured` says so.
Result<CompressionSettings> settle(const std::string& query, const SenderOptions& given,
                                   const LaneType& type = any_size, std::uint64_t capacity = 1 << 20,
                                   bool configured = false) {
  psyne::Options options;
  options.add(psyne::known_options());
  psyne::Sources sources;
  if (configured) sources.environment.push_back({"PSYNE_CHANNEL_COMPRESS", "zstd", "PSYNE_CHANNEL_COMPRESS"});
  const Uri uri = Uri::parse("memory://settings" + query).value();
  const Config config = Config(options, sources).with(uri).value();
  return CompressionSettings::settle(config, uri, given, type, capacity);
}

TEST(CompressionSettings, AreNoneUnlessAskedFor) {
  EXPECT_EQ(settle("", {}).value().codec, Compress::none);
  EXPECT_EQ(settle("?compress_above=1k", {.compress_level = 90}).value().codec, Compress::none);
}

TEST(CompressionSettings, TheQueryIsStrongerThanTheProgramAndThatThanTheConfiguration) {
  EXPECT_EQ(settle("", {}, any_size, 4096, true).value().codec, Compress::zstd);
  EXPECT_EQ(settle("", {.compress = Compress::none}, any_size, 4096, true).value().codec, Compress::none);
  const auto settings =
      settle("?compress=lz4&compress_above=3k", {.compress = Compress::zstd, .compress_above = 7, .compress_level = 9},
             any_size, 4096, true)
          .value();
  EXPECT_EQ(settings.codec, Compress::lz4);
  EXPECT_EQ(settings.above, 3072U);
  EXPECT_EQ(settings.level, 9);
}

TEST(CompressionSettings, TheQueryMaySayWholeNames) {
  EXPECT_EQ(settle("?channel.compress=none", {.compress = Compress::zstd}).value().codec, Compress::none);
  EXPECT_EQ(settle("?channel.compress=lz4&channel.compress_above=5", {.compress_above = 7}).value().above, 5U);
  EXPECT_EQ(settle("?channel.compress=lz4", {}, one_size).error(), Code::unsupported);
}

TEST(CompressionSettings, MessagesOfOneSizeAreNotCompressedAndAskingForItIsAnError) {
  for (const auto& refused :
       {settle("?compress=lz4", {}, one_size), settle("", {.compress = Compress::zstd}, one_size)}) {
    ASSERT_EQ(refused.error(), Code::unsupported);
    EXPECT_NE(refused.error().text().find("Tick{u64@0}"), std::string::npos) << refused.error().text();
  }
  EXPECT_TRUE(settle("?compress=none", {.compress = Compress::zstd}, one_size));
  EXPECT_EQ(settle("", {}, one_size, 4096, true).value().codec, Compress::none) << "it was not asked for here";
}

TEST(CompressionSettings, LevelsAndRingsHaveLimits) {
  EXPECT_EQ(settle("?compress=zstd&compress_level=0", {}).error(), Code::invalid_argument);
  EXPECT_EQ(settle("?compress=zstd", {.compress_level = 23}).error(), Code::invalid_argument);
  EXPECT_EQ(settle("?compress=zstd", {.compress_level = 22}).value().level, 22);
  EXPECT_TRUE(settle("?compress=lz4", {}, any_size, std::uint64_t{1} << 31));
  EXPECT_EQ(settle("?compress=lz4", {}, any_size, std::uint64_t{1} << 32).error(), Code::too_large);
}

}  // namespace
