// The wire of a sender over a link that lends: what it puts, from where, and how far it believes its reader.
#include <psyne/core/channel/gathering.hpp>
#include <psyne/core/channel/outlet.hpp>
#include <psyne/core/channel/reader_peer.hpp>
#include <psyne/core/channel/wire_counters.hpp>

#include "core/channel/quiet_link.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <random>
#include <span>
#include <stdexcept>
#include <utility>
#include <vector>

namespace {

using psyne::Code;
using psyne::Put;
using psyne::Result;
using psyne::Signal;
using psyne::Token;
using psyne::VariableRecords;

constexpr std::uint64_t capacity = std::uint64_t{1} << 20U;

/// The reader's copy of the ring, and of its counters; its queue is full as often as it is told.
struct Far {
  std::vector<std::byte> ring = std::vector<std::byte>(capacity);
  std::vector<std::uint64_t> counters = std::vector<std::uint64_t>(32);
  int turns_away = 0;                  // posts with puts, from now on
  int posts = 0;                       // with puts
  std::vector<Signal> early;           // of the puts of the last post, as far as there are any
  std::vector<std::uint64_t> credits;  // that come in, one with each look from now on
  std::uint64_t credit_plus_one = 0;   // that came last
  std::uint64_t left_plus_one = 0;
  psyne::PeerState state = psyne::PeerState::alive;
  std::optional<std::uint64_t> resumed;
  std::optional<std::uint64_t> resumed_after_post;  // becomes `resumed` with the next post that has puts
};

class LinkToFar final : public channel_test::QuietLink {
 public:
  explicit LinkToFar(Far& far) : far_(far) {}

  Result<Token> post(std::span<const Put> puts, const Signal& signal) override {
    if (!puts.empty() && far_.turns_away > 0) {
      --far_.turns_away;
      return Code::would_block;
    }
    for (const Put& put : puts) {
      if (put.offset + put.local.size() > capacity) throw std::out_of_range("a put beyond the ring");
      std::ranges::copy(put.local, far_.ring.begin() + static_cast<std::ptrdiff_t>(put.offset));
    }
    if (!puts.empty()) {
      ++far_.posts;
      far_.early.clear();
      for (const Put& put : puts) {
        if (put.early.counter != Signal::none) far_.early.push_back(put.early);
      }
      if (far_.resumed_after_post) far_.resumed = std::exchange(far_.resumed_after_post, std::nullopt);
    }
    for (const Put& put : puts) tell(put.early);
    tell(signal);
    return ++posted_;
  }
  std::uint64_t counter(std::uint32_t index) const override {
    if (index == counter_index(psyne::WireCounter::left)) return far_.left_plus_one;
    return index == counter_index(psyne::WireCounter::credit) ? far_.credit_plus_one : 0;
  }
  Result<void> progress() override {
    if (far_.credits.empty()) return {};
    far_.credit_plus_one = far_.credits.front() + 1;
    far_.credits.erase(far_.credits.begin());
    return {};
  }
  psyne::PeerState peer_state() const override { return far_.state; }
  std::optional<std::uint64_t> resumed(std::uint32_t /*counter*/) noexcept override {
    return std::exchange(far_.resumed, std::nullopt);
  }
  const psyne::Capabilities& capabilities() const override { return capabilities_; }

 private:
  void tell(const Signal& signal) {
    if (signal.counter == Signal::none) return;
    EXPECT_GE(signal.value, far_.counters.at(signal.counter)) << signal.counter << " goes back";
    far_.counters.at(signal.counter) = signal.value;
  }

  Far& far_;
  Token posted_ = 0;
  const psyne::Capabilities capabilities_ = [] {
    psyne::Capabilities capabilities;
    capabilities.mapped = false;
    capabilities.lends = true;
    return capabilities;
  }();
};

class LentRecords : public testing::Test {
 protected:
  LentRecords() { peer_.join(); }

