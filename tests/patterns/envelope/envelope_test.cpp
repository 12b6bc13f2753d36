#include <psyne/patterns/envelope/envelope.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <limits>
#include <vector>

namespace {

using psyne::Code;
using psyne::Envelope;
using psyne::FloatVector;
using psyne::Message;
using psyne::Tensor;
using psyne::TensorShape;

struct Header {
  static constexpr std::string_view psyne_name = "test/1";
  std::uint64_t number;
  std::uint64_t failed;
  bool holds_text() const noexcept { return failed != 0; }
};
struct PlainHeader {
  static constexpr std::string_view psyne_name = "plain/1";
  std::uint32_t number;
};
struct Padded {
  std::uint8_t small;
  std::uint64_t large;
};
struct Checked {
  bool flag;
};
struct alignas(32) Wide {
  std::array<double, 4> values;
};

static_assert(sizeof(Envelope<Header, std::uint64_t>) == 56, "with the record's word one cache line");
static_assert(Message<Envelope<Header, std::uint64_t>>::fixed && !Message<Envelope<Header, FloatVector>>::fixed);
static_assert(!psyne::has_padding<Envelope<Header, Padded>>);
static_assert(alignof(Envelope<PlainHeader, Wide>) == 32 && Envelope<PlainHeader, Wide>::begin == 32);
static_assert(sizeof(Envelope<PlainHeader, std::uint8_t>) == 8);

/// Memory as a ring gives it: with bytes of earlier messages.
struct alignas(64) Record {
  explicit Record(std::size_t size) : bytes(size + 64, std::byte{0xee}) {}
  std::span<std::byte> span() {
    const auto begin = reinterpret_cast<std::uintptr_t>(bytes.data());
    return std::span(bytes).subspan((begin + 63) / 64 * 64 - begin, bytes.size() - 64);
  }
  std::vector<std::byte> bytes;
};

TEST(Envelope, HoldsAHeaderAndAMessageOfFixedSize) {
  const Envelope<Header, Padded> envelope({.number = 7, .failed = 0}, Padded{.small = 1, .large = 2});
  EXPECT_EQ(envelope.header().number, 7U);
  EXPECT_EQ(envelope.body().small, 1U);
  EXPECT_EQ(envelope.body().large, 2U);
}

TEST(Envelope, ShowsNoPaddingOfTheMessage) {
  Padded dirty;
  std::memset(&dirty, 0xff, sizeof dirty);
  dirty.small = 1;
  dirty.large = 2;
  const Envelope<PlainHeader, Padded> copied({.number = 7}, dirty);
  Envelope<PlainHeader, Padded> in_place({.number = 7}, Padded{});
  std::memset(&in_place.body(), 0xff, sizeof(Padded));
  in_place.body().small = 1;
  in_place.body().large = 2;
  in_place.zero_body_padding();
  EXPECT_EQ(std::memcmp(&copied, &in_place, sizeof copied), 0);
  const auto* bytes = reinterpret_cast<const unsigned char*>(&copied);
  EXPECT_EQ(std::count(bytes, bytes + sizeof copied, 0xff), 0);
}

TEST(Envelope, TextStandsInPlaceOfAMessage) {
  const Envelope<Header, Checked> envelope(Header{.number = 1, .failed = 1}, std::string_view("no such thing"));
  const auto text = envelope.text();
  ASSERT_GE(text.size(), 40U);
  EXPECT_EQ(std::memcmp(text.data(), "no such thing", 13), 0);
  EXPECT_TRUE(Message<decltype(envelope)>::check(envelope));  // it is no message that could be wrong
}

TEST(Envelope, ChecksTheMessageInIt) {
  Envelope<Header, Checked> envelope({.number = 1, .failed = 0}, Checked{true});
  EXPECT_TRUE((Message<Envelope<Header, Checked>>::needs_check));
  EXPECT_TRUE((Message<Envelope<Header, Checked>>::check(envelope)));
  std::memset(&envelope.body(), 7, 1);
  EXPECT_EQ((Message<Envelope<Header, Checked>>::check(envelope).error()), Code::corrupted);
}

TEST(Envelope, AnotherHeaderOrMessageIsAnotherSchema) {
  const auto schema = Message<Envelope<Header, std::uint64_t>>::schema;
  EXPECT_NE(schema, (Message<Envelope<Header, std::int64_t>>::schema));
  EXPECT_NE(schema, (Message<Envelope<PlainHeader, std::uint64_t>>::schema));
  EXPECT_NE(schema, Message<std::uint64_t>::schema);
  EXPECT_NE((Message<Envelope<Header, FloatVector>>::schema), (Message<Envelope<Header, Tensor>>::schema));
  EXPECT_EQ((Message<Envelope<Header, std::uint64_t>>::describe()),
            "test/1(" + Message<std::uint64_t>::describe() + ")");
}

TEST(EnvelopeOfAVariableMessage, IsWrittenAndReadInPlace) {
  using Traits = Message<Envelope<Header, FloatVector>>;
  const Traits::Shape shape{.message = 5};
  Record record(Traits::bytes(shape).value());
  auto writable = Traits::write(record.span(), shape).value();
  writable.set_header({.number = 9, .failed = 0});
  std::ranges::fill(writable.body(), 2.5F);
  const auto readable = Traits::read(record.span()).value();
  EXPECT_EQ(readable.header().number, 9U);
  ASSERT_EQ(readable.body().size(), 5U);
  EXPECT_EQ(readable.body()[4], 2.5F);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(readable.body().data()) % 64, 0U);
  EXPECT_EQ(static_cast<const void*>(readable.body().data()), record.span().data() + 64) << "it was copied";
}

