#include <psyne.hpp>

#include <gtest/gtest.h>

#include <string>

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

TEST(PartUri, OneChannelLeavesCompressToTheOther) {
  EXPECT_EQ(part_uri("ipc://a?compress=lz4", "ask", true).value(), "ipc://a.ask");
  EXPECT_EQ(part_uri("ipc://a?compress=lz4&linger=1s", "ask", true).value(), "ipc://a.ask?linger=1s");
  EXPECT_EQ(part_uri("ipc://a?linger=1s&compress=lz4&capacity=1M", "ask", true).value(),
            "ipc://a.ask?linger=1s&capacity=1M");
  EXPECT_EQ(part_uri("ipc://a?linger=1s&compress_above=9", "ask", true).value(),
            "ipc://a.ask?linger=1s&compress_above=9");
  EXPECT_EQ(part_uri("ipc://a", "ask", true).value(), "ipc://a.ask");
}

// Queries of one size and answers of any, and the other way round; where both have one size nothing can be compressed.
TEST(PartUri, PatternsOpenWithCompressWhereOneDirectionVaries) {
  using psyne::ByteVector;
  const std::string one = "memory://compress-one?compress=lz4&compress_above=100";
  EXPECT_TRUE((psyne::Requester<int, ByteVector>::open(one)));
  EXPECT_TRUE((psyne::Responder<int, ByteVector>::open(one)));
  const std::string other = "memory://compress-other?compress=lz4";
  EXPECT_TRUE((psyne::Requester<ByteVector, int>::open(other)));
  EXPECT_TRUE((psyne::Responder<ByteVector, int>::open(other)));
  const std::string survey = "memory://compress-survey?compress=zstd";
  EXPECT_TRUE((psyne::Surveyor<int, ByteVector>::open(survey)));
  EXPECT_TRUE((psyne::Respondent<ByteVector, int>::open("memory://compress-back?compress=zstd")));
  const std::string fixed = "memory://compress-none?compress=lz4";
  EXPECT_EQ((psyne::Requester<int, int>::open(fixed).error()), Code::unsupported);
  EXPECT_EQ((psyne::Responder<int, int>::open(fixed).error()), Code::unsupported);
  EXPECT_EQ((psyne::Surveyor<int, int>::open(fixed).error()), Code::unsupported);
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
  const auto refused = part_uri("ipc://quotes?delivery=all", "ask");
  EXPECT_EQ(refused.error(), Code::invalid_argument);
  EXPECT_NE(refused.error().text().find("delivery"), std::string::npos);
}

}  // namespace
