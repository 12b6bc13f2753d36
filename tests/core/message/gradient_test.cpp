#include <psyne/core/message/gradient.hpp>

#include "core/message/aligned_record.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace {

using namespace psyne;
using psyne_test::AlignedRecord;

TEST(GradientMessage, ADenseOneHasAValueForEachElement) {
  const GradientShape shape{
      .parameter = parameter_id("encoder.0.weight"), .step = 41, .dtype = DType::bf16, .elements = 100};
  AlignedRecord record(Message<Gradient>::bytes(shape).value());
  EXPECT_EQ(record.size(), 64u + 256);  // the empty section of positions starts on a line, too
  const auto draft = Message<Gradient>::write(record.span(), shape).value();
  std::ranges::fill(draft.values().span<BFloat16>(), BFloat16(0.5f));

  const auto gradient = Message<Gradient>::read(record.received()).value();
  EXPECT_EQ(gradient.parameter(), parameter_id("encoder.0.weight"));
  EXPECT_EQ(gradient.step(), 41u);
  EXPECT_EQ(gradient.dtype(), DType::bf16);
  EXPECT_FALSE(gradient.sparse());
  EXPECT_TRUE(gradient.positions().empty());
  EXPECT_EQ(gradient.values().size(), 100u);
  EXPECT_EQ(gradient.values().span<BFloat16>()[99], BFloat16(0.5f));
  EXPECT_EQ(gradient.values().as<float>().error(), Code::incompatible);
}

GradientShape sparse(std::uint64_t elements, std::uint64_t values) {
  return {.parameter = 7, .step = 1, .elements = elements, .form = GradientForm::sparse, .values = values};
}

TEST(GradientMessage, ASparseOneSaysWhereItsValuesBelong) {
  const auto shape = sparse(1000, 3);
  AlignedRecord record(Message<Gradient>::bytes(shape).value());
  const auto draft = Message<Gradient>::write(record.span(), shape).value();
  std::ranges::copy(std::vector{1.0f, 2.0f, 3.0f}, draft.values().span<float>().begin());
  std::ranges::copy(std::vector{999u, 0u, 5u}, draft.positions().begin());
  const auto gradient = Message<Gradient>::read(record.received()).value();
  EXPECT_TRUE(gradient.sparse());
  EXPECT_EQ(gradient.elements(), 1000u);
  EXPECT_EQ(gradient.values().size(), 3u);
  EXPECT_EQ(gradient.positions()[0], 999u);

  std::vector<std::uint32_t> copy(3), few(2);
  EXPECT_TRUE(gradient.copy_positions(copy));
  EXPECT_EQ(copy, (std::vector{999u, 0u, 5u}));
  EXPECT_EQ(gradient.copy_positions(few).error(), Code::invalid_argument);
  draft.positions()[1] = 1000;
  EXPECT_EQ(gradient.copy_positions(copy).error(), Code::corrupted);
  EXPECT_EQ(Message<Gradient>::read(record.received()).error(), Code::corrupted);
  EXPECT_TRUE(Message<GradientOf<Indices::unchecked>>::read(record.received()));
}

TEST(GradientMessage, PositionsAre32BitsSoLargerSparseParametersAreRefused) {
  EXPECT_TRUE(Message<Gradient>::bytes(sparse(~0u, 3)));
  EXPECT_EQ(Message<Gradient>::bytes(sparse(1ull << 32, 3)).error(), Code::too_large);
  EXPECT_TRUE(Message<Gradient>::bytes({.elements = 1ull << 40}));
  EXPECT_EQ(Message<Gradient>::bytes({.elements = ~0ull}).error(), Code::too_large);
  EXPECT_EQ(Message<Gradient>::bytes({.elements = 1ull << 61}).error(), Code::too_large);
}

TEST(GradientMessage, ADenseOneWithAnotherNumberOfValuesIsCorrupted) {
  AlignedRecord record(Message<Gradient>::bytes({.elements = 9}).value());
  static_cast<void>(Message<Gradient>::write(record.span(), {.elements = 9}).value());
  record[16] = std::byte{8};
  const auto error = Message<Gradient>::read(record.received()).error();
  EXPECT_EQ(error, Code::corrupted);
  EXPECT_NE(error.text().find("another number of values"), std::string::npos);
}

}  // namespace