  /// As Sender::send of a long message; where its record begins.
  std::uint64_t send(std::span<const std::byte> payload) {
    const std::uint64_t begin = outlet_.writer.position();
    EXPECT_NE(outlet_.writer.try_reserve(payload.size()), nullptr);
    EXPECT_TRUE(outlet_.writer.sends(payload.size()));
    outlet_.writer.send(payload);
    return begin;
  }
  /// Whether that payload lies behind that word in the reader's copy of the ring, and it knows.
  bool arrived(std::uint64_t begin, std::span<const std::byte> payload) const {
    const std::size_t place = (begin & (capacity - 1)) + psyne::Record::word_bytes;
    return far_.counters.at(counter_index(psyne::WireCounter::arrived)) == outlet_.writer.position() + 1 &&
           std::ranges::equal(std::span(far_.ring).subspan(place, payload.size()), payload);
  }
  std::vector<std::byte> random_bytes(std::size_t size) {
    std::vector<std::byte> bytes(size);
    for (std::byte& byte : bytes) byte = static_cast<std::byte>(random_());
    return bytes;
  }

  Far far_;
  psyne::Gathering gathering_{capacity};
  psyne::TypedOutlet<VariableRecords> outlet_{
      std::make_shared<const psyne::Region>(
          psyne::Region::allocate(psyne::ProducerBlock<>::ring_offset + capacity, "ring").value()),
      capacity};
  psyne::ReaderPeer peer_{
      std::make_unique<LinkToFar>(far_), {}, outlet_, capacity, 0, psyne::LaneAnswer{}, gathering_, nullptr};

