#include <psyne/core/uri/endpoint.hpp>

#include <gtest/gtest.h>

namespace {

using psyne::Code;
using psyne::Endpoint;

std::string reason(std::string_view text) {
  const auto endpoint = Endpoint::parse(text);
  return endpoint ? "accepted" : std::string(endpoint.error().reason());
}

TEST(Endpoint, ReadsHostAndPort) {
  EXPECT_EQ(Endpoint::parse("10.0.0.5:5555").value(), (Endpoint{"10.0.0.5", 5555}));
  EXPECT_EQ(Endpoint::parse("node-7.cluster_a:0").value(), (Endpoint{"node-7.cluster_a", 0}));
  EXPECT_EQ(Endpoint::parse("node7").value(), (Endpoint{"node7", std::nullopt}));
  EXPECT_EQ(Endpoint::parse("h:65535").value().port, 65535);
}

TEST(Endpoint, ReadsIpv6InBracketsWithZone) {
  EXPECT_EQ(Endpoint::parse("[::1]:80").value(), (Endpoint{"::1", 80}));
  EXPECT_EQ(Endpoint::parse("[fe80::1%eth0]").value(), (Endpoint{"fe80::1%eth0", std::nullopt}));
  EXPECT_EQ(Endpoint::parse("[::ffff:10.0.0.1]:1").value().host, "::ffff:10.0.0.1");
}

TEST(Endpoint, AStarListensEverywhere) {
  const auto endpoint = Endpoint::parse("*:5555").value();
  EXPECT_TRUE(endpoint.any_host());
  EXPECT_FALSE(Endpoint::parse("node7").value().any_host());
}

TEST(Endpoint, SaysWhatIsWrong) {
  EXPECT_EQ(reason(":80"), "the host is missing");
  EXPECT_EQ(reason(""), "the host is missing");
  EXPECT_EQ(reason("h:"), "the port \"\" is not a number from 0 to 65535");
  EXPECT_EQ(reason("h:65536"), "the port \"65536\" is not a number from 0 to 65535");
  EXPECT_EQ(reason("h:-1"), "the port \"-1\" is not a number from 0 to 65535");
  EXPECT_EQ(reason("h:80x"), "the port \"80x\" is not a number from 0 to 65535");
  EXPECT_EQ(reason("::1"), "the host is missing");
  EXPECT_EQ(reason("fe80::1"), "it has several colons, and an IPv6 address stands in brackets");
  EXPECT_EQ(reason("[::1"), "the bracket is not closed");
  EXPECT_EQ(reason("[::1]80"), "\"80\" follows the bracket");
  EXPECT_EQ(reason("[]:80"), "\"\" is not an IPv6 address");
  EXPECT_EQ(reason("[1234]:80"), "\"1234\" is not an IPv6 address");
  EXPECT_EQ(reason("[::1%]:80"), "\"::1%\" is not an IPv6 address");
  EXPECT_EQ(reason("a/b:80"), "\"a/b\" is not the name of a host");
  EXPECT_EQ(reason("a*:80"), "\"a*\" is not the name of a host");
  EXPECT_EQ(reason(std::string(254, 'a')), "the host is longer than 253 characters");
  EXPECT_EQ(Endpoint::parse("h:x").error().code(), Code::invalid_argument);
}

TEST(Endpoint, ReadsBackWhatItWrites) {
  for (const char* text : {"h", "h:1", "*:5", "[::1]:80", "[fe80::1%eth0]"}) {
    EXPECT_EQ(Endpoint::parse(text).value().text(), text);
  }
}

}  // namespace
