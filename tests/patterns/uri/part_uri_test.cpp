#include <psyne/core/uri/uri.hpp>
#include <psyne/patterns/uri/part_uri.hpp>

#include <gtest/gtest.h>

namespace {

using psyne::Code;
using psyne::part_uri;

TEST(PartUri, ANameGetsTheChannelBehindIt) {
  EXPECT_EQ(part_uri("ipc://quotes", "ask").value(), "ipc://quotes.ask");
  EXPECT_EQ(part_uri("memory://a.b", "answer").value(), "memory://a.b.answer");
  EXPECT_EQ(part_uri("sim://quotes", "ask").value(), "sim://quotes.ask");
}

TEST(PartUri, TheQueryStaysBehind) {
  EXPECT_EQ(part_uri("ipc://quotes?capacity=1M&linger=1s", "ask").value(), "ipc://quotes.ask?capacity=1M&linger=1s");
  EXPECT_EQ(part_uri("tcp://host:5555?capacity=1M", "ask").value(), "tcp://host:5555/ask?capacity=1M");
}

TEST(PartUri, APortIsSharedAndThePathTellsChannelsApart) {
  EXPECT_EQ(part_uri("tcp://host:5555", "ask").value(), "tcp://host:5555/ask");
  EXPECT_EQ(part_uri("tcp://*:5555", "answer").value(), "tcp://*:5555/answer");
  EXPECT_EQ(part_uri("tls://[fe80::1]:5555", "ask").value(), "tls://[fe80::1]:5555/ask");
  EXPECT_EQ(part_uri("TCP://host:5555/quotes", "ask").value(), "TCP://host:5555/quotes.ask");
}

TEST(PartUri, ASocketIsSharedAsAPortIs) {
  EXPECT_EQ(part_uri("unix:///run/quotes", "ask").value(), "unix:///run/quotes//ask");
  EXPECT_EQ(part_uri("unix://*/run/quotes", "ask").value(), "unix://*/run/quotes//ask");
  EXPECT_EQ(part_uri("unix:///run/quotes//a", "ask").value(), "unix:///run/quotes//a.ask");
  EXPECT_EQ(part_uri("unix://*/run/quotes//a?linger=1s", "ask").value(), "unix://*/run/quotes//a.ask?linger=1s");
}

TEST(PartUri, ANameThatIsEmptyIsNone) {
  EXPECT_EQ(part_uri("tcp://host:5555/", "ask").value(), "tcp://host:5555/ask");
  EXPECT_EQ(part_uri("unix:///run/quotes//", "ask").value(), "unix:///run/quotes//ask");
}

TEST(PartUri, APatternOfOneChannelLiesAtTheUriItself) {
  EXPECT_EQ(part_uri("ipc://quotes?capacity=1M", "").value(), "ipc://quotes?capacity=1M");
  EXPECT_EQ(part_uri("tcp://host:5555", "").value(), "tcp://host:5555");
}

TEST(PartUri, PartsOfOneNameDiffer) {
  EXPECT_NE(part_uri("ipc://quotes", "ask").value(), part_uri("ipc://quotes", "answer").value());
}

TEST(PartUri, IsAUriItself) {
  for (const char* uri : {"ipc://quotes", "tcp://host:5555", "tcp://host:5555/a?capacity=1M", "unix:///run/quotes",
                          "ipc://a%2Db?linger=1s"}) {
    const auto part = part_uri(uri, "ask");
    ASSERT_TRUE(part) << uri;
    EXPECT_TRUE(psyne::Uri::parse(*part)) << *part;
  }
}

TEST(PartUri, WhatIsNoUriIsRefused) {
  EXPECT_EQ(part_uri("quotes", "ask").error(), Code::invalid_argument);
  EXPECT_EQ(part_uri("", "ask").error(), Code::invalid_argument);
}

TEST(PartUri, TheDeliveryIsThePatternsOwn) {
  for (const char* uri : {"ipc://quotes?delivery=all", "ipc://quotes?channel.delivery=all"}) {
    const auto refused = part_uri(uri, "ask");
    EXPECT_EQ(refused.error(), Code::invalid_argument);
    EXPECT_NE(refused.error().text().find("delivery"), std::string::npos);
  }
}

}  // namespace