 private:
  std::mt19937 random_{7};
};

TEST_F(LentRecords, ArriveWholeHoweverOftenTheyAreTurnedAway) {
  for (int turns_away = 0; turns_away < 8; ++turns_away) {
    far_.turns_away = turns_away;
    // Longer than what is copied between two looks for credit: it is posted while a part of it is in the ring.
    const auto payload = random_bytes(50'000 + static_cast<std::size_t>(turns_away) * 9'000);
    const std::uint64_t begin = send(payload);
    far_.turns_away = 0;
    peer_.carry();
    EXPECT_TRUE(arrived(begin, payload)) << turns_away;
  }
}

// Who waits for the rest looks, and sleeps: it has asked for more than what came in with that very look.
TEST_F(LentRecords, AreAskedForBehindWhatALookBrings) {
  std::vector<std::uint64_t> ends;
  for (int i = 0; i < 4; ++i) {
    static_cast<void>(send(random_bytes(40'000)));
    ends.push_back(outlet_.writer.position());
  }
  far_.credits = {ends[0], ends[1], ends[2]};
  EXPECT_EQ(outlet_.released(), ends[2]);
  const std::uint64_t asked_plus_one = far_.counters.at(counter_index(psyne::WireCounter::asked));
  EXPECT_GT(asked_plus_one, ends[2] + 1);
  EXPECT_LE(asked_plus_one, ends[3] + 1) << "it will get there";
}

TEST_F(LentRecords, AreToldAgainWhole) {
  const auto first = random_bytes(40'000);
  const auto second = random_bytes(200'000);
  const std::uint64_t begin = send(first);
  far_.resumed = begin + 1;  // on another connection, in the middle of the next one: neither has arrived
  std::ranges::fill(far_.ring, std::byte{0});
  const std::uint64_t next = send(second);
  EXPECT_FALSE(peer_.lied());
  EXPECT_TRUE(arrived(next, second));
  const std::size_t place = (begin & (capacity - 1)) + psyne::Record::word_bytes;
  EXPECT_TRUE(std::ranges::equal(std::span(far_.ring).subspan(place, first.size()), first));
}

TEST_F(LentRecords, AreToldAgainWholeWhileTheyAreCopied) {
  const auto payload = random_bytes(200'000);
  const std::uint64_t begin = outlet_.writer.position();
  far_.resumed_after_post = begin + 1;
  EXPECT_EQ(send(payload), begin);
  EXPECT_FALSE(peer_.lied());
  EXPECT_EQ(far_.posts, 2);
  EXPECT_TRUE(arrived(begin, payload));
}

TEST_F(LentRecords, OfWhichNobodyCanHaveAPartAreNotToldAgain) {
  for (const std::uint64_t part : {9U, 100'000U, 200'000U}) {
    const auto payload = random_bytes(200'000);
    const int posts = far_.posts;
    far_.resumed_after_post = outlet_.writer.position() + part + 1;
    send(payload);
    EXPECT_TRUE(peer_.lied());
    EXPECT_LE(far_.posts, posts + 1);
  }
}

TEST_F(LentRecords, ThatWereNeverPostedNobodyCanHave) {
  const auto payload = random_bytes(200'000);
  far_.turns_away = 1;
  far_.resumed = outlet_.writer.position() + 100'000 + 1;
  send(payload);
  EXPECT_TRUE(peer_.lied());
  EXPECT_EQ(far_.posts, 0);
}

// The goodbye is another frame, and may never come.
TEST_F(LentRecords, AReaderThatSaidWhatItTookHasPartedHoweverItEnded) {
  for (const auto state : {psyne::PeerState::closed, psyne::PeerState::lost, psyne::PeerState::unreachable}) {
    far_.left_plus_one = 0;
    far_.state = psyne::PeerState::alive;
    EXPECT_FALSE(peer_.parted());
    far_.state = state;
    EXPECT_FALSE(peer_.parted());
    far_.left_plus_one = 1;
    EXPECT_TRUE(peer_.parted());
    far_.state = psyne::PeerState::alive;
    EXPECT_FALSE(peer_.parted()) << "it is there still";
  }
}

/// What SendQueue has of a message.
struct Lent final : psyne::LentRecord {
  void returned() noexcept override { ++returns; }
  int returns = 0;
};

class LentForLong : public LentRecords {
 protected:
  std::uint64_t lend(std::span<const std::byte> payload, Lent& record) {
    const std::uint64_t begin = outlet_.writer.position();
    EXPECT_NE(outlet_.writer.try_reserve(payload.size()), nullptr);
    EXPECT_TRUE(outlet_.writer.lends(payload.size()));
    outlet_.writer.lend(payload, record);
    return begin;
  }
  /// Whether the sender's own ring has it.
  bool kept(std::uint64_t begin, std::span<const std::byte> payload) const {
    const std::byte* place = outlet_.ring() + (begin & (capacity - 1)) + psyne::Record::word_bytes;
    return std::ranges::equal(std::span(place, payload.size()), payload);
  }
};

TEST_F(LentForLong, ArriveFromWhereTheyLieAndAreReturnedByCredit) {
  const auto payload = random_bytes(100'000);
  Lent record;
  const std::uint64_t begin = lend(payload, record);
  EXPECT_TRUE(arrived(begin, payload));
  EXPECT_FALSE(kept(begin, payload)) << "it was copied";
  EXPECT_EQ(record.returns, 0);
  far_.credits = {outlet_.writer.position()};
  static_cast<void>(outlet_.released());
  EXPECT_EQ(record.returns, 1);
  EXPECT_FALSE(record.lent());
}

// Credit is asked for along with them, and each is told to have arrived before the next one has.
TEST_F(LentForLong, AskForCreditAsTheyLeave) {
  const auto payload = random_bytes(100'000);
  Lent one;
  static_cast<void>(lend(payload, one));
  const std::uint64_t end = outlet_.writer.position();
  const auto hint = std::ranges::find(far_.early, counter_index(psyne::WireCounter::hinted), &Signal::counter);
  ASSERT_NE(hint, far_.early.end());
  EXPECT_EQ(hint->value, end + 1);
  EXPECT_FALSE(hint->attend) << "the reader is not to be woken for it";
  const auto arrived = std::ranges::find(far_.early, counter_index(psyne::WireCounter::arrived), &Signal::counter);
  ASSERT_NE(arrived, far_.early.end());
  EXPECT_EQ(arrived->value, end + 1);
  outlet_.writer.recall(one);
  static_cast<void>(send(payload));
  const auto hints = [](const Signal& signal) { return signal.counter == counter_index(psyne::WireCounter::hinted); };
  EXPECT_TRUE(std::ranges::none_of(far_.early, hints)) << "nobody waits for one that is copied";
}

// The hint is of where a post ends; who then waits for room asks for what is before.
TEST_F(LentForLong, MayBeAskedForBeforeWhatWasHintedAt) {
  const auto payload = random_bytes(capacity / 5);
  std::array<Lent, 4> records;
  for (Lent& record : records) static_cast<void>(lend(payload, record));
  const std::uint64_t end = outlet_.writer.position();
  EXPECT_EQ(outlet_.writer.try_reserve(payload.size()), nullptr);
  EXPECT_EQ(far_.counters.at(counter_index(psyne::WireCounter::hinted)), end + 1);
  EXPECT_LE(far_.counters.at(counter_index(psyne::WireCounter::asked)), end / 4 + 1);
  EXPECT_NE(far_.counters.at(counter_index(psyne::WireCounter::asked)), 0U);
  for (Lent& record : records) outlet_.writer.recall(record);
}

// One waits for room, another for the first to be taken: whoever takes it may do nothing before that is known.
TEST_F(LentForLong, AreAskedForOneAfterTheOtherThoughMoreIsWaitedFor) {
  const auto part = [](std::uint64_t tenths) { return capacity / 10 * tenths; };
  static_cast<void>(send(random_bytes(part(4))));
  far_.credits = {outlet_.writer.position()};
  static_cast<void>(outlet_.released());
  const auto payload = random_bytes(part(2));
  std::array<Lent, 2> records;
  std::vector<std::uint64_t> ends;
  for (Lent& record : records) {
    static_cast<void>(lend(payload, record));
    ends.push_back(outlet_.writer.position());
  }
  const auto asked = [&] { return far_.counters.at(counter_index(psyne::WireCounter::asked)) - 1; };
  EXPECT_EQ(outlet_.writer.try_reserve(part(7)), nullptr) << "from the next lap on";
  EXPECT_EQ(asked(), ends[0]);
  far_.credits = {ends[0]};
  for (int looks = 0; looks < 2; ++looks) EXPECT_EQ(outlet_.writer.try_reserve(part(7)), nullptr);
  EXPECT_GT(asked(), part(7));
  EXPECT_LT(asked(), ends[1]);
  for (Lent& record : records) {
    if (record.lent()) outlet_.writer.recall(record);
  }
}

TEST_F(LentForLong, SeveralAreReturnedInTheirOrder) {
  const auto payload = random_bytes(40'000);
  std::array<Lent, 4> records;
  std::vector<std::uint64_t> ends;
  for (Lent& record : records) {
    static_cast<void>(lend(payload, record));
    ends.push_back(outlet_.writer.position());
  }
  far_.credits = {ends[1]};
  static_cast<void>(outlet_.released());
  EXPECT_EQ(records[0].returns + records[1].returns, 2);
  EXPECT_TRUE(records[2].lent() && records[3].lent());
  outlet_.writer.recall(records[3]);
  EXPECT_EQ(records[3].returns, 1);
  EXPECT_TRUE(records[2].lent()) << "only the one was recalled";
  outlet_.writer.recall(records[2]);
}

TEST_F(LentForLong, AreToldAgainFromWhereTheyLie) {
  const auto first = random_bytes(40'000);
  const auto second = random_bytes(60'000);
  Lent one, other;
  const std::uint64_t begin = lend(first, one);
  far_.resumed = begin + 1;
  std::ranges::fill(far_.ring, std::byte{0});
  const std::uint64_t next = lend(second, other);
  EXPECT_FALSE(peer_.lied());
  EXPECT_TRUE(arrived(next, second));
  const std::size_t place = (begin & (capacity - 1)) + psyne::Record::word_bytes;
  EXPECT_TRUE(std::ranges::equal(std::span(far_.ring).subspan(place, first.size()), first));
  outlet_.writer.recall(one);
  outlet_.writer.recall(other);
}

TEST_F(LentForLong, AreCopiedWhenTheirLastReaderGoes) {
  const auto payload = random_bytes(100'000);
  Lent record;
  const std::uint64_t begin = lend(payload, record);
  static_cast<void>(peer_.leave(true));
  EXPECT_EQ(record.returns, 1);
  EXPECT_TRUE(kept(begin, payload));
  const auto oldest = outlet_.writer.oldest_kept();
  ASSERT_TRUE(oldest);
  EXPECT_TRUE(std::ranges::equal(*oldest, payload));
}

TEST_F(LentForLong, AReaderThatSaysThatItHasAPartIsNotBelieved) {
  const auto payload = random_bytes(100'000);
  Lent record;
  const std::uint64_t begin = lend(payload, record);
  far_.resumed = begin + 50'000;
  peer_.carry();
  EXPECT_TRUE(peer_.lied());
  outlet_.writer.recall(record);
}

}  // namespace
