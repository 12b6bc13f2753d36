#include <psyne/core/message/tensor/tensor.hpp>

#include "core/message/aligned_record.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <numeric>
#include <random>
#include <set>
#include <vector>

namespace {

using psyne::BFloat16;
using psyne::check_shape;
using psyne::Code;
using psyne::Dimensions;
using psyne::DType;
using psyne::Message;
using psyne::Tensor;
using psyne::TensorLayout;
using psyne::TensorShape;
using psyne_test::AlignedRecord;

constexpr std::uint64_t huge = std::numeric_limits<std::int64_t>::max();

AlignedRecord record_for(const TensorShape& shape) { return AlignedRecord(Message<Tensor>::bytes(shape).value()); }

Dimensions strides_of(const TensorShape& shape) { return check_shape(shape).value().strides; }

TEST(TensorShape, StridesFollowTheLayout) {
  const Dimensions dims{2, 3, 4, 5};
  EXPECT_EQ(strides_of(TensorShape::of<float>(dims)), Dimensions(60, 20, 5, 1));
  EXPECT_EQ(strides_of(TensorShape::of<float>(dims, TensorLayout::column_major)), Dimensions(1, 2, 6, 24));
  EXPECT_EQ(strides_of(TensorShape::of<float>(dims, TensorLayout::channels_last)), Dimensions(60, 1, 15, 3));
  EXPECT_EQ(strides_of(TensorShape::of<float>({2, 3, 4}, TensorLayout::channels_last)), Dimensions(12, 1, 3));
  EXPECT_EQ(strides_of(TensorShape::of<float>({2, 3, 4, 5, 6}, TensorLayout::channels_last)),
            Dimensions(360, 1, 90, 18, 3));
  EXPECT_EQ(strides_of(TensorShape::of<float>({4, 3}, Dimensions{1, 8})), Dimensions(1, 8));
}

TEST(TensorShape, AScalarIsOneElementAndAZeroExtentNone) {
  EXPECT_EQ(check_shape(TensorShape::of<float>({})).value().elements, 1u);
  EXPECT_EQ(check_shape(TensorShape::of<float>({3, 0, 5})).value().elements, 0u);
  EXPECT_EQ(check_shape(TensorShape::of<float>({3, 0}, Dimensions{100, 1})).value().span, 0u);
}

TEST(TensorShape, OnlyWithoutGapsAndOverlapIsDense) {
  const auto dense = [](Dimensions dims, Dimensions strides) {
    return check_shape(TensorShape::of<float>(dims, strides)).value().dense;
  };
  EXPECT_TRUE(dense({2, 3}, {3, 1}));
  EXPECT_TRUE(dense({2, 3}, {1, 2}));
  EXPECT_TRUE(dense({2, 1, 3}, {3, 77, 1}));  // an extent of one has no neighbour to be away from
  EXPECT_FALSE(dense({2, 3}, {4, 1}));
  EXPECT_FALSE(dense({2, 3}, {1, 1}));
  EXPECT_FALSE(dense({2, 3}, {0, 1}));
  EXPECT_FALSE(dense({3}, {2}));
}

TEST(TensorShape, WhatCannotBeLaidOutIsRefused) {
  const auto code = [](const TensorShape& shape) { return check_shape(shape).error().code(); };
  const std::vector<std::uint64_t> nine(9, 1);
  EXPECT_EQ(code({.dims = Dimensions(std::span(nine))}), Code::invalid_argument);
  EXPECT_EQ(code(TensorShape::of<float>({3, 4}, TensorLayout::channels_last)), Code::invalid_argument);
  EXPECT_EQ(code(TensorShape::of<float>({3, 4}, Dimensions{1})), Code::invalid_argument);
  EXPECT_EQ(code({.dims = {3}, .strides = {1}}), Code::invalid_argument);
  EXPECT_EQ(code({.dtype = static_cast<DType>(77), .dims = {3}}), Code::invalid_argument);
  EXPECT_EQ(code({.dims = {3}, .layout = static_cast<TensorLayout>(9)}), Code::invalid_argument);
}

TEST(TensorShape, WhatOverflowsIsTooLarge) {
  const auto code = [](const TensorShape& shape) { return check_shape(shape).error().code(); };
  EXPECT_EQ(code(TensorShape::of<float>({-1})), Code::too_large);
  EXPECT_EQ(code(TensorShape::of<float>({huge})), Code::too_large);
  EXPECT_EQ(code(TensorShape::of<std::uint8_t>({1ull << 32, 1ull << 31})), Code::too_large);
  EXPECT_EQ(code(TensorShape::of<std::uint8_t>({1ull << 32, 1ull << 32})), Code::too_large);
  EXPECT_EQ(code(TensorShape::of<std::uint8_t>({0, 1ull << 40, 1ull << 40})), Code::too_large);
  EXPECT_EQ(code(TensorShape::of<std::uint8_t>({3}, Dimensions{huge})), Code::too_large);
  EXPECT_EQ(code(TensorShape::of<std::uint8_t>({1}, Dimensions{-1})), Code::too_large);
  EXPECT_EQ(code(TensorShape::of<double>({2, 2}, Dimensions{huge / 15, huge / 15})), Code::too_large);
  EXPECT_EQ(Message<Tensor>::bytes(TensorShape::of<std::uint8_t>({huge})).error(), Code::too_large);  // and the header
}

TEST(TensorMessage, SmallOnesAreDenseAndLargeOnesStartOnALine) {
  EXPECT_EQ(Message<Tensor>::bytes(TensorShape::of<float>({})), 8u + 4);
  EXPECT_EQ(Message<Tensor>::bytes(TensorShape::of<std::uint8_t>({48})), 64u);
  EXPECT_EQ(Message<Tensor>::bytes(TensorShape::of<std::uint8_t>({49})), 64u + 49);
  EXPECT_EQ(Message<Tensor>::bytes(TensorShape::of<std::uint8_t>({32, 3, 224, 224})), 64u + 32 * 3 * 224 * 224);
  EXPECT_EQ(Message<Tensor>::bytes(TensorShape::of<float>({1, 1, 1, 1, 1, 1, 1, 1})), 128u + 4);
}

TEST(TensorMessage, WhatIsWrittenIsRead) {
  const auto shape = TensorShape::of<float>({3, 4});
  auto record = record_for(shape);
  auto draft = Message<Tensor>::write(record.span(), shape).value();
  std::iota(draft.span<float>().begin(), draft.span<float>().end(), 0.0f);
  draft.at<float>(2, 3) = 99;

  const auto tensor = Message<Tensor>::read(record.received()).value();
  EXPECT_EQ(tensor.dtype(), DType::f32);
  EXPECT_EQ(tensor.dims(), Dimensions(3, 4));
  EXPECT_EQ(tensor.strides(), Dimensions(4, 1));
  EXPECT_EQ(tensor.size(), 12u);
  EXPECT_EQ(tensor.at<float>(1, 2), 6);
  EXPECT_EQ(tensor.at<float>(2, 3), 99);
  const auto grid = tensor.grid<float, 2>().value();
  EXPECT_EQ(grid(1, 2), 6);
  EXPECT_EQ(grid.extent(1), 4u);
  EXPECT_EQ(grid.stride(0), 4u);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(tensor.bytes().data()) % 64, 0u);
}

