#include <psyne/core/message/message.hpp>

#include "core/message/aligned_record.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <random>
#include <vector>

namespace {

using namespace psyne;
using psyne_test::AlignedRecord;

struct Padded {
  std::uint8_t first;
  std::uint32_t second;
};
struct Flagged {
  std::uint32_t value;
  std::uint8_t other[3];
  bool flag;
};

TEST(BatchOfFixed, IsAnArray) {
  EXPECT_EQ(Message<Batch<double>>::bytes(10), 80u);
  AlignedRecord record(80);
  const auto draft = Message<Batch<double>>::write(record.span(), 10).value();
  for (double& value : draft.span()) value = 1.5;
  draft.set(9, 2.5);
  const auto received = Message<Batch<double>>::read(record.received()).value();
  ASSERT_EQ(received.size(), 10u);
  EXPECT_EQ(received[0], 1.5);
  EXPECT_EQ(received[9], 2.5);
}

template <class Writer>
concept GivesSpan = requires(const Writer& writer) { writer.span(); };

TEST(BatchOfFixed, PaddingDoesNotTravel) {
  static_assert(!GivesSpan<BatchWriter<Padded>> && GivesSpan<BatchWriter<double>>);
  AlignedRecord record(sizeof(Padded));
  Padded value;
  std::memset(&value, 0xee, sizeof value);
  Message<Batch<Padded>>::write(record.span(), 1).value().set(0, value);
  EXPECT_EQ(record[0], std::byte{0xee});
  EXPECT_EQ(record[1], std::byte{0});
  EXPECT_EQ(record[3], std::byte{0});
  EXPECT_EQ(record[7], std::byte{0xee});
}

TEST(BatchOfFixed, EveryValueIsChecked) {
  AlignedRecord record(10 * sizeof(Flagged));
  const auto draft = Message<Batch<Flagged>>::write(record.span(), 10).value();
  for (std::size_t index = 0; index < 10; ++index) draft.set(index, {});
  ASSERT_TRUE(Message<Batch<Flagged>>::read(record.received()));
  record[9 * sizeof(Flagged) + 7] = std::byte{2};
  EXPECT_EQ(Message<Batch<Flagged>>::read(record.received()).error(), Code::corrupted);
}

using Vectors = Message<Batch<FloatVector>>;

TEST(BatchOfVariable, RandomVectorsComeBackWhereverTheyBegin) {
  std::mt19937 random(1);
  for (int round = 0; round < 200; ++round) {
    std::vector<std::size_t> lengths(random() % 12);
    BatchShape shape{.records = lengths.size()};
    for (std::size_t& length : lengths) {
      length = random() % 40;
      shape.room += Vectors::room(length).value();
    }
    AlignedRecord record(Vectors::bytes(shape).value());
    auto draft = Vectors::write(record.span(), shape).value();
    for (const std::size_t length : lengths) {
      const auto added = draft.add(length);
      ASSERT_TRUE(added) << added.error().text();  // room() is always enough
      std::fill(added->begin(), added->end(), static_cast<float>(draft.size()));
    }
    const auto batch = Vectors::read(record.received()).value();
    ASSERT_EQ(batch.size(), lengths.size());
    for (std::size_t index = 0; index < lengths.size(); ++index) {
      const auto vector = batch[index].value();
      ASSERT_EQ(vector.size(), lengths[index]);
      for (const float value : vector) ASSERT_EQ(value, static_cast<float>(index + 1));
      const std::size_t alignment = vector.size_bytes() > 64 ? 64 : 8;
      ASSERT_EQ(reinterpret_cast<std::uintptr_t>(vector.data()) % alignment, 0u);
    }
  }
}

TEST(BatchOfVariable, AFullOneSaysSo) {
  const BatchShape shape{.records = 2, .room = 64};
  AlignedRecord record(Vectors::bytes(shape).value());
  auto draft = Vectors::write(record.span(), shape).value();
  EXPECT_EQ(draft.add(17).error(), Code::too_large);
  EXPECT_TRUE(draft.add(8));
  EXPECT_TRUE(draft.add(8));
  const auto error = draft.add(0).error();
  EXPECT_EQ(error, Code::too_large);
  EXPECT_NE(error.text().find("2 of 2 messages"), std::string::npos) << error.text();
  EXPECT_EQ(Vectors::read(record.received())->size(), 2u);
}

TEST(BatchOfVariable, WhatWasNotAddedShowsNothing) {
  const BatchShape shape{.records = 5, .room = 500};
  AlignedRecord record(Vectors::bytes(shape).value());
  static_cast<void>(Vectors::write(record.span(), shape).value());
  for (const std::byte byte : record.received()) EXPECT_NE(byte, std::byte{0xa5});
}

TEST(BatchOfVariable, AMessageThatLiesElsewhereIsFoundWhenItIsLookedAt) {
  const BatchShape shape{.records = 2, .room = 200};
  AlignedRecord record(Vectors::bytes(shape).value());
  auto draft = Vectors::write(record.span(), shape).value();
  static_cast<void>(draft.add(20).value());
  static_cast<void>(draft.add(2).value());
  const auto batch = Vectors::read(record.received()).value();
  const std::size_t table = 64;
  const auto entry_with = [&](std::uint64_t begin, std::uint64_t bytes) {
    std::memcpy(&record[table], &begin, 8);
    std::memcpy(&record[table + 8], &bytes, 8);
    return batch[0];
  };
  EXPECT_TRUE(entry_with(128, 80));
  EXPECT_EQ(entry_with(0, 80).error(), Code::corrupted);     // on the header
  EXPECT_EQ(entry_with(136, 80).error(), Code::corrupted);   // not on a line
  EXPECT_EQ(entry_with(132, 4).error(), Code::corrupted);    // not at a multiple of 8
  EXPECT_EQ(entry_with(128, 204).error(), Code::corrupted);  // beyond the end
  EXPECT_EQ(entry_with(128, 79).error(), Code::corrupted);   // no whole number of floats
  EXPECT_EQ(entry_with(~0ull - 63, 64).error(), Code::corrupted);
  EXPECT_EQ(entry_with(1ull << 62, 1ull << 62).error(), Code::corrupted);
  EXPECT_TRUE(batch[1]);
}

TEST(BatchOfVariable, BatchesMayHoldTensorsAndBatches) {
  using Tensors = Message<Batch<Batch<Tensor>>>;
  const auto tensor = TensorShape::of<std::uint8_t>({3, 50});
  const BatchShape inner{.records = 1, .room = Message<Batch<Tensor>>::room(tensor).value()};
  const BatchShape outer{.records = 2, .room = 2 * Tensors::room(inner).value()};
  AlignedRecord record(Tensors::bytes(outer).value());
  auto draft = Tensors::write(record.span(), outer).value();
  for (int index = 0; index < 2; ++index) {
    draft.add(inner).value().add(tensor).value().at<std::uint8_t>(2, 49) = static_cast<std::uint8_t>(40 + index);
  }
  const auto batch = Tensors::read(record.received()).value();
  EXPECT_EQ(batch[1].value()[0].value().at<std::uint8_t>(2, 49), 41);
}

TEST(BatchOfVariable, WhatOverflowsIsTooLarge) {
  EXPECT_EQ(Vectors::bytes({.records = ~0ull}).error(), Code::too_large);
  EXPECT_EQ(Vectors::bytes({.records = 1, .room = ~0ull}).error(), Code::too_large);
  EXPECT_EQ(Vectors::room(~0ull).error(), Code::too_large);
}

}  // namespace
