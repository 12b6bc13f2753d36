#include <psyne/core/uri/name.hpp>

#include <gtest/gtest.h>

namespace {

using psyne::Code;
using psyne::Name;

TEST(Name, IsOneComponentOfAPath) {
  for (const char* good : {"a", "ticks", "A-b_c.9", ".hidden", "a.b.c", "-"}) {
    EXPECT_EQ(Name::parse(good).value().text(), good);
  }
  for (const char* bad : {"", ".", "..", "a..b", "../x", "x/..", "a/b", "/", "a b", "a:b", "a%b", "ü", "a\n", "*"}) {
    const auto name = Name::parse(bad);
    ASSERT_FALSE(name) << bad;
    EXPECT_EQ(name.error().code(), Code::invalid_argument) << bad;
  }
  EXPECT_FALSE(Name::parse(std::string_view("a\0b", 3)));
}

TEST(Name, EveryByteIsAllowedOrNot) {
  int allowed = 0;
  for (int byte = 0; byte < 256; ++byte) {
    const std::string text{'x', static_cast<char>(byte), 'x'};
    if (Name::parse(text)) ++allowed;
  }
  EXPECT_EQ(allowed, 26 + 26 + 10 + 3);
}

TEST(Name, HasAtMostAHundredCharacters) {
  EXPECT_TRUE(Name::parse(std::string(100, 'a')));
  const auto over = Name::parse(std::string(101, 'a'));
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code(), Code::too_large);
  EXPECT_NE(over.error().text().find("101 characters"), std::string::npos);
}

TEST(Name, SaysWhichCharacter) {
  EXPECT_EQ(Name::parse("tick s").error().text(),
            "\"tick s\" cannot name a channel: character 5 is \" \". "
            "Use 1 to 100 letters, digits, dots, underscores and dashes.");
}

TEST(Name, Compares) {
  EXPECT_EQ(Name::parse("a").value(), Name::parse("a").value());
  EXPECT_LT(Name::parse("a").value(), Name::parse("b").value());
}

}  // namespace