TEST(TensorMessage, AnotherTypeRankOrIndexIsAnError) {
  const auto shape = TensorShape::of<float>({3, 4});
  auto record = record_for(shape);
  const auto tensor = Message<Tensor>::write(record.span(), shape).value();
  EXPECT_TRUE(tensor.holds<float>());
  EXPECT_FALSE(tensor.holds<std::int32_t>());
  EXPECT_EQ(tensor.as<std::int32_t>().error(), Code::incompatible);
  EXPECT_NE(tensor.as<BFloat16>().error().text().find("f32 as bf16"), std::string::npos);
  EXPECT_THROW(static_cast<void>(tensor.span<double>()), psyne::Exception);
  EXPECT_EQ((tensor.grid<float, 3>().error()), Code::incompatible);
  EXPECT_THROW(static_cast<void>(tensor.at<float>(3, 0)), psyne::Exception);
  EXPECT_THROW(static_cast<void>(tensor.at<float>(0, -1)), psyne::Exception);
  EXPECT_THROW(static_cast<void>(tensor.at<float>(0)), psyne::Exception);
  EXPECT_THROW(static_cast<void>(tensor.at<double>(0, 0)), psyne::Exception);
}

TEST(TensorMessage, StridedElementsAreReachedByIndexAndTheirGapsAreZero) {
  const auto shape = TensorShape::of<std::uint16_t>({2, 3}, Dimensions{8, 2});
  auto record = record_for(shape);
  auto draft = Message<Tensor>::write(record.span(), shape).value();
  EXPECT_EQ(draft.as<std::uint16_t>().error(), Code::unsupported);
  for (int row = 0; row < 2; ++row) {
    for (int column = 0; column < 3; ++column) draft.at<std::uint16_t>(row, column) = 0xffff;
  }
  const auto tensor = Message<Tensor>::read(record.received()).value();
  EXPECT_EQ(tensor.layout(), TensorLayout::strided);
  EXPECT_EQ(tensor.bytes().size(), (8 + 2 * 2 + 1) * 2u);
  std::size_t ones = 0;
  for (const std::byte byte : tensor.bytes()) {
    EXPECT_TRUE(byte == std::byte{0xff} || byte == std::byte{0});
    ones += byte == std::byte{0xff} ? 1 : 0;
  }
  EXPECT_EQ(ones, 12u);
}

