// What a query's compress does to the two channels of a pattern: it is for the messages that vary in size.
#include <psyne.hpp>
#include <psyne/patterns/uri/part_uris.hpp>

#include <gtest/gtest.h>

#include <string>

namespace {

using psyne::ByteVector;
using psyne::Code;
using psyne::Part;
using psyne::part_uris;

constexpr Part ask{"ask", true};
constexpr Part any_ask{"ask", false};
constexpr Part answer{"answer", true};
constexpr Part any_answer{"answer", false};

TEST(PartUris, AreThoseOfBothParts) {
  const auto uris = part_uris("tcp://host:5555/quotes?capacity=1M", ask, answer).value();
  EXPECT_EQ(uris.out, "tcp://host:5555/quotes.ask?capacity=1M");
  EXPECT_EQ(uris.in, "tcp://host:5555/quotes.answer?capacity=1M");
  EXPECT_EQ(part_uris("quotes", ask, answer).error(), Code::invalid_argument);
  EXPECT_EQ(part_uris("ipc://quotes?delivery=all", ask, answer).error(), Code::invalid_argument);
}

TEST(PartUris, WhatGoesOutInOneSizeLeavesCompressToWhatComesIn) {
  const auto out = [](const std::string& query) { return part_uris("ipc://a" + query, ask, any_answer).value().out; };
  EXPECT_EQ(out(""), "ipc://a.ask");
  EXPECT_EQ(out("?compress=lz4"), "ipc://a.ask");
  EXPECT_EQ(out("?compress=lz4&linger=1s"), "ipc://a.ask?linger=1s");
  EXPECT_EQ(out("?linger=1s&compress=lz4&capacity=1M"), "ipc://a.ask?linger=1s&capacity=1M");
  EXPECT_EQ(out("?linger=%31s&compress=l%7A4&compress_above=9"), "ipc://a.ask?linger=%31s&compress_above=9");
  EXPECT_EQ(out("?channel.compress=lz4&linger=1s"), "ipc://a.ask?linger=1s");
  EXPECT_EQ(part_uris("ipc://a?compress=lz4", ask, any_answer).value().in, "ipc://a.answer?compress=lz4");
}

TEST(PartUris, WhatVariesKeepsIt) {
  for (const Part& in : {answer, any_answer}) {
    EXPECT_EQ(part_uris("ipc://a?compress=lz4", any_ask, in).value().out, "ipc://a.ask?compress=lz4");
  }
}

// Else a key that is written so would be another one here than it is for the channel.
TEST(PartUris, KeysAreNotEncoded) {
  EXPECT_EQ(part_uris("ipc://a?comp%72ess=lz4", ask, any_answer).error(), Code::invalid_argument);
}

TEST(PartUris, WhereNeitherVariesCompressIsUnsupported) {
  for (const char* query : {"?compress=lz4", "?linger=1s&compress=zstd", "?channel.compress=lz4"}) {
    const auto refused = part_uris(std::string("ipc://quotes") + query, ask, answer);
    ASSERT_EQ(refused.error(), Code::unsupported) << query;
    const std::string text = refused.error().text();
    EXPECT_NE(text.find("cannot open ipc://quotes: "), std::string::npos) << text;
    EXPECT_NE(text.find("both directions"), std::string::npos) << text;
  }
  EXPECT_TRUE(part_uris("ipc://quotes?compress=none&compress_above=9", ask, answer));
  EXPECT_EQ(part_uris("ipc://quotes?compress=never", ask, answer).error(), Code::invalid_argument);
}

TEST(PartUris, PatternsOpenWithCompressWhereOneDirectionVaries) {
  const std::string one = "memory://compress-one?compress=lz4&compress_above=100";
  EXPECT_TRUE((psyne::Requester<int, ByteVector>::open(one)));
  EXPECT_TRUE((psyne::Responder<int, ByteVector>::open(one)));
  const std::string other = "memory://compress-other?compress=lz4";
  EXPECT_TRUE((psyne::Requester<ByteVector, int>::open(other)));
  EXPECT_TRUE((psyne::Responder<ByteVector, int>::open(other)));
  EXPECT_TRUE((psyne::Surveyor<int, ByteVector>::open("memory://compress-survey?compress=zstd")));
  EXPECT_TRUE((psyne::Respondent<ByteVector, int>::open("memory://compress-back?compress=zstd")));
}

TEST(PartUris, WhereNeitherVariesPatternsSayIt) {
  const std::string uri = "memory://compress-none?compress=lz4";
  for (const psyne::Error& error :
       {psyne::Requester<int, int>::open(uri).error(), psyne::Responder<int, int>::open(uri).error(),
        psyne::Surveyor<int, int>::open(uri).error(), psyne::Respondent<int, int>::open(uri).error(),
        psyne::Pair<int>::open(uri).error()}) {
    EXPECT_EQ(error, Code::unsupported);
    EXPECT_EQ(error.what(), std::string("cannot open memory://compress-none")) << error.text();
  }
}

}  // namespace
