#include <psyne/core/message/message.hpp>

#include "core/message/aligned_record.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <numeric>
#include <random>

namespace {

using namespace psyne;
using psyne_test::AlignedRecord;

constexpr std::uint64_t huge = std::numeric_limits<std::uint64_t>::max();

TEST(VectorMessage, IsItsElementsAndNothingElse) {
  EXPECT_EQ(Message<FloatVector>::bytes(1024), 4096u);
  AlignedRecord record(4096);
  auto draft = Message<FloatVector>::write(record.span(), 1024).value();
  std::iota(draft.begin(), draft.end(), 0.0f);
  const auto received = Message<FloatVector>::read(record.received()).value();
  ASSERT_EQ(received.size(), 1024u);
  EXPECT_EQ(received[1023], 1023.0f);
  EXPECT_EQ(static_cast<const void*>(received.data()), record.span().data());
}

TEST(VectorMessage, MayBeEmpty) {
  EXPECT_EQ(Message<DoubleVector>::bytes(0), 0u);
  EXPECT_TRUE(Message<DoubleVector>::read({}).value().empty());
}

TEST(VectorMessage, HalfAnElementIsCorrupted) {
  AlignedRecord record(10);
  const auto error = Message<FloatVector>::read(record.received()).error();
  EXPECT_EQ(error, Code::corrupted);
  EXPECT_NE(error.text().find("vector/1(f32)"), std::string::npos);
}

TEST(VectorMessage, WhatOverflowsIsTooLarge) {
  EXPECT_EQ(Message<FloatVector>::bytes(huge).error(), Code::too_large);
  EXPECT_EQ(Message<FloatVector>::bytes(1ull << 61).error(), Code::too_large);
  EXPECT_EQ(Message<ByteVector>::bytes((1ull << 63) - 1), (1ull << 63) - 1);
}

TEST(MatrixMessage, StartsOnALineWhenLargerThanOne) {
  EXPECT_EQ(Message<FloatMatrix>::bytes({3, 4}), 16u + 48);
  EXPECT_EQ(Message<FloatMatrix>::bytes({13, 1}), 64u + 52);
  EXPECT_EQ(Message<FloatMatrix>::bytes({0, huge}).error(), Code::too_large);
  EXPECT_EQ(Message<FloatMatrix>::bytes({1ull << 32, 1ull << 32}).error(), Code::too_large);
}

TEST(MatrixMessage, RandomShapesKeepEveryElement) {
  std::mt19937 random(3);
  for (int round = 0; round < 300; ++round) {
    const MatrixShape shape{random() % 12, random() % 12};
    AlignedRecord record(Message<DoubleMatrix>::bytes(shape).value());
    const auto draft = Message<DoubleMatrix>::write(record.span(), shape).value();
    for (std::size_t row = 0; row < shape.rows; ++row) {
      for (std::size_t column = 0; column < shape.columns; ++column) {
        draft(row, column) = static_cast<double>(100 * row + column);
      }
    }
    const auto received = Message<DoubleMatrix>::read(record.received()).value();
    ASSERT_EQ(received.rows(), shape.rows);
    ASSERT_EQ(received.columns(), shape.columns);
    for (std::size_t row = 0; row < shape.rows; ++row) {
      ASSERT_EQ(received.row(row).size(), shape.columns);
      for (std::size_t column = 0; column < shape.columns; ++column) {
        ASSERT_EQ(received(row, column), static_cast<double>(100 * row + column));
        ASSERT_EQ(&received.row(row)[column], &received(row, column));
      }
    }
  }
}

TEST(QuantizedMessage, CarriesScaleAndZeroPoint) {
  const QuantizedShape shape{.count = 100, .scale = 0.25f, .zero_point = -3};
  AlignedRecord record(Message<Int8Vector>::bytes(shape).value());
  EXPECT_EQ(record.size(), 64u + 100);
  const auto draft = Message<Int8Vector>::write(record.span(), shape).value();
  draft.set(0, 1.0f);
  draft.set(1, -1000.0f);
  draft.set(2, 1000.0f);
  draft.set(3, std::numeric_limits<float>::quiet_NaN());
  draft.set(4, 0.375f);  // 1.5 steps: to the even 2
  draft.set(5, -std::numeric_limits<float>::infinity());
  const auto received = Message<Int8Vector>::read(record.received()).value();
  EXPECT_EQ(received.scale(), 0.25f);
  EXPECT_EQ(received.zero_point(), -3);
  EXPECT_EQ(received[0], 1.0f);
  EXPECT_EQ(received.codes()[1], -128);
  EXPECT_EQ(received.codes()[2], 127);
  EXPECT_EQ(received[3], 0.0f);
  EXPECT_EQ(received.codes()[4], -1);
  EXPECT_EQ(received.codes()[5], -128);
}

TEST(QuantizedMessage, IsWrongByAtMostHalfAStep) {
  const QuantizedShape shape{.count = 256, .scale = 0.1f, .zero_point = 128};
  AlignedRecord record(Message<UInt8Vector>::bytes(shape).value());
  const auto draft = Message<UInt8Vector>::write(record.span(), shape).value();
  std::mt19937 random(5);
  std::uniform_real_distribution<float> inside(-12.8f, 12.7f);
  for (std::size_t index = 0; index < 256; ++index) {
    const float real = inside(random);
    draft.set(index, real);
    EXPECT_NEAR(draft[index], real, 0.0501);
  }
}

TEST(QuantizedMessage, AnUnusableScaleIsRefusedOnBothSides) {
  AlignedRecord record(24);
  for (const float scale : {0.0f, -1.0f, std::numeric_limits<float>::infinity(), std::nanf("")}) {
    EXPECT_EQ(Message<Int8Vector>::write(record.span(), {.count = 8, .scale = scale}).error(), Code::invalid_argument);
    static_cast<void>(Message<Int8Vector>::write(record.span(), {.count = 8}).value());
    std::memcpy(&record[8], &scale, 4);
    EXPECT_EQ(Message<Int8Vector>::read(record.received()).error(), Code::corrupted);
  }
}

TEST(Records, NothingOfTheOldRecordShowsBetweenHeaderAndSections) {
  const SparseShape shape{.rows = 2, .columns = 9, .nonzeros = 11};
  AlignedRecord record(Message<CsrMatrix>::bytes(shape).value());
  const auto draft = Message<CsrMatrix>::write(record.span(), shape).value();
  std::fill(draft.values().begin(), draft.values().end(), 0.0f);
  std::fill(draft.row_pointers().begin(), draft.row_pointers().end(), 0);
  std::fill(draft.column_indices().begin(), draft.column_indices().end(), 0);
  for (const std::byte byte : record.received()) EXPECT_NE(byte, std::byte{0xa5});
}

TEST(Records, SectionsOfALargeRecordStartOnLines) {
  const SparseShape shape{.rows = 30, .columns = 9, .nonzeros = 11};
  AlignedRecord record(Message<CsrMatrix>::bytes(shape).value());
  EXPECT_EQ(record.size(), 64u + 64 + 128 + 44);
  const auto draft = Message<CsrMatrix>::write(record.span(), shape).value();
  const auto* begin = record.span().data();
  EXPECT_EQ(reinterpret_cast<std::byte*>(draft.values().data()) - begin, 64);
  EXPECT_EQ(reinterpret_cast<std::byte*>(draft.row_pointers().data()) - begin, 128);
  EXPECT_EQ(reinterpret_cast<std::byte*>(draft.column_indices().data()) - begin, 256);
}

}  // namespace