TEST(TensorMessage, NothingOfTheOldRecordShowsInTheHeader) {
  const auto shape = TensorShape::of<std::uint8_t>({100});
  auto record = record_for(shape);
  static_cast<void>(Message<Tensor>::write(record.span(), shape).value());
  for (std::size_t at = 16; at < 64; ++at) EXPECT_EQ(record[at], std::byte{0}) << at;
}

TEST(TensorMessage, ARecordOfAnotherLengthIsRefusedOnBothSides) {
  const auto shape = TensorShape::of<float>({3, 4});
  AlignedRecord record(Message<Tensor>::bytes(shape).value() + 1);
  EXPECT_EQ(Message<Tensor>::write(record.span(), shape).error(), Code::invalid_argument);
  static_cast<void>(Message<Tensor>::write(record.span().first(record.size() - 1), shape).value());
  EXPECT_EQ(Message<Tensor>::read(record.received()).error(), Code::corrupted);
}

TEST(TensorMessage, ADeviceThatARecordCannotHoldIsRefused) {
  const auto shape = TensorShape::of<float>({3});
  auto record = record_for(shape);
  static_cast<void>(Message<Tensor>::write(record.span(), shape).value());
  record[3] = std::byte{1};
  EXPECT_EQ(Message<Tensor>::read(record.received()).error(), Code::corrupted);
}

// Random shapes of every layout: what is written at an index is read at that index, no two indices share an element
// unless strides say so, and no element lies outside.
TEST(TensorMessage, RandomShapesKeepEveryElementApart) {
  std::mt19937 random(11);
  for (int round = 0; round < 400; ++round) {
    const std::size_t rank = 3 + random() % 2;
    std::vector<std::uint64_t> dims(rank), strides(rank);
    std::uint64_t next = 1;
    for (std::size_t index = rank; index-- > 0;) {
      dims[index] = random() % 5;
      strides[index] = next + random() % 3;
      next = strides[index] * std::max<std::uint64_t>(dims[index], 1);
    }
    TensorShape shape{.dtype = DType::u32,
                      .dims = Dimensions(std::span<const std::uint64_t>(dims)),
                      .layout = static_cast<TensorLayout>(random() % 4)};
    if (shape.layout == TensorLayout::strided) shape.strides = Dimensions(std::span<const std::uint64_t>(strides));
    auto record = record_for(shape);
    const auto draft = Message<Tensor>::write(record.span(), shape).value();
    const auto received = Message<Tensor>::read(record.received()).value();
    ASSERT_EQ(received.size(), std::accumulate(dims.begin(), dims.end(), 1ull, std::multiplies<>()));

    std::uint32_t value = 0;
    std::vector<std::uint64_t> at(rank, 0);
    const auto each = [&](const auto& visit) {
      for (std::uint64_t flat = 0; flat < received.size(); ++flat) {
        std::uint64_t rest = flat;
        for (std::size_t index = rank; index-- > 0; rest /= dims[index]) at[index] = rest % dims[index];
        if (rank == 3) visit(at[0], at[1], at[2]);
        if (rank == 4) visit(at[0], at[1], at[2], at[3]);
      }
    };
    each([&](auto... indices) { draft.at<std::uint32_t>(indices...) = ++value; });
    value = 0;
    each([&](auto... indices) { ASSERT_EQ(received.at<std::uint32_t>(indices...), ++value); });
  }
}

TEST(TensorShape, ReadsAsOneWouldSayIt) {
  EXPECT_EQ(describe(TensorShape::of<std::uint8_t>({32, 3, 224, 224})), "u8[32,3,224,224]");
  EXPECT_EQ(describe(TensorShape::of<BFloat16>({1, 2, 3}, TensorLayout::channels_last)), "bf16[1,2,3] channels_last");
  EXPECT_EQ(describe(TensorShape::of<double>({})), "f64[]");
}

}  // namespace
