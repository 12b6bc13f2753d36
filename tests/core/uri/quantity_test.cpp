#include <psyne/core/uri/quantity.hpp>
#include <psyne/core/uri/quoted.hpp>

#include <gtest/gtest.h>

#include <limits>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::GiB;
using psyne::KiB;
using psyne::MiB;

TEST(Bytes, AreCountedIn1024) {
  EXPECT_EQ(psyne::parse_bytes("0").value(), 0u);
  EXPECT_EQ(psyne::parse_bytes("4096").value(), 4096u);
  EXPECT_EQ(psyne::parse_bytes("100B").value(), 100u);
  EXPECT_EQ(psyne::parse_bytes("8k").value(), 8 * KiB);
  EXPECT_EQ(psyne::parse_bytes("64M").value(), 64 * MiB);
  EXPECT_EQ(psyne::parse_bytes("64MiB").value(), 64 * MiB);
  EXPECT_EQ(psyne::parse_bytes("3gib").value(), 3 * GiB);
  EXPECT_EQ(psyne::parse_bytes("2T").value(), 2048 * GiB);
  EXPECT_EQ(psyne::parse_bytes("18446744073709551615").value(), std::numeric_limits<std::size_t>::max());
}

TEST(Bytes, RefuseWhatIsNotASize) {
  for (const char* text : {"", "M", "-1", "+1", " 1", "1 M", "1.5G", "64MB", "64KB", "1P", "0x10", "1MM"}) {
    const auto bytes = psyne::parse_bytes(text);
    ASSERT_FALSE(bytes) << text;
    EXPECT_EQ(bytes.error().code(), Code::invalid_argument) << text;
  }
  for (const char* text : {"18446744073709551616", "16777216T", "99999999999999999999999M"}) {
    EXPECT_EQ(psyne::parse_bytes(text).error().code(), Code::too_large) << text;
  }
  EXPECT_EQ(psyne::parse_bytes("64MB").error().text(),
            "cannot read \"64MB\" as a size: \"MB\" is no unit of it. "
            "Write a whole number of bytes, or of K, M, G or T, such as 64M.");
}

TEST(Duration, NeedsAUnit) {
  EXPECT_EQ(psyne::parse_duration("15ns").value(), 15ns);
  EXPECT_EQ(psyne::parse_duration("15us").value(), 15us);
  EXPECT_EQ(psyne::parse_duration("10ms").value(), 10ms);
  EXPECT_EQ(psyne::parse_duration("5s").value(), 5s);
  EXPECT_EQ(psyne::parse_duration("2min").value(), 2min);
  EXPECT_EQ(psyne::parse_duration("1h").value(), 1h);
  EXPECT_EQ(psyne::parse_duration("0").value(), 0ns);
  EXPECT_EQ(psyne::parse_duration("forever").value(), psyne::forever);
  for (const char* text : {"", "5", "ms", "-5ms", "5 ms", "0.5s", "5m", "5days", "Forever"}) {
    const auto duration = psyne::parse_duration(text);
    ASSERT_FALSE(duration) << text;
    EXPECT_EQ(duration.error().code(), Code::invalid_argument) << text;
  }
  EXPECT_EQ(psyne::parse_duration("5").error().reason(), "its unit is missing");
}

TEST(Duration, TheLongestIsNotForever) {
  EXPECT_EQ(psyne::parse_duration("9223372036854775806ns").value(), psyne::forever - 1ns);
  EXPECT_EQ(psyne::parse_duration("9223372036854775807ns").error().code(), Code::too_large);
  EXPECT_EQ(psyne::parse_duration("2562048h").error().code(), Code::too_large);
  EXPECT_TRUE(psyne::parse_duration("2562047h"));
}

TEST(Boolean, TakesTheUsualWords) {
  for (const char* text : {"1", "true", "yes", "on", "True", "ON"})
    EXPECT_TRUE(psyne::parse_boolean(text).value()) << text;
  for (const char* text : {"0", "false", "no", "off", "No"}) EXPECT_FALSE(psyne::parse_boolean(text).value()) << text;
  for (const char* text : {"", "2", "y", "enable", "true "})
    EXPECT_FALSE(psyne::parse_boolean(text).has_value()) << text;
}

TEST(Integer, TakesTheWholeText) {
  EXPECT_EQ(psyne::parse_integer("-12").value(), -12);
  EXPECT_EQ(psyne::parse_integer("9223372036854775807").value(), std::numeric_limits<std::int64_t>::max());
  EXPECT_EQ(psyne::parse_integer("9223372036854775808").error().code(), Code::too_large);
  for (const char* text : {"", "-", "1x", "1.0", "+1", " 1", "0x1"}) EXPECT_FALSE(psyne::parse_integer(text)) << text;
}

TEST(Real, IsFinite) {
  EXPECT_EQ(psyne::parse_real("0.25").value(), 0.25);
  EXPECT_EQ(psyne::parse_real("-1e-3").value(), -1e-3);
  EXPECT_EQ(psyne::parse_real("1e999").error().code(), Code::too_large);
  for (const char* text : {"", "nan", "inf", "1,5", "1.5x", "0x1p3"}) EXPECT_FALSE(psyne::parse_real(text)) << text;
}

TEST(QuantityText, IsTheShortestThatReadsBack) {
  EXPECT_EQ(psyne::bytes_text(0), "0");
  EXPECT_EQ(psyne::bytes_text(1000), "1000");
  EXPECT_EQ(psyne::bytes_text(64 * MiB), "64M");
  EXPECT_EQ(psyne::bytes_text(MiB + KiB), "1025K");
  EXPECT_EQ(psyne::duration_text(0ns), "0");
  EXPECT_EQ(psyne::duration_text(1500us), "1500us");
  EXPECT_EQ(psyne::duration_text(10ms), "10ms");
  EXPECT_EQ(psyne::duration_text(120s), "2min");
  EXPECT_EQ(psyne::duration_text(psyne::forever), "forever");
}

TEST(Quoted, IsOneSafeLine) {
  EXPECT_EQ(psyne::quoted("plain ü"), "\"plain ü\"");
  EXPECT_EQ(psyne::quoted("a\"b\\c\n\x7f"), "\"a\\x22b\\x5cc\\x0a\\x7f\"");
  EXPECT_EQ(psyne::quoted("abcdef", 3), "\"abc...\"");
  EXPECT_EQ(psyne::quoted("abc", 3), "\"abc\"");
}

}  // namespace
