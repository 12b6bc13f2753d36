#include <psyne/transports/stream/link/frame_queue.hpp>

#include "written_stream.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>
#include <random>
#include <thread>

namespace {

using psyne::Frame;
using psyne::FrameQueue;
using psyne_test::WrittenStream;
using Write = FrameQueue::Write;

std::vector<std::byte> pattern(std::size_t length, std::size_t seed) {
  std::vector<std::byte> bytes(length);
  for (std::size_t place = 0; place < length; ++place) bytes[place] = static_cast<std::byte>(seed * 7 + place);
  return bytes;
}

void expect(std::vector<std::byte>& wanted, const Frame& frame, std::span<const std::byte> payload) {
  const auto* head = reinterpret_cast<const std::byte*>(&frame);
  wanted.insert(wanted.end(), head, head + sizeof frame);
  wanted.insert(wanted.end(), payload.begin(), payload.end());
}

TEST(FrameQueue, WritesAFrameAndItsBytesAtOnce) {
  FrameQueue queue;
  WrittenStream stream;
  stream.room = 1000;
  const auto payload = pattern(100, 1);
  const Frame frame{.counter = 3, .length = 100, .generation = 9, .offset = 5, .value = 8};
  queue.push(frame, payload, 1, true);
  EXPECT_EQ(queue.posts(), 1U);
  EXPECT_EQ(queue.write(stream), Write::all);
  EXPECT_EQ(stream.calls, 1) << "one system call";
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.posts(), 0U);
  EXPECT_EQ(queue.written(), 1U);
  std::vector<std::byte> wanted;
  expect(wanted, frame, payload);
  EXPECT_EQ(stream.gone, wanted);
}

TEST(FrameQueue, TakesTheRestFromWhereItHasMovedTo) {
  for (const std::size_t room : {0U, 10U, 32U, 100U, 131U, 200U}) {
    FrameQueue queue;
    WrittenStream stream;
    stream.room = room;
    auto first = pattern(100, 1), second = pattern(100, 2);
    const auto moved = first;
    std::vector<std::byte> wanted;
    for (const auto* bytes : {&first, &second}) {
      const Frame frame{.length = 100, .generation = 9};
      queue.push(frame, *bytes, 1, true);
      expect(wanted, frame, *bytes);
    }
    EXPECT_EQ(queue.write(stream), Write::no_room);
    queue.moved(first, moved.data());
    std::ranges::fill(first, std::byte{0});
    stream.room = 1000;
    EXPECT_EQ(queue.write(stream), Write::all);
    EXPECT_EQ(stream.gone, wanted) << room;
  }
}

