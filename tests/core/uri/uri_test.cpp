#include <psyne/core/uri/uri.hpp>

#include <gtest/gtest.h>

namespace {

using psyne::Code;
using psyne::Uri;

std::string problem(std::string_view text) {
  const auto uri = Uri::parse(text);
  return uri ? "accepted" : uri.error().text();
}

TEST(Uri, HasSchemePlaceAndQueryInTheOrderWritten) {
  const auto uri = Uri::parse("ipc://ticks?when_full=drop_oldest&capacity=64M&patience.spins=7").value();
  EXPECT_EQ(uri.scheme(), "ipc");
  EXPECT_EQ(uri.place(), "ticks");
  ASSERT_EQ(uri.query().size(), 3u);
  EXPECT_EQ(uri.query()[0], (Uri::Parameter{"when_full", "drop_oldest", 13}));
  EXPECT_EQ(uri.query()[1], (Uri::Parameter{"capacity", "64M", 35}));
  EXPECT_EQ(uri.query()[2], (Uri::Parameter{"patience.spins", "7", 48}));
  EXPECT_EQ(uri.find("capacity"), "64M");
  EXPECT_EQ(uri.find("capacit"), std::nullopt);
}

TEST(Uri, KeepsItsTextAndNamesItselfWithoutTheQuery) {
  const auto uri = Uri::parse("tcp://10.0.0.5:5555?token=secret").value();
  EXPECT_EQ(uri.text(), "tcp://10.0.0.5:5555?token=secret");
  EXPECT_EQ(uri.address(), "tcp://10.0.0.5:5555");
  EXPECT_EQ(Uri::parse("ipc://a").value().address(), "ipc://a");
}

TEST(Uri, FoldsTheCaseOfTheSchemeOnly) {
  const auto uri = Uri::parse("IPC://Ticks").value();
  EXPECT_EQ(uri.scheme(), "ipc");
  EXPECT_EQ(uri.place(), "Ticks");
}

TEST(Uri, DecodesPercentInPlaceAndValue) {
  const auto uri = Uri::parse("ipc://a%2Db%2e?path=%2Frun%2fx%20y&plus=a+b&half=50%25&amp=a%26b%3Dc").value();
  EXPECT_EQ(uri.place(), "a-b.");
  EXPECT_EQ(uri.find("path"), "/run/x y");
  EXPECT_EQ(uri.find("plus"), "a+b");
  EXPECT_EQ(uri.find("half"), "50%");
  EXPECT_EQ(uri.find("amp"), "a&b=c");
}

TEST(Uri, DecodesOnce) { EXPECT_EQ(Uri::parse("ipc://a?x=%2541").value().find("x"), "%41"); }

TEST(Uri, ValuesMayBeEmptyAndHoldEqualsAndSlashes) {
  const auto uri = Uri::parse("ipc://a?x=&y=a=b&z=/run/psyne?").value();
  EXPECT_EQ(uri.find("x"), "");
  EXPECT_EQ(uri.find("y"), "a=b");
  EXPECT_EQ(uri.find("z"), "/run/psyne?");
}

TEST(Uri, PassesUtf8) { EXPECT_EQ(Uri::parse("ipc://a?x=grün").value().find("x"), "grün"); }

TEST(Uri, SaysWhatIsWrongWhere) {
  EXPECT_EQ(problem("ipc://ti cks"), "cannot read the URI \"ipc://ti cks\": character 9 is a space. Write %20.");
  EXPECT_EQ(problem("ipc://ticks?a=1&b"),
            "cannot read the URI \"ipc://ticks\": the key \"b\" at character 17 has no value. "
            "Write b=1 to switch something on.");
  EXPECT_NE(problem("ipc://a?x=%4").find("character 11 is a % without two hex digits"), std::string::npos);
  EXPECT_NE(problem("ipc://a?x=%4&y=1").find("character 11 is a %"), std::string::npos);
  EXPECT_NE(problem("ipc://a%g0").find("character 8 is a %"), std::string::npos);
  EXPECT_NE(problem("ipc://a#b").find("character 8 is a #"), std::string::npos);
  EXPECT_NE(problem("ipc://a?x=1&x=2").find("\"x\" at character 13 is given twice"), std::string::npos);
  EXPECT_NE(problem("ipc://a?Xy=1").find("character 9 cannot stand in a key"), std::string::npos);
  EXPECT_NE(problem("ip_c://a").find("character 3 cannot stand in a scheme"), std::string::npos);
}

TEST(Uri, RefusesWhatIsNoUri) {
  for (const char* text : {"",           "ticks",        "ipc:ticks",    "ipc:/ticks",       "://ticks",
                           "9p://x",     "ipc://",       "ipc://?a=1",   "ipc?a=b://c",      "ipc://a?",
                           "ipc://a?=1", "ipc://a?x=1&", "ipc://a?&x=1", "ipc://a?x=1&&y=2", "ipc://a?%78=1",
                           "ipc://a%",   "ipc://a%1",    "ipc://a\n",    "ipc://a%0a",       "ipc://a%00",
                           "ipc://a%7F"}) {
    const auto uri = Uri::parse(text);
    ASSERT_FALSE(uri) << text;
    EXPECT_EQ(uri.error().code(), Code::invalid_argument) << text;
    EXPECT_FALSE(uri.error().reason().empty()) << text;
    EXPECT_FALSE(uri.error().advice().empty()) << text;
  }
  EXPECT_FALSE(Uri::parse(std::string_view("ipc://a\0b", 9)));
}

TEST(Uri, ErrorsShowNoControlBytesAndNoQuery) {
  const std::string text = problem("ipc://\x1b[31m\n?token=secret&x");
  EXPECT_EQ(text.find('\x1b'), std::string::npos);
  EXPECT_EQ(text.find('\n'), std::string::npos);
  EXPECT_EQ(text.find("secret"), std::string::npos);
  EXPECT_NE(text.find("\\x1b"), std::string::npos);
}

TEST(Uri, BoundsLengthAndKeys) {
  const std::string longest = "ipc://" + std::string(Uri::longest - 6, 'a');
  EXPECT_TRUE(Uri::parse(longest));
  EXPECT_EQ(Uri::parse(longest + "a").error().code(), Code::too_large);
  std::string many = "ipc://a?k0=1";
  for (std::size_t i = 1; i < Uri::most_keys; ++i) many += "&k" + std::to_string(i) + "=1";
  EXPECT_EQ(Uri::parse(many).value().query().size(), Uri::most_keys);
  EXPECT_FALSE(Uri::parse(many + "&one_more=1"));
}

TEST(Uri, ReadsItsPlaceAsNameOrEndpoint) {
  const auto uri = Uri::parse("tcp://node7:5555").value();
  EXPECT_EQ(uri.endpoint().value(), (psyne::Endpoint{"node7", 5555}));
  EXPECT_FALSE(uri.name());
  EXPECT_EQ(Uri::parse("ipc://ticks").value().name().value().text(), "ticks");
  EXPECT_FALSE(Uri::parse("ipc://a%2F..%2Fb").value().name()) << "an encoded slash must not leave the directory";
}

}  // namespace