TEST(EnvelopeOfAVariableMessage, ATensorIsOne) {
  using Traits = Message<Envelope<Header, Tensor>>;
  const Traits::Shape shape{.message = TensorShape::of<float>({3, 4})};
  Record record(Traits::bytes(shape).value());
  auto writable = Traits::write(record.span(), shape).value();
  writable.set_header({.number = 9, .failed = 0});
  writable.body().at<float>(2, 3) = 1.5F;
  EXPECT_EQ(Traits::read(record.span()).value().body().at<float>(2, 3), 1.5F);
}

TEST(EnvelopeOfAVariableMessage, TextStandsInPlaceOfAMessage) {
  using Traits = Message<Envelope<Header, FloatVector>>;
  const Traits::Shape shape{.message = {}, .characters = 3};
  Record record(Traits::bytes(shape).value());
  auto writable = Traits::write(record.span(), shape).value();
  writable.set_header({.number = 9, .failed = 1});
  std::ranges::copy(std::string_view("why"), writable.characters.begin());
  const auto readable = Traits::read(record.span()).value();
  ASSERT_EQ(readable.text().size(), 3U);
  EXPECT_EQ(std::memcmp(readable.text().data(), "why", 3), 0);
}

TEST(EnvelopeOfAVariableMessage, ShowsNothingOfWhatLayThere) {
  using Traits = Message<Envelope<PlainHeader, FloatVector>>;
  const Traits::Shape shape{.message = 0};
  Record record(Traits::bytes(shape).value());
  auto writable = Traits::write(record.span(), shape).value();
  writable.set_header({.number = 0});
  EXPECT_EQ(std::ranges::count(record.span(), std::byte{0xee}), 0);
}

TEST(EnvelopeOfAVariableMessage, WhatIsTooShortOrNoMessageIsCorrupted) {
  using Traits = Message<Envelope<Header, FloatVector>>;
  const Traits::Shape shape{.message = 2};
  Record record(Traits::bytes(shape).value());
  Traits::write(record.span(), shape).value().set_header({.number = 9, .failed = 0});
  for (std::size_t length = 0; length < record.span().size(); ++length) {
    const auto read = Traits::read(record.span().first(length));
    const bool whole = length >= 64 && (length - 64) % sizeof(float) == 0;
    EXPECT_EQ(read.has_value(), whole) << length;
    if (!read) {
      EXPECT_EQ(read.error(), Code::corrupted) << length;
    }
  }
}

TEST(EnvelopeOfAVariableMessage, ASizeThatNoRecordHasIsRefused) {
  using Traits = Message<Envelope<Header, FloatVector>>;
  EXPECT_EQ(Traits::bytes({.message = std::numeric_limits<std::size_t>::max()}).error(), Code::too_large);
  EXPECT_FALSE(Traits::bytes({.message = {}, .characters = std::numeric_limits<std::size_t>::max()}));
}

}  // namespace