TEST(FrameQueue, BeginsALongWriteByAPart) {
  FrameQueue queue;
  WrittenStream stream;
  stream.room = 1 << 20;
  const auto payload = pattern(300'000, 1);
  queue.push({.length = 300'000, .generation = 9}, payload, 1, true);
  EXPECT_EQ(queue.write(stream), Write::all);
  EXPECT_EQ(stream.calls, 2);
  std::vector<std::byte> wanted;
  expect(wanted, {.length = 300'000, .generation = 9}, payload);
  EXPECT_EQ(stream.gone, wanted);
  EXPECT_EQ(queue.written(), 1U);
}

// However few bytes the socket takes at a time, they come out in order, and a post is out when its last byte is.
TEST(FrameQueue, GoesOnWhereTheStreamHadNoRoom) {
  for (std::uint32_t seed = 1; seed <= 200; ++seed) {
    std::mt19937 random(seed);
    FrameQueue queue;
    WrittenStream stream;
    std::vector<std::vector<std::byte>> payloads;
    std::vector<std::byte> wanted;
    std::vector<std::size_t> ends;
    for (std::uint64_t post = 1; post <= 40; ++post) {
      payloads.push_back(pattern(random() % 4 == 0 ? 0 : random() % 300, post));
    }
    std::size_t pushed = 0;
    while (pushed < payloads.size() || !queue.empty()) {
      for (std::size_t more = random() % 12; more > 0 && pushed < payloads.size(); --more, ++pushed) {
        const Frame frame{.length = static_cast<std::uint32_t>(payloads[pushed].size()), .value = pushed};
        const bool last = pushed % 3 == 2 || pushed + 1 == payloads.size();
        queue.push(frame, payloads[pushed], pushed / 3 + 1, last);
        expect(wanted, frame, payloads[pushed]);
        if (last) ends.push_back(wanted.size());
      }
      stream.room = random() % 200;
      const Write how = queue.write(stream);
      EXPECT_EQ(how == Write::all, queue.empty());
      const auto out = static_cast<std::size_t>(
          std::ranges::count_if(ends, [&](std::size_t end) { return end <= stream.gone.size(); }));
      ASSERT_EQ(queue.written(), out) << "seed " << seed;
      ASSERT_EQ(queue.posts(), ends.size() - out) << "seed " << seed;
    }
    ASSERT_EQ(stream.gone, wanted) << "seed " << seed;
  }
}

TEST(FrameQueue, BytesThatAreNoFrameGoFirst) {
  FrameQueue queue;
  WrittenStream stream;
  const auto first = pattern(50, 4);
  queue.push(first);
  const Frame frame{.value = 1};
  queue.push(frame, {}, 1, true);
  stream.room = 20;
  EXPECT_EQ(queue.write(stream), Write::no_room);
  stream.room = 1000;
  EXPECT_EQ(queue.write(stream), Write::all);
  std::vector<std::byte> wanted = first;
  expect(wanted, frame, {});
  EXPECT_EQ(stream.gone, wanted);
}

// The first part alone wakes the reader, who copies it out meanwhile; in a stream he is awake.
TEST(FrameQueue, ALongWriteBeginsWithAShortOneUnlessItFollowsAnother) {
  FrameQueue queue;
  WrittenStream stream;
  const std::vector<std::byte> payload(1 << 20);
  const Frame frame{.length = 1 << 20};
  const auto calls = [&] {
    const int before = stream.calls;
    stream.room = 2 << 20;
    stream.gone.clear();
    queue.push(frame, payload, 1, true);
    EXPECT_EQ(queue.write(stream), Write::all);
    return stream.calls - before;
  };
  EXPECT_EQ(calls(), 2);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));  // longer than what the write took
  EXPECT_EQ(calls(), 2);
  int least = 2;
  for (int i = 0; i < 100; ++i) least = std::min(least, calls());
  EXPECT_EQ(least, 1);
}

TEST(FrameQueue, WhatItKeepsMayChangeAfterwards) {
  FrameQueue queue;
  WrittenStream stream;
  auto kept = pattern(64, 1), lent = pattern(64, 2);
  const Frame frame{.length = 64};
  queue.push(frame, kept, 1, true);
  queue.push(frame, lent, 2, true);
  queue.keep([&](std::span<const std::byte> payload) { return payload.data() == kept.data(); });
  std::vector<std::byte> wanted;
  expect(wanted, frame, kept);
  std::ranges::fill(kept, std::byte{0});
  std::ranges::fill(lent, std::byte{7});
  expect(wanted, frame, lent);
  stream.room = 1000;
  EXPECT_EQ(queue.write(stream), Write::all);
  EXPECT_EQ(stream.gone, wanted) << "the second was still read where it lies";
}

TEST(FrameQueue, AWakeRidesOnWhatWaits) {
  FrameQueue queue;
  WrittenStream stream;
  EXPECT_FALSE(queue.wake_with_last()) << "nothing waits";
  const Frame frame{.counter = 1, .value = 5};
  queue.push(frame, {}, 1, true);
  stream.room = 3;
  EXPECT_EQ(queue.write(stream), Write::no_room);
  EXPECT_FALSE(queue.wake_with_last()) << "its frame has begun to leave";
  queue.push(frame, {}, 2, true);
  EXPECT_TRUE(queue.wake_with_last());
  queue.push({.kind = Frame::Kind::goodbye}, {}, 0, false);
  EXPECT_FALSE(queue.wake_with_last()) << "a goodbye is no signal";
  stream.room = 1000;
  EXPECT_EQ(queue.write(stream), Write::all);
  Frame second;
  std::memcpy(&second, stream.gone.data() + sizeof(Frame), sizeof second);
  EXPECT_EQ(second.flags, Frame::wake);
  EXPECT_EQ(stream.gone[1], std::byte{0}) << "the first has left as it was";
}

TEST(FrameQueue, TheRestIsWhatDidNotLeave) {
  FrameQueue queue;
  WrittenStream stream;
  const auto payload = pattern(100, 3);
  const Frame frame{.length = 100};
  std::vector<std::byte> wanted;
  for (std::uint64_t post = 1; post <= 20; ++post) {
    queue.push(frame, payload, post, true);
    expect(wanted, frame, payload);
  }
  stream.room = 500;
  EXPECT_EQ(queue.write(stream), Write::no_room);
  const auto rest = queue.take_rest();
  EXPECT_TRUE(queue.empty());
  EXPECT_EQ(queue.posts(), 0U);
  EXPECT_EQ(queue.written(), 20U) << "nothing of them is needed any more";
  std::vector<std::byte> all = stream.gone;
  all.insert(all.end(), rest.begin(), rest.end());
  EXPECT_EQ(all, wanted);
}

TEST(FrameQueue, SaysThatTheStreamFailed) {
  FrameQueue queue;
  WrittenStream stream;
  stream.error = EPIPE;
  EXPECT_EQ(queue.write(stream), Write::all) << "there is nothing to write";
  queue.push(Frame{}, {}, 1, true);
  EXPECT_EQ(queue.write(stream), Write::failed);
  EXPECT_EQ(errno, EPIPE);
  queue.clear();
  EXPECT_EQ(queue.written(), 1U);
}

}  // namespace
