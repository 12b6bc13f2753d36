// How a long operation is divided.
#include <psyne/collectives/runner/plan.hpp>
#include <psyne/collectives/runner/window.hpp>

#include <gtest/gtest.h>

#include <cstring>
#include <set>
#include <vector>

namespace {

using psyne::Algorithm;
using psyne::Call;
using psyne::Code;
using psyne::DType;
using psyne::make_plan;
using psyne::Operation;
using psyne::Plan;
using psyne::Rank;

Call call(Operation operation, std::uint64_t count) {
  return {.operation = operation, .dtype = DType::f32, .count = count};
}

TEST(Plan, DividesAlikeAtAllRanksAndKeepsWithinTheWindow) {
  for (const Algorithm& algorithm : psyne::algorithms()) {
    for (const Rank size : {2, 3, 8}) {
      const Call one = call(algorithm.operation, 1'000'000);
      std::set<std::uint64_t> pieces;
      for (Rank rank = 0; rank < size; ++rank) {
        const auto plan = make_plan(algorithm, one, rank, size, {.slot_bytes = 65536, .stage_bytes = 32768});
        ASSERT_TRUE(plan) << plan.error().text();
        pieces.insert(plan->piece_bytes);
        for (const psyne::Schedule* schedule : {&plan->piece, &plan->last}) {
          EXPECT_LE(schedule->slot_bytes, 65536U) << algorithm.name;
          EXPECT_LE(schedule->stage_bytes, 32768U) << algorithm.name;
        }
        EXPECT_GE(plan->pieces * plan->piece_bytes, one.bytes());
        EXPECT_LT((plan->pieces - 1) * plan->piece_bytes, one.bytes());
        EXPECT_EQ(plan->piece_bytes % 4, 0U);
      }
      EXPECT_EQ(pieces.size(), 1U) << algorithm.name;
    }
  }
}

TEST(Plan, UsesMostOfASlot) {
  const auto plan =
      make_plan(*psyne::find_algorithm(Operation::all_reduce, "ring"), call(Operation::all_reduce, 10'000'000), 0, 4,
                {.slot_bytes = 1 << 20, .stage_bytes = 1 << 20});
  ASSERT_TRUE(plan);
  EXPECT_GT(plan->piece.slot_bytes, (1U << 20) * 9 / 10);
}

TEST(Plan, OfFewBytesIsOnePiece) {
  for (const Algorithm& algorithm : psyne::algorithms()) {
    for (const std::uint64_t count : {0, 1, 100}) {
      const auto plan =
          make_plan(algorithm, call(algorithm.operation, count), 1, 4, {.slot_bytes = 65536, .stage_bytes = 65536});
      ASSERT_TRUE(plan);
      EXPECT_EQ(plan->pieces, 1U);
    }
  }
}

TEST(Plan, SaysThatAWindowIsTooSmall) {
  const auto plan = make_plan(*psyne::find_algorithm(Operation::all_to_all, "bruck"), call(Operation::all_to_all, 1000),
                              0, 64, {.slot_bytes = 64, .stage_bytes = 64});
  ASSERT_FALSE(plan);
  EXPECT_EQ(plan.error(), Code::exhausted);
}

TEST(Call, SaysWhatItIs) {
  Call one = call(Operation::reduce, 7);
  one.root = 2;
  EXPECT_EQ(one.text(), "reduce of 7 f32, sum, root 2");
  one.average = true;
  EXPECT_EQ(one.text(), "reduce of 7 f32, average, root 2");
  EXPECT_EQ(call(Operation::all_gather, 5).text(), "all_gather of 5 f32");
  EXPECT_EQ(call(Operation::barrier, 0).text(), "barrier");
}

TEST(Call, IsKnownByAllThatRanksHaveToAgreeOn) {
  Call one = call(Operation::broadcast, 7);
  const auto fingerprint = one.fingerprint(5);
  EXPECT_EQ(fingerprint, one.fingerprint(5));
  EXPECT_NE(fingerprint, one.fingerprint(6));
  for (const auto change : {+[](Call& other) { other.root = 1; }, +[](Call& other) { other.count = 8; },
                            +[](Call& other) { other.dtype = DType::i32; },
                            +[](Call& other) { other.operation = Operation::all_reduce; }}) {
    Call other = one;
    change(other);
    EXPECT_NE(other.fingerprint(5), fingerprint) << other.text();
  }
  Call elsewhere = one;
  std::byte memory{};
  elsewhere.output = &memory;
  EXPECT_EQ(elsewhere.fingerprint(5), fingerprint);
}

TEST(Tidings, GrowWithEachSignalWhateverTheMark) {
  using psyne::Tidings;
  EXPECT_LT((Tidings{1, 0xffffff}.word()), (Tidings{2, 0}.word()));
  const Tidings read = Tidings::of(Tidings{123456789, 0xabcdef}.word());
  EXPECT_EQ(read.count, 123456789U);
  EXPECT_EQ(read.mark, 0xabcdefU);
}

TEST(WindowLayout, GivesEverybodyAPlaceOfHisOwn) {
  const psyne::WindowLayout layout(5, 4096, 8192);
  struct Range {
    std::uint64_t begin, end;
  };
  std::vector<Range> ranges{{0, sizeof(psyne::Doorplate)},
                            {psyne::WindowLayout::logbook(), psyne::WindowLayout::logbook() + sizeof(psyne::Logbook)}};
  for (Rank writer = 0; writer < 5; ++writer) {
    ranges.push_back({layout.notices(writer), layout.notices(writer) + sizeof(psyne::NoticeBox)});
    EXPECT_EQ(layout.notices(writer) % psyne::cache_line, 0U);
    EXPECT_EQ(layout.notice(writer, 1), layout.notice(writer, 0) + psyne::Notice::word_count * 8);
    EXPECT_LE(layout.notice(writer, 1) + psyne::Notice::word_count * 8, ranges.back().end);
    for (const std::uint32_t bank : {0U, 1U}) {
      ranges.push_back({layout.box(writer, bank), layout.box(writer, bank) + sizeof(psyne::Box)});
      ranges.push_back({layout.slot(writer, bank), layout.slot(writer, bank) + 4096});
      EXPECT_EQ(layout.slot(writer, bank) % 4096, 0U);
      EXPECT_EQ(layout.mail(writer, bank), layout.box(writer, bank) + 8);
    }
  }
  for (const std::uint32_t bank : {0U, 1U}) ranges.push_back({layout.stage(bank), layout.stage(bank) + 8192});
  for (std::size_t one = 0; one < ranges.size(); ++one) {
    EXPECT_LE(ranges[one].end, layout.bytes());
    for (std::size_t other = 0; other < one; ++other) {
      EXPECT_TRUE(ranges[one].end <= ranges[other].begin || ranges[other].end <= ranges[one].begin);
    }
  }
}

}  // namespace
