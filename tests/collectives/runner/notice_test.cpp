// What ranks tell each other apart from operations, as words in memory that others read while it is written.
#include <psyne/collectives/runner/logbook.hpp>
#include <psyne/collectives/runner/notice.hpp>

#include <gtest/gtest.h>

#include <atomic>
#include <random>
#include <string>
#include <thread>

namespace {

using psyne::Call;
using psyne::CallRecord;
using psyne::Code;
using psyne::DType;
using psyne::Fold;
using psyne::Logbook;
using psyne::Notice;
using psyne::Operation;

Call call(std::uint64_t count) {
  Call call;
  call.operation = Operation::reduce;
  call.dtype = DType::bf16;
  call.fold = Fold::max;
  call.root = 6;
  call.count = count;
  return call;
}

TEST(CallRecord, IsReadAsItWasWritten) {
  for (const Operation operation : {Operation::all_reduce, Operation::barrier, Operation::exclusive_scan}) {
    Call one = call(std::uint64_t{1} << 60U);
    one.operation = operation;
    one.average = operation == Operation::all_reduce;
    const auto read = CallRecord::decoded(CallRecord{77, one, 123}.encoded());
    ASSERT_TRUE(read);
    EXPECT_EQ(read->sequence, 77U);
    EXPECT_EQ(read->call.text(), one.text());
    EXPECT_EQ(read->call.root, 6);
    EXPECT_EQ(read->before, 123U);
  }
}

// Ranks that called different things once do not agree later on, though they call the same.
TEST(CallRecord, IsKnownByAllCallsBeforeIt) {
  const CallRecord first{1, call(1)}, other{1, call(2)};
  EXPECT_NE((CallRecord{2, call(3), first.fingerprint()}.fingerprint()),
            (CallRecord{2, call(3), other.fingerprint()}.fingerprint()));
}

TEST(CallRecord, IsNoneWhereNothingOrNonsenseWasWritten) {
  EXPECT_FALSE(CallRecord::decoded({}));
  const CallRecord::Words good = CallRecord{5, call(9)}.encoded();
  for (std::size_t word = 0; word < CallRecord::word_count; ++word) {
    for (unsigned bit = 0; bit < 64; ++bit) {
      CallRecord::Words bad = good;
      bad[word] ^= std::uint64_t{1} << bit;
      EXPECT_FALSE(CallRecord::decoded(bad)) << "bit " << bit << " of word " << word;
    }
  }
}

TEST(CallRecord, OfTwoCallsHalfAndHalfIsNone) {
  const CallRecord::Words one = CallRecord{5, call(9)}.encoded();
  const CallRecord::Words other = CallRecord{5 + Logbook::most, call(10)}.encoded();
  for (unsigned mix = 1; mix < (1U << CallRecord::word_count) - 1; ++mix) {
    CallRecord::Words words{};
    for (std::size_t word = 0; word < CallRecord::word_count; ++word) {
      words[word] = (mix >> word & 1U) != 0 ? one[word] : other[word];
    }
    if (words == one || words == other) continue;  // they have words in common
    EXPECT_FALSE(CallRecord::decoded(words)) << mix;
  }
}

TEST(Logbook, KeepsTheLastCalls) {
  Logbook book;
  EXPECT_EQ(book.newest(), 0U);
  EXPECT_FALSE(book.find(0));
  EXPECT_FALSE(book.find(1));
  for (std::uint64_t sequence = 1; sequence <= 200; ++sequence) {
    book.enter(CallRecord{sequence, call(sequence)}.encoded());
    EXPECT_EQ(book.newest(), sequence);
  }
  EXPECT_FALSE(book.find(201));
  EXPECT_FALSE(book.find(200 - Logbook::most));
  for (std::uint64_t sequence = 201 - Logbook::most; sequence <= 200; ++sequence) {
    ASSERT_TRUE(book.find(sequence));
    EXPECT_EQ(book.find(sequence)->call.count, sequence);
  }
}

TEST(Logbook, IsReadWhileItIsWritten) {
  Logbook book;
  std::atomic<bool> done{false};
  std::thread writer([&] {
    for (std::uint64_t sequence = 1; sequence <= 200'000; ++sequence) {
      book.enter(CallRecord{sequence, call(3 * sequence)}.encoded());
    }
    done = true;
  });
  std::uint64_t newest = 0;
  while (!done) {
    const std::uint64_t seen = book.newest();
    EXPECT_GE(seen, newest);
    newest = seen;
    const auto found = book.find(seen);
    if (found) {
      EXPECT_EQ(found->call.count, 3 * seen);
    }
  }
  writer.join();
}

Notice full_notice() {
  return {.mine = CallRecord{8, call(1)},
          .previous = CallRecord{7, call(3)},
          .failure = Code::invalid_state,
          .culprit = 1'000'000,
          .culprits = CallRecord{8, call(2)},
          .reason = std::string(Notice::longest_reason, 'x')};
}

TEST(Notice, IsReadAsItWasWritten) {
  const auto read = Notice::decoded(full_notice().encoded());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->mine->call.count, 1U);
  EXPECT_EQ(read->culprits->call.count, 2U);
  EXPECT_EQ(read->previous->call.count, 3U);
  EXPECT_EQ(read->failure, Code::invalid_state);
  EXPECT_EQ(read->culprit, 1'000'000);
  EXPECT_EQ(read->reason, std::string(Notice::longest_reason, 'x'));
}

TEST(Notice, MayHaveLittleToSay) {
  const auto read = Notice::decoded(Notice{}.encoded());
  ASSERT_TRUE(read);
  EXPECT_FALSE(read->mine || read->failure || read->culprit || read->culprits);
  EXPECT_EQ(read->reason, "");
  // The first code is a code, and the first rank a rank.
  const auto first = Notice::decoded(Notice{.failure = Code::would_block, .culprit = 0}.encoded());
  ASSERT_TRUE(first);
  EXPECT_EQ(first->failure, Code::would_block);
  EXPECT_EQ(first->culprit, 0);
}

TEST(Notice, LosesTheEndOfATooLongReason) {
  const auto read = Notice::decoded(Notice{.reason = std::string(1000, 'y')}.encoded());
  ASSERT_TRUE(read);
  EXPECT_EQ(read->reason, std::string(Notice::longest_reason, 'y'));
}

TEST(Notice, IsNoneWhereNothingOrNonsenseWasWritten) {
  EXPECT_FALSE(Notice::decoded({}));
  const Notice::Words good = full_notice().encoded();
  std::mt19937_64 random(7);
  for (std::size_t word = 0; word < Notice::word_count; ++word) {
    for (unsigned bit = 0; bit < 64; ++bit) {
      Notice::Words bad = good;
      bad[word] ^= std::uint64_t{1} << bit;
      if (word + 1 == Notice::word_count && bit == 0) continue;  // always set
      EXPECT_FALSE(Notice::decoded(bad)) << "bit " << bit << " of word " << word;
    }
    Notice::Words bad = good;
    bad[word] = random();
    EXPECT_FALSE(Notice::decoded(bad)) << word;
  }
}

}  // namespace
