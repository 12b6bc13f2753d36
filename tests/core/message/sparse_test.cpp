#include <psyne/core/message/message.hpp>

#include "core/message/aligned_record.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <map>
#include <random>
#include <utility>
#include <vector>

namespace {

using namespace psyne;
using psyne_test::AlignedRecord;

using Unchecked = Csr<float, std::int32_t, Indices::unchecked>;

// rows 3, columns 4:  . 1 . 2  /  . . . .  /  3 . . .
AlignedRecord small_csr() {
  const SparseShape shape{.rows = 3, .columns = 4, .nonzeros = 3};
  AlignedRecord record(Message<CsrMatrix>::bytes(shape).value());
  const auto draft = Message<CsrMatrix>::write(record.span(), shape).value();
  std::ranges::copy(std::vector{1.0f, 2.0f, 3.0f}, draft.values().begin());
  std::ranges::copy(std::vector{0, 2, 2, 3}, draft.row_pointers().begin());
  std::ranges::copy(std::vector{1, 3, 0}, draft.column_indices().begin());
  return record;
}

// The same record as its writer sees it, to spoil it.
CsrView<float, std::int32_t> writable(AlignedRecord& record) {
  const auto shared = Message<Unchecked>::read(record.received()).value();
  const auto open = [](auto span) {
    using E = std::remove_const_t<typename decltype(span)::element_type>;
    return std::span<E>(const_cast<E*>(span.data()), span.size());
  };
  return {{shared.rows(), shared.columns(), shared.nonzeros()},
          open(shared.values()),
          open(shared.row_pointers()),
          open(shared.column_indices())};
}

TEST(CsrMessage, RowsAreReadAsTheyWereWritten) {
  const auto record = small_csr();
  const auto matrix = Message<CsrMatrix>::read(record.received()).value();
  EXPECT_EQ(matrix.rows(), 3u);
  EXPECT_EQ(matrix.columns(), 4u);
  EXPECT_EQ(matrix.row(0).values.size(), 2u);
  EXPECT_EQ(matrix.row(0).columns[1], 3);
  EXPECT_EQ(matrix.row(0).values[1], 2.0f);
  EXPECT_TRUE(matrix.row(1).values.empty());
  EXPECT_EQ(matrix.row(2).columns[0], 0);
}

TEST(CsrMessage, EveryWrongIndexIsFound) {
  const auto refused = [](const auto& spoil) {
    auto record = small_csr();
    spoil(writable(record));
    const bool found = Message<CsrMatrix>::read(record.received()).error() == Code::corrupted;
    return found && Message<Unchecked>::read(record.received()).has_value() &&
           Message<Unchecked>::read(record.received())->validate().error() == Code::corrupted;
  };
  EXPECT_TRUE(refused([](auto matrix) { matrix.column_indices()[1] = 4; }));
  EXPECT_TRUE(refused([](auto matrix) { matrix.column_indices()[2] = -1; }));
  EXPECT_TRUE(refused([](auto matrix) { matrix.row_pointers()[0] = 1; }));
  EXPECT_TRUE(refused([](auto matrix) { matrix.row_pointers()[3] = 2; }));
  EXPECT_TRUE(refused([](auto matrix) { matrix.row_pointers()[3] = 4; }));
  EXPECT_TRUE(refused([](auto matrix) { matrix.row_pointers()[2] = 1; }));
  EXPECT_TRUE(refused([](auto matrix) { matrix.row_pointers()[1] = -1; }));
  EXPECT_TRUE(refused([](auto matrix) { matrix.row_pointers()[1] = std::numeric_limits<std::int32_t>::max(); }));
}

// A hostile sender changes indices after they were checked: rows must stay inside all the same.
TEST(CsrMessage, ARowNeverLeavesTheRecordWhateverItsPointersSay) {
  auto record = small_csr();
  const auto matrix = Message<CsrMatrix>::read(record.received()).value();
  const auto spoiled = writable(record);
  const std::int32_t numbers[] = {std::numeric_limits<std::int32_t>::min(), -1, 0, 1, 3, 4,
                                  std::numeric_limits<std::int32_t>::max()};
  for (const std::int32_t begin : numbers) {
    for (const std::int32_t end : numbers) {
      spoiled.row_pointers()[1] = begin;
      spoiled.row_pointers()[2] = end;
      const auto row = matrix.row(1);
      EXPECT_EQ(row.values.size(), row.columns.size());
      EXPECT_GE(row.values.data(), matrix.values().data());
      EXPECT_LE(row.values.data() + row.values.size(), matrix.values().data() + matrix.nonzeros());
    }
  }
}

TEST(CsrMessage, ACopyOfTheIndicesIsCheckedItself) {
  auto record = small_csr();
  const auto matrix = Message<CsrMatrix>::read(record.received()).value();
  std::vector<std::int32_t> rows(4), columns(3), few(2);
  EXPECT_TRUE(matrix.copy_indices(rows, columns));
  EXPECT_EQ(rows, (std::vector{0, 2, 2, 3}));
  EXPECT_EQ(columns, (std::vector{1, 3, 0}));
  EXPECT_EQ(matrix.copy_indices(few, columns).error(), Code::invalid_argument);
  EXPECT_EQ(matrix.copy_indices(rows, few).error(), Code::invalid_argument);
  writable(record).column_indices()[0] = 77;
  EXPECT_EQ(matrix.copy_indices(rows, columns).error(), Code::corrupted);
}

TEST(CsrMessage, WhatItsIndicesCannotCountIsTooLarge) {
  constexpr std::uint64_t most = std::numeric_limits<std::int32_t>::max();
  EXPECT_EQ(Message<CsrMatrix>::bytes({.rows = most}).error(), Code::too_large);
  EXPECT_EQ(Message<CsrMatrix>::bytes({.columns = most + 1}).error(), Code::too_large);
  EXPECT_EQ(Message<CsrMatrix>::bytes({.nonzeros = most + 1}).error(), Code::too_large);
  EXPECT_TRUE(Message<CsrMatrix>::bytes({.rows = most - 1, .columns = most, .nonzeros = most}));
  using Wide = Csr<float, std::int64_t>;
  EXPECT_TRUE(Message<Wide>::bytes({.rows = most, .columns = most + 1, .nonzeros = most + 1}));
  EXPECT_EQ(Message<Wide>::bytes({.rows = ~0ull}).error(), Code::too_large);
  EXPECT_EQ(Message<Wide>::bytes({.rows = ~0ull / 2 - 1, .nonzeros = ~0ull / 2}).error(), Code::too_large);
}

TEST(CsrMessage, AnEmptyMatrixHasOneRowPointer) {
  AlignedRecord record(Message<CsrMatrix>::bytes({}).value());
  const auto draft = Message<CsrMatrix>::write(record.span(), {}).value();
  ASSERT_EQ(draft.row_pointers().size(), 1u);
  EXPECT_EQ(Message<CsrMatrix>::read(record.received()).error(), Code::corrupted);  // not filled yet
  draft.row_pointers()[0] = 0;
  EXPECT_TRUE(Message<CsrMatrix>::read(record.received()));
}

TEST(CooMessage, RandomMatricesKeepEveryElement) {
  std::mt19937 random(9);
  for (int round = 0; round < 200; ++round) {
    const SparseShape shape{.rows = 1 + random() % 20, .columns = 1 + random() % 20, .nonzeros = random() % 60};
    AlignedRecord record(Message<DoubleCooMatrix>::bytes(shape).value());
    const auto draft = Message<DoubleCooMatrix>::write(record.span(), shape).value();
    std::map<std::pair<std::int32_t, std::int32_t>, double> expected, found;
    for (std::size_t at = 0; at < shape.nonzeros; ++at) {
      draft.row_indices()[at] = static_cast<std::int32_t>(random() % shape.rows);
      draft.column_indices()[at] = static_cast<std::int32_t>(random() % shape.columns);
      draft.values()[at] = static_cast<double>(random() % 100);
      expected[{draft.row_indices()[at], draft.column_indices()[at]}] += draft.values()[at];
    }
    const auto matrix = Message<DoubleCooMatrix>::read(record.received()).value();
    for (std::size_t at = 0; at < matrix.nonzeros(); ++at) {
      found[{matrix.row_indices()[at], matrix.column_indices()[at]}] += matrix.values()[at];
    }
    ASSERT_EQ(found, expected);
  }
}

TEST(CooMessage, EveryIndexOutsideIsFound) {
  const SparseShape shape{.rows = 3, .columns = 5, .nonzeros = 20};
  AlignedRecord record(Message<CooMatrix>::bytes(shape).value());
  const auto draft = Message<CooMatrix>::write(record.span(), shape).value();
  std::ranges::fill(draft.row_indices(), 2);
  std::ranges::fill(draft.column_indices(), 4);
  ASSERT_TRUE(Message<CooMatrix>::read(record.received()));
  for (std::size_t at = 0; at < shape.nonzeros; ++at) {
    draft.row_indices()[at] = 3;
    EXPECT_EQ(Message<CooMatrix>::read(record.received()).error(), Code::corrupted);
    draft.row_indices()[at] = 0;
    draft.column_indices()[at] = -1;
    EXPECT_EQ(Message<CooMatrix>::read(record.received()).error(), Code::corrupted);
    draft.column_indices()[at] = 0;
  }
  std::vector<std::int32_t> rows(20), columns(20);
  EXPECT_TRUE(Message<CooMatrix>::read(record.received())->copy_indices(rows, columns));
  EXPECT_EQ(Message<CooMatrix>::read(record.received())->copy_indices(rows, {}).error(), Code::invalid_argument);
}

}  // namespace
