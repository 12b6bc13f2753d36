#include <psyne/transports/stream/link/frame_reader.hpp>

#include "written_stream.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <random>
#include <vector>

namespace {

using psyne::Frame;
using psyne::FrameReader;
using psyne_test::WrittenStream;
using Read = FrameReader::Read;

/// One region of 100,000 bytes, number 7; keeps what came.
struct Sink final : psyne::FrameSink {
  std::optional<std::span<std::byte>> place(const Frame& frame) noexcept override {
    if (frame.generation != 7 || frame.offset + frame.length > region.size()) return std::nullopt;
    return std::span(region).subspan(frame.offset, frame.length);
  }
  Next came(const Frame& frame) noexcept override {
    frames.push_back(frame);
    sums.push_back(std::ranges::count(std::span(region).subspan(frame.offset, frame.length), std::byte{1}));
    return frame.value == refused ? Next::cut_off : frame.value == last ? Next::nothing : Next::more;
  }
  std::vector<std::byte> region = std::vector<std::byte>(100'000);
  std::vector<Frame> frames;
  std::vector<std::ptrdiff_t> sums;  // bytes of value 1 in the place of each frame when it came
  std::uint64_t refused = ~std::uint64_t{0}, last = ~std::uint64_t{0};
};

void append(std::vector<std::byte>& stream, const Frame& frame) {
  const auto* head = reinterpret_cast<const std::byte*>(&frame);
  stream.insert(stream.end(), head, head + sizeof frame);
  stream.insert(stream.end(), frame.length, std::byte{1});
}

/// A stream of up to 40 frames, one behind the other in the region: a third empty, of the rest one in `large` large.
std::vector<Frame> some_frames(std::mt19937& random, WrittenStream& stream, std::uint32_t large) {
  std::vector<Frame> sent;
  std::uint64_t offset = 0;
  for (std::uint64_t value = 0; value < 40 && offset < 60'000; ++value) {
    Frame frame{
        .counter = static_cast<std::uint16_t>(random() % 32), .generation = 7, .offset = offset, .value = value};
    frame.length =
        random() % 3 == 0 ? 0 : static_cast<std::uint32_t>(random() % (random() % large == 0 ? 40'000 : 500));
    offset += frame.length;
    append(stream.coming, frame);
    sent.push_back(frame);
  }
  stream.ended = true;
  return sent;
}

Read read_all(FrameReader& reader, WrittenStream& stream, Sink& sink) {
  for (;;) {
    const Read read = reader.read(stream, sink);
    if (read == Read::some || read == Read::drained) continue;
    return read;
  }
}

// Cut anywhere, frames come out as they went in, and each only when all of its bytes are in their place.
TEST(FrameReader, TakesAnyStreamApartHoweverItIsCut) {
  for (std::uint32_t seed = 1; seed <= 60; ++seed) {
    std::mt19937 random(seed);
    WrittenStream stream;
    const std::vector<Frame> sent = some_frames(random, stream, 5);
    stream.step = seed % 4 == 0 ? 1 + random() % 40 : 1 + random() % 50'000;
    FrameReader reader;
    Sink sink;
    ASSERT_EQ(read_all(reader, stream, sink), Read::ended) << "seed " << seed;
    ASSERT_EQ(sink.frames.size(), sent.size()) << "seed " << seed;
    for (std::size_t place = 0; place < sent.size(); ++place) {
      ASSERT_EQ(std::memcmp(&sink.frames[place], &sent[place], sizeof(Frame)), 0);
      ASSERT_EQ(sink.sums[place], sent[place].length) << "seed " << seed;
    }
  }
}

/// The same, where every put of more than 100 bytes goes into a buffer of the program's, and is guessed, or something
/// is.
struct GuessingSink final : psyne::FrameSink {
  explicit GuessingSink(std::uint32_t seed) : random(seed) {}
  std::optional<std::span<std::byte>> place(const Frame& frame) noexcept override {
    if (awaited || frame.length <= shortest || frame.length > buffer.size()) return plain.place(frame);
    awaited = frame.value;
    return std::span(buffer).first(frame.length);
  }
  Next came(const Frame& frame) noexcept override {
    const auto at = std::span(plain.region).subspan(frame.offset, frame.length);
    if (awaited == frame.value) std::ranges::copy(std::span(buffer).first(at.size()), at.begin());
    return plain.came(frame);
  }
  Guess guess() const noexcept override {
    if (awaited && awaited != plain.frames.back().value) return {};
    awaited.reset();
    shortest = random() % 200;
    if (random() % 4 == 0) return {};
    return {.before = random() % 3 == 0 ? random() % 400 : sizeof(Frame), .into = buffer};
  }
  Sink plain;
  mutable std::mt19937 random;
  mutable std::vector<std::byte> buffer = std::vector<std::byte>(30'000);
  mutable std::optional<std::uint64_t> awaited;  // what goes there
  mutable std::size_t shortest = 100;
};

// Whatever was guessed, every frame comes as it went in, and a right guess has its bytes where they are wanted.
TEST(FrameReader, AWrongGuessIsPutRight) {
  for (std::uint32_t seed = 1; seed <= 300; ++seed) {
    std::mt19937 random(seed);
    WrittenStream stream;
    const std::vector<Frame> sent = some_frames(random, stream, 3);
    std::vector<std::byte> expected(100'000);
    auto come = stream.coming.begin();
    for (const Frame& frame : sent) {
      const auto bytes = std::span(come += sizeof frame, frame.length);
      std::ranges::generate(bytes, [&random] { return static_cast<std::byte>(random()); });
      std::ranges::copy(bytes, expected.begin() + static_cast<std::ptrdiff_t>(frame.offset));
      come += frame.length;
    }
    stream.step = seed % 4 == 0 ? 1 + random() % 40 : 1 + random() % 50'000;
    FrameReader reader;
    GuessingSink sink(seed);
    for (Read read = Read::some; read != Read::ended;) {
      read = seed % 2 == 0 || random() % 2 == 0 ? reader.read(stream, sink) : reader.look(stream, sink);
      ASSERT_TRUE(read != Read::failed && read != Read::corrupted) << "seed " << seed;
      if (read == Read::nothing) reader.settle(stream);  // the end is behind what was looked at
    }
    ASSERT_EQ(sink.plain.frames.size(), sent.size()) << "seed " << seed;
    for (std::size_t place = 0; place < sent.size(); ++place)
      ASSERT_EQ(std::memcmp(&sink.plain.frames[place], &sent[place], sizeof(Frame)), 0);
    ASSERT_EQ(sink.plain.region, expected) << "seed " << seed;
  }
}

TEST(FrameReader, ARightGuessIsOneCall) {
  WrittenStream stream;
  FrameReader reader;
  append(stream.coming, {.counter = 1, .length = 20'000, .generation = 7, .value = 1});
  struct Exact final : psyne::FrameSink {
    std::optional<std::span<std::byte>> place(const Frame& frame) noexcept override {
      return std::span(buffer).first(frame.length);
    }
    Next came(const Frame&) noexcept override { return Next::more; }
    Guess guess() const noexcept override { return {.before = sizeof(Frame), .into = buffer}; }
    mutable std::vector<std::byte> buffer = std::vector<std::byte>(30'000);
  } exact;
  EXPECT_EQ(reader.read(stream, exact), Read::drained);
  EXPECT_EQ(stream.calls, 1);
  EXPECT_EQ(std::ranges::count(exact.buffer, std::byte{1}), 20'000);
  EXPECT_FALSE(reader.under_way());
}

TEST(FrameReader, APutMovesElsewhereInTheMiddle) {
  for (const std::size_t step : {1U, 31U, 33U, 500U, 9'999U}) {
    WrittenStream stream;
    Sink sink;
    FrameReader reader;
    append(stream.coming, {.counter = 1, .length = 10'000, .generation = 7, .value = 1});
    stream.step = step;
    std::vector<std::byte> elsewhere(10'000);
    while (!reader.under_way()) ASSERT_NE(reader.read(stream, sink), Read::corrupted);
    EXPECT_EQ(reader.under_way()->length, 10'000U);
    reader.relocate(elsewhere);
    std::ranges::fill(sink.region, std::byte{0});
    for (int i = 0; i < 5; ++i) static_cast<void>(reader.read(stream, sink));
    const bool back = step < 500;
    if (back) {
      reader.relocate(std::span(sink.region).first(10'000));
      std::ranges::fill(elsewhere, std::byte{0});
    }
    EXPECT_EQ(read_all(reader, stream, sink), Read::nothing);
    EXPECT_FALSE(reader.under_way());
    EXPECT_EQ(std::ranges::count(back ? std::span(sink.region) : std::span(elsewhere), std::byte{1}), 10'000) << step;
  }
}

Frame signal(std::uint64_t value) { return {.counter = 1, .generation = 7, .value = value}; }

TEST(FrameReader, ALookLeavesWhatItTookAndTakesItOnce) {
  WrittenStream stream;
  FrameReader reader;
  Sink sink;
  EXPECT_EQ(reader.look(stream, sink), Read::nothing);
  append(stream.coming, signal(1));
  EXPECT_EQ(reader.look(stream, sink), Read::drained);
  EXPECT_EQ(sink.frames.size(), 1U);
  EXPECT_EQ(stream.coming.size(), sizeof(Frame));
  EXPECT_EQ(reader.look(stream, sink), Read::nothing);
  append(stream.coming, signal(2));
  EXPECT_EQ(reader.look(stream, sink), Read::drained);
  ASSERT_EQ(sink.frames.size(), 2U);
  EXPECT_EQ(sink.frames[1].value, 2U);
  reader.settle(stream);
  EXPECT_TRUE(stream.coming.empty());
  EXPECT_EQ(reader.look(stream, sink), Read::nothing);
  EXPECT_EQ(sink.frames.size(), 2U);
}

TEST(FrameReader, WhatLookingLeftIsTakenOutBeforeItIsMuch) {
  WrittenStream stream;
  FrameReader reader;
  Sink sink;
  std::size_t most = 0;
  for (std::uint64_t value = 0; value < 1000; ++value) {
    append(stream.coming, signal(value));
    EXPECT_EQ(reader.look(stream, sink), Read::drained);
    most = std::max(most, stream.coming.size());
  }
  EXPECT_EQ(sink.frames.size(), 1000U);
  EXPECT_LT(most, 1024U);
}

// To look first would be another system call for each of them.
TEST(FrameReader, AFlowIsReadAndNotLookedAt) {
  WrittenStream stream;
  FrameReader reader;
  Sink sink;
  for (std::uint64_t value = 0; value < 100'000; ++value) append(stream.coming, signal(value));
  const std::size_t bytes = stream.coming.size();
  while (reader.look(stream, sink) != Read::nothing) {
  }
  EXPECT_EQ(sink.frames.size(), 100'000U);
  EXPECT_LE(static_cast<std::size_t>(stream.calls), bytes / (16 * 1024) + 10);
  append(stream.coming, signal(1));
  EXPECT_EQ(reader.look(stream, sink), Read::drained);
  EXPECT_EQ(stream.coming.size(), sizeof(Frame)) << "and looked at again when it has run dry";
}

TEST(FrameReader, TheRestOfALargePutIsReadAndNotLookedAt) {
  WrittenStream stream;
  append(stream.coming, {.length = 90'000, .generation = 7, .value = 1});
  std::vector<std::byte> rest(stream.coming.begin() + 1000, stream.coming.end());
  stream.coming.resize(1000);
  FrameReader reader;
  Sink sink;
  while (reader.look(stream, sink) != Read::nothing) {
  }
  for (const std::size_t left : {std::size_t{50'000}, std::size_t{0}}) {
    stream.coming.assign(rest.begin(), rest.end() - static_cast<std::ptrdiff_t>(left));
    rest.erase(rest.begin(), rest.end() - static_cast<std::ptrdiff_t>(left));
    const int before = stream.calls;
    EXPECT_EQ(reader.look(stream, sink), Read::drained);
    EXPECT_EQ(stream.calls, before + 1);
    EXPECT_TRUE(stream.coming.empty());
    while (reader.look(stream, sink) != Read::nothing) {
    }
  }
  EXPECT_EQ(sink.frames.size(), 1U);
  EXPECT_EQ(sink.sums[0], 90'000);
}

TEST(FrameReader, LooksSeeTheEndAndWhatIsWrong) {
  Sink sink;
  WrittenStream ended;
  ended.ended = true;
  EXPECT_EQ(FrameReader().look(ended, sink), Read::ended);
  WrittenStream broken;
  broken.error = ECONNRESET;
  EXPECT_EQ(FrameReader().look(broken, sink), Read::failed);
  WrittenStream lying;
  append(lying.coming, signal(5));
  sink.refused = 5;
  EXPECT_EQ(FrameReader().look(lying, sink), Read::corrupted);
}

// Bytes become visible in any portions, and who reads looks, reads and settles as it likes.
TEST(FrameReader, LooksAndReadsInAnyOrderTakeEveryFrameOnce) {
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    WrittenStream stream;
    std::vector<Frame> sent;
    std::uint64_t offset = 0;
    for (std::uint64_t value = 0; value < 60 && offset < 50'000; ++value) {
      Frame frame{.counter = 3, .generation = 7, .offset = offset, .value = value};
      frame.length = static_cast<std::uint32_t>(random() % (random() % 10 == 0 ? 20'000 : 300));
      offset += frame.length;
      append(stream.coming, frame);
      sent.push_back(frame);
    }
    FrameReader reader;
    Sink sink;
    stream.arrived = 0;
    while (sink.frames.size() < sent.size()) {
      if (random() % 2 == 0) stream.arrived += random() % (random() % 8 == 0 ? 10'000 : 100);
      stream.arrived = std::min(stream.arrived, stream.coming.size());
      stream.step = stream.arrived;
      const std::size_t before = stream.coming.size();
      const auto choice = random() % 4;
      if (choice == 0) {
        reader.settle(stream);
      } else if (choice == 1 && stream.arrived != 0) {
        ASSERT_NE(reader.read(stream, sink), Read::corrupted) << "seed " << seed;
        stream.arrived -= std::min(stream.arrived, before - stream.coming.size());
      } else {
        ASSERT_NE(reader.look(stream, sink), Read::corrupted) << "seed " << seed;
      }
    }
    ASSERT_EQ(sink.frames.size(), sent.size()) << "seed " << seed;
    for (std::size_t place = 0; place < sent.size(); ++place) {
      ASSERT_EQ(std::memcmp(&sink.frames[place], &sent[place], sizeof(Frame)), 0) << "seed " << seed;
      ASSERT_EQ(sink.sums[place], sent[place].length) << "seed " << seed;
    }
  }
}

TEST(FrameReader, SmallFramesComeManyInOneCall) {
  WrittenStream stream;
  for (std::uint64_t value = 0; value < 100; ++value)
    append(stream.coming, {.length = 8, .generation = 7, .offset = 8 * value, .value = value});
  FrameReader reader;
  Sink sink;
  EXPECT_EQ(reader.read(stream, sink), Read::drained);
  EXPECT_EQ(sink.frames.size(), 100U);
  EXPECT_EQ(stream.calls, 1);
}

// The rest of a large put, and the frame behind it, come in one call straight into their places.
TEST(FrameReader, LargePutsTakeOneCallEach) {
  WrittenStream stream;
  for (std::uint64_t value = 0; value < 3; ++value)
    append(stream.coming, {.length = 90'000, .generation = 7, .offset = 1, .value = value});
  FrameReader reader;
  Sink sink;
  EXPECT_EQ(reader.read(stream, sink), Read::some) << "the first frame, and some of its bytes";
  EXPECT_EQ(reader.read(stream, sink), Read::some);
  EXPECT_EQ(reader.read(stream, sink), Read::some);
  EXPECT_EQ(reader.read(stream, sink), Read::drained);
  EXPECT_EQ(sink.frames.size(), 3U);
  EXPECT_EQ(sink.region[0], std::byte{0});
  EXPECT_EQ(sink.region[90'001], std::byte{0});
}

TEST(FrameReader, RefusesWhatHasNoPlace) {
  using Kind = Frame::Kind;
  const std::array<Frame, 5> bad{
      Frame{.length = 8, .generation = 6}, Frame{.length = 8, .generation = 7, .offset = 99'999},
      Frame{.length = ~std::uint32_t{0}, .generation = 7}, Frame{.kind = Kind::goodbye, .length = 1, .generation = 7},
      Frame{.kind = Kind::revoke, .length = 8, .generation = 7}};
  for (const Frame& frame : bad) {
    WrittenStream stream;
    const auto* head = reinterpret_cast<const std::byte*>(&frame);
    stream.coming.assign(head, head + sizeof frame);
    stream.coming.resize(stream.coming.size() + 100, std::byte{1});
    FrameReader reader;
    Sink sink;
    EXPECT_EQ(reader.read(stream, sink), Read::corrupted);
    EXPECT_TRUE(sink.frames.empty());
    EXPECT_EQ(std::ranges::count(sink.region, std::byte{1}), 0) << "nothing was put anywhere";
  }
}

TEST(FrameReader, StopsWhereTheSinkSaysThatAFrameCannotBe) {
  WrittenStream stream;
  for (std::uint64_t value = 0; value < 3; ++value)
    append(stream.coming, {.length = 4, .generation = 7, .value = value});
  FrameReader reader;
  Sink sink;
  sink.refused = 1;
  EXPECT_EQ(reader.read(stream, sink), Read::corrupted);
  EXPECT_EQ(sink.frames.size(), 2U);
}

TEST(FrameReader, TakesNothingBehindTheLastFrame) {
  for (const std::size_t step : {std::size_t{1}, std::size_t{100'000}}) {
    WrittenStream stream;
    stream.step = step;
    for (std::uint64_t value = 0; value < 3; ++value)
      append(stream.coming, {.length = 20'000, .generation = 7, .value = value});
    FrameReader reader;
    Sink sink;
    sink.last = 1;
    EXPECT_EQ(read_all(reader, stream, sink), Read::ended);
    EXPECT_EQ(sink.frames.size(), 2U);
  }
}

TEST(FrameReader, TellsAnEndFromAFailure) {
  WrittenStream stream;
  FrameReader reader;
  Sink sink;
  EXPECT_EQ(reader.read(stream, sink), Read::nothing);
  stream.error = ECONNRESET;
  EXPECT_EQ(reader.read(stream, sink), Read::failed);
  EXPECT_EQ(errno, ECONNRESET);
  stream.error = 0;
  stream.ended = true;
  EXPECT_EQ(reader.read(stream, sink), Read::ended);
}

}  // namespace
