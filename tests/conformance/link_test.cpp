#include "conformance/end.hpp"
#include "conformance/subject.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <numeric>

namespace {

using conformance::Couple;
using conformance::End;
using conformance::eventually;
using psyne::Access;
using psyne::Code;
using psyne::PeerState;
using psyne::Put;
using psyne::Region;
using psyne::Signal;

class LinkConformance : public conformance::Conformance {};
PSYNE_CONFORMANCE(LinkConformance);

/// Posts, again while the queue is full.
psyne::Result<psyne::Token> post(psyne::Link& link, std::span<const Put> puts, const Signal& signal) {
  psyne::Result<psyne::Token> posted = Code::would_block;
  eventually(
      [&] {
        posted = link.post(puts, signal);
        return posted || posted.error() != Code::would_block;
      },
      {&link});
  return posted;
}

TEST_P(LinkConformance, BothSidesSeeWhatTheOtherPut) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  for (auto [from, to] : {std::pair(&couple.offering, &couple.answering), {&couple.answering, &couple.offering}}) {
    std::ranges::fill(from->shown.bytes().first(100), std::byte{42});
    const Put put{.local = from->shown.bytes().first(100), .remote = &from->target(), .offset = 8};
    ASSERT_TRUE(post(from->link(), {&put, 1}, {.counter = 3, .value = 1}));
    ASSERT_TRUE(eventually([&] { return to->link().counter(3) == 1; }, {&from->link(), &to->link()}));
    EXPECT_EQ(to->window.bytes()[7], std::byte{0});
    EXPECT_TRUE(std::ranges::all_of(to->window.bytes().subspan(8, 100), [](auto b) { return b == std::byte{42}; }));
    EXPECT_EQ(to->window.bytes()[108], std::byte{0});
  }
}

TEST_P(LinkConformance, CapabilitiesAreKept) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  const auto& able = couple.offering.link().capabilities();
  EXPECT_GE(able.counters, 16U);
  EXPECT_GT(able.latency_ns, 0);
  EXPECT_GT(able.bandwidth_gbs, 0);
  EXPECT_EQ(able.mapped, transport().maps());
  EXPECT_EQ(able.mapped, !couple.offering.met.regions[1].map().empty());
  for (std::uint32_t counter = 0; counter < able.counters; ++counter) {
    EXPECT_EQ(couple.answering.link().counter(counter), 0U);
    ASSERT_TRUE(post(couple.offering.link(), {}, {.counter = counter, .value = counter + 1}));
  }
  for (std::uint32_t counter = 0; counter < able.counters; ++counter) {
    EXPECT_TRUE(eventually([&] { return couple.answering.link().counter(counter) == counter + 1; },
                           {&couple.offering.link(), &couple.answering.link()}));
  }
}

TEST_P(LinkConformance, AMappedRegionShowsThePeersStores) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  if (!couple.offering.link().capabilities().mapped) GTEST_SKIP() << "does not map";
  const auto seen = couple.answering.met.regions[1].map();
  ASSERT_EQ(seen.size(), couple.offering.shown.bytes().size());
  EXPECT_TRUE(couple.answering.met.regions[1].map_writable().empty()) << "only reading was granted";
  couple.offering.shown.bytes()[123] = std::byte{9};
  EXPECT_EQ(seen[123], std::byte{9});
  const auto writable = couple.answering.target().map_writable();
  ASSERT_EQ(writable.size(), couple.offering.window.bytes().size());
  writable[5] = std::byte{8};
  EXPECT_EQ(couple.offering.window.bytes()[5], std::byte{8});
}

// Ten thousand posts into a ring of places, each with a counter: whoever sees value n finds all bytes of put n.
TEST_P(LinkConformance, PutsLandBeforeTheirSignal) {
  constexpr std::size_t record = 512, places = 8;
  constexpr std::uint64_t rounds = 10000;
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  std::uint64_t wrong = 0, read = 0;
  std::thread reader([&] {
    auto& side = couple.answering;
    while (read < rounds) {
      if (!eventually([&] { return side.link().counter(0) > read; }, {&side.link()})) break;
      const auto bytes = side.window.bytes().subspan(read % places * record, record);
      std::uint64_t word = 0;
      for (std::size_t i = 0; i < record; i += sizeof word) {
        std::memcpy(&word, bytes.data() + i, sizeof word);
        if (word != read * 31 + i) ++wrong;
      }
      ++read;
      if (!post(side.link(), {}, {.counter = 0, .value = read})) break;
    }
  });
  auto& side = couple.offering;
  for (std::uint64_t round = 0; round < rounds; ++round) {
    if (!eventually([&] { return round - side.link().counter(0) < places; }, {&side.link()})) break;
    const auto bytes = side.shown.bytes().subspan(round % places * record, record);
    for (std::size_t i = 0; i < record; i += sizeof round) {
      const std::uint64_t word = round * 31 + i;
      std::memcpy(bytes.data() + i, &word, sizeof word);
    }
    const Put put{.local = bytes, .remote = &side.target(), .offset = round % places * record};
    if (!post(side.link(), {&put, 1}, {.counter = 0, .value = round + 1})) break;
  }
  reader.join();
  EXPECT_EQ(read, rounds);
  EXPECT_EQ(wrong, 0U);
}

// What a post puts from is read until it is completed, or until the link was told where the bytes lie as well.
TEST_P(LinkConformance, LentMemoryIsNotReadAnyMoreOnceItHasMoved) {
  Couple couple(transport(), narrow_uri());
  ASSERT_TRUE(couple.complete());
  auto& side = couple.offering;
  if (!side.link().capabilities().lends) GTEST_SKIP() << "does not lend";
  const std::size_t bytes = couple.answering.window.bytes().size();
  std::vector<std::byte> mine(bytes), copy(bytes);
  std::uint64_t rounds = 0;
  for (std::uint64_t value = 1; value <= 40; ++value) {
    std::ranges::fill(mine, static_cast<std::byte>(value));
    const Put put{.local = mine, .remote = &side.target(), .offset = 0};
    const auto posted = post(side.link(), {&put, 1}, {.counter = 0, .value = value});
    ASSERT_TRUE(posted);
    if (!side.link().completed(*posted)) {
      copy = mine;
      side.link().moved(mine, copy.data());
      ++rounds;
    }
    std::ranges::fill(mine, std::byte{0xee});
    ASSERT_TRUE(eventually([&] { return couple.answering.link().counter(0) == value; },
                           {&side.link(), &couple.answering.link()}));
    ASSERT_TRUE(std::ranges::all_of(couple.answering.window.bytes(), [&](std::byte byte) {
      return byte == static_cast<std::byte>(value);
    })) << value;
  }
  RecordProperty("moved", static_cast<int>(rounds));
}

TEST_P(LinkConformance, AnAwaitedPutLandsWhereItIsWanted) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  auto& from = couple.offering;
  auto& to = couple.answering;
  if (!to.link().capabilities().redirects) GTEST_SKIP() << "does not redirect";
  std::ranges::fill(from.shown.bytes().first(1000), std::byte{42});
  std::uint64_t value = 0;
  const auto put = [&](std::uint64_t offset, std::size_t bytes) {
    const Put one{.local = from.shown.bytes().first(bytes), .remote = &from.target(), .offset = offset};
    ++value;
    return post(from.link(), {&one, 1}, {.counter = 0, .value = value}) &&
           eventually([&] { return to.link().counter(0) == value; }, {&from.link(), &to.link()});
  };
  const auto count = [](std::span<const std::byte> bytes) { return std::ranges::count(bytes, std::byte{42}); };
  const auto& span = to.met.exposed[0];
  std::vector<std::byte> wanted(500);
  to.link().redirect(span, {.offsets = {100, 2000}, .into = wanted});

  ASSERT_TRUE(put(101, 400)) << "begins elsewhere";
  EXPECT_FALSE(to.link().redirected());
  ASSERT_TRUE(put(100, 501)) << "is too long";
  EXPECT_FALSE(to.link().redirected());
  EXPECT_EQ(count(wanted), 0);
  EXPECT_EQ(count(to.window.bytes()), 501);
  ASSERT_TRUE(put(2000, 400));
  ASSERT_TRUE(to.link().redirected());
  EXPECT_EQ(to.link().redirected()->offset, 2000U);
  EXPECT_EQ(to.link().redirected()->bytes, 400U);
  EXPECT_EQ(count(wanted), 400);
  EXPECT_EQ(count(to.window.bytes()), 501);
  ASSERT_TRUE(put(100, 400)) << "one is all that was wanted";
  EXPECT_EQ(to.link().redirected()->offset, 2000U);
  EXPECT_EQ(count(wanted), 400);

  to.link().end_redirect(false);
  EXPECT_FALSE(to.link().redirected());
  EXPECT_EQ(count(to.window.bytes()), 901) << "nobody took it: it is where it was to go";
  to.link().redirect(span, {.offsets = {3000, 3000}, .into = wanted});
  ASSERT_TRUE(put(3000, 500));
  EXPECT_EQ(count(wanted), 500);
  to.link().end_redirect(true);
  EXPECT_EQ(count(to.window.bytes()), 901) << "it was taken";
  ASSERT_TRUE(put(3000, 500));
  EXPECT_EQ(count(to.window.bytes()), 1401);
}

// What was seen and settled ends no sleep; what comes after that does.
TEST_P(LinkConformance, WhatWasSeenAndSettledEndsNoSleep) {
  using namespace std::chrono_literals;
  const auto bell = psyne::Bell::make().value();
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  auto& side = couple.answering;
  side.link().attach_bell(bell.get()).value();
  for (std::uint64_t value = 1; value <= 20; ++value) {
    ASSERT_TRUE(post(couple.offering.link(), {}, {.counter = 0, .value = value, .wake = true}));
    const auto deadline = psyne::Clock::now() + patience;
    while (side.link().counter(0) != value) {
      ASSERT_EQ(bell->sleep(deadline), psyne::Sleep::woken) << value;
      ASSERT_TRUE(side.link().progress());
    }
    // A wake that was on its way besides the signal may come late; that it goes on for ever is what must not be.
    int wakes = -1;
    do {
      side.link().settle();
      ASSERT_TRUE(side.link().progress());
      side.link().settle();
    } while (++wakes < 100 && bell->sleep(psyne::Clock::now() + 2ms) == psyne::Sleep::woken);
    EXPECT_LT(wakes, 100) << value;
  }
  side.link().attach_bell(nullptr).value();
}

TEST_P(LinkConformance, EarlierPostsLandBeforeALaterSignal) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  auto& side = couple.offering;
  for (std::uint8_t round = 1; round <= 200; ++round) {
    std::ranges::fill(side.shown.bytes(), std::byte{round});
    const auto bytes = side.shown.bytes();
    const Put large{.local = bytes.first(bytes.size() - 64), .remote = &side.target(), .offset = 0};
    const Put small{.local = bytes.last(64), .remote = &side.target(), .offset = bytes.size() - 64};
    ASSERT_TRUE(post(side.link(), {&large, 1}, {}));
    const auto token = post(side.link(), {&small, 1}, {.counter = 1, .value = round});
    ASSERT_TRUE(token);
    ASSERT_TRUE(eventually([&] { return couple.answering.link().counter(1) == round && side.link().completed(*token); },
                           {&side.link(), &couple.answering.link()}));
    ASSERT_TRUE(std::ranges::all_of(couple.answering.window.bytes(), [&](auto b) { return b == std::byte{round}; }));
  }
}

TEST_P(LinkConformance, ZeroUnalignedAndLargeSizes) {
  constexpr std::size_t large = (5 << 20) + 13;
  Couple couple(transport(), fresh_uri(), large + 4096);
  ASSERT_TRUE(couple.complete());
  auto& side = couple.offering;
  std::uint64_t value = 0;
  for (const std::size_t size :
       {std::size_t{0}, std::size_t{1}, std::size_t{7}, std::size_t{4095}, std::size_t{65537}, large}) {
    for (const std::size_t offset : {std::size_t{0}, std::size_t{3}, std::size_t{61}}) {
      ++value;
      const auto local = side.shown.bytes().subspan(offset * 2, size);
      for (std::size_t i = 0; i < size; ++i) local[i] = static_cast<std::byte>(i * 7 + value);
      std::ranges::fill(couple.answering.window.bytes(), std::byte{0});
      const Put put{.local = local, .remote = &side.target(), .offset = offset};
      const auto token = post(side.link(), {&put, 1}, {.counter = 2, .value = value});
      ASSERT_TRUE(token);
      ASSERT_TRUE(
          eventually([&] { return couple.answering.link().counter(2) == value && side.link().completed(*token); },
                     {&side.link(), &couple.answering.link()}));
      const auto got = couple.answering.window.bytes();
      EXPECT_TRUE(std::ranges::equal(got.subspan(offset, size), local));
      EXPECT_EQ(got[offset + size], std::byte{0}) << "one byte more than was put";
      if (offset > 0) {
        EXPECT_EQ(got[offset - 1], std::byte{0});
      }
    }
  }
}

TEST_P(LinkConformance, ManyPutsInOnePost) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  auto& side = couple.offering;
  std::vector<Put> puts;
  for (std::size_t i = 0; i < 100; ++i) {
    side.shown.bytes()[i] = static_cast<std::byte>(i + 1);
    puts.push_back({.local = side.shown.bytes().subspan(i, 1), .remote = &side.target(), .offset = i * 10});
  }
  ASSERT_TRUE(post(side.link(), puts, {.counter = 0, .value = 1}));
  ASSERT_TRUE(
      eventually([&] { return couple.answering.link().counter(0) == 1; }, {&side.link(), &couple.answering.link()}));
  for (std::size_t i = 0; i < 100; ++i) {
    EXPECT_EQ(couple.answering.window.bytes()[i * 10], static_cast<std::byte>(i + 1));
  }
}

TEST_P(LinkConformance, RawBytesAreCopiedBeforePostReturns) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  auto& side = couple.offering;
  const std::uint32_t most = side.link().capabilities().inline_bytes;
  if (most == 0) GTEST_SKIP() << "takes no raw bytes";
  std::vector<std::byte> raw(most, std::byte{5});
  const Put put{.local = raw, .remote = &side.target(), .offset = 1, .raw = true};
  ASSERT_TRUE(post(side.link(), {&put, 1}, {.counter = 0, .value = 1}));
  std::ranges::fill(raw, std::byte{6});
  ASSERT_TRUE(
      eventually([&] { return couple.answering.link().counter(0) == 1; }, {&side.link(), &couple.answering.link()}));
  EXPECT_TRUE(
      std::ranges::all_of(couple.answering.window.bytes().subspan(1, most), [](auto b) { return b == std::byte{5}; }));

  raw.resize(most + 1);
  const Put longer{.local = raw, .remote = &side.target(), .offset = 0, .raw = true};
  const auto refused = side.link().post({&longer, 1}, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Code::invalid_argument);
}

// Nobody takes anything in meanwhile: a full queue says so, having done nothing, and all that was taken arrives.
TEST_P(LinkConformance, AFullQueueSaysSoAndLosesNothing) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  auto& side = couple.offering;
  std::uint64_t posted = 0;
  for (std::uint64_t value = 1; value <= 20000; ++value) {
    const Put put{.local = side.shown.bytes().first(256), .remote = &side.target(), .offset = value % 1000};
    const auto done = side.link().post({&put, 1}, {.counter = 4, .value = value, .wake = true});
    if (!done) {
      EXPECT_EQ(done.error(), Code::would_block);
      break;
    }
    posted = value;
  }
  EXPECT_GT(posted, 0U);
  EXPECT_TRUE(eventually([&] { return couple.answering.link().counter(4) == posted; },
                         {&side.link(), &couple.answering.link()}));
}

TEST_P(LinkConformance, TokensCompleteInOrder) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  auto& side = couple.offering;
  std::vector<psyne::Token> tokens;
  for (std::uint64_t i = 0; i < 50; ++i) {
    const Put put{.local = side.shown.bytes().first(1000), .remote = &side.target(), .offset = 0};
    tokens.push_back(post(side.link(), {&put, 1}, {.counter = 0, .value = i + 1}).value());
  }
  EXPECT_TRUE(std::ranges::is_sorted(tokens));
  EXPECT_TRUE(
      eventually([&] { return side.link().completed(tokens.back()); }, {&side.link(), &couple.answering.link()}));
  for (const auto token : tokens) EXPECT_TRUE(side.link().completed(token));
  EXPECT_FALSE(side.link().completed(tokens.back() + 1)) << "not posted yet";
}

TEST_P(LinkConformance, CountersWrapAround) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  auto value = ~std::uint64_t{0} - 3;
  for (int i = 0; i < 8; ++i, ++value) {
    ASSERT_TRUE(post(couple.offering.link(), {}, {.counter = 5, .value = value}));
    ASSERT_TRUE(eventually([&] { return couple.answering.link().counter(5) == value; },
                           {&couple.offering.link(), &couple.answering.link()}));
  }
}

struct WrongPut {
  const char* what;
  std::size_t offset, size;
};

TEST_P(LinkConformance, APutOutsideOfTheRegionIsRefusedAndNothingIsDone) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  auto& side = couple.offering;
  const std::size_t length = side.target().length();
  std::ranges::fill(side.shown.bytes(), std::byte{1});
  for (const auto& [what, offset, size] : {WrongPut{"one byte too far", length - 9, 10},
                                           {"beyond the end", length + 1, 0},
                                           {"wraps", ~std::size_t{0} - 4, 10}}) {
    const Put good{.local = side.shown.bytes().first(10), .remote = &side.target(), .offset = 0};
    const Put bad{.local = side.shown.bytes().first(size), .remote = &side.target(), .offset = offset};
    const std::array puts{good, bad};
    const auto refused = side.link().post(puts, {.counter = 0, .value = 1});
    ASSERT_FALSE(refused) << what;
    EXPECT_EQ(refused.error(), Code::invalid_argument) << what;
  }
  const Put whole{.local = side.shown.bytes().first(1), .remote = &side.target(), .offset = length - 1};
  ASSERT_TRUE(post(side.link(), {&whole, 1}, {.counter = 1, .value = 1}));
  ASSERT_TRUE(
      eventually([&] { return couple.answering.link().counter(1) == 1; }, {&side.link(), &couple.answering.link()}));
  EXPECT_EQ(couple.answering.window.bytes()[0], std::byte{0});
  EXPECT_EQ(couple.answering.link().counter(0), 0U);
}

TEST_P(LinkConformance, APutIntoWhatIsOnlyReadableOrAnotherLinksIsRefused) {
  Couple couple(transport(), fresh_uri());
  Couple other(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete() && other.complete());
  auto& side = couple.offering;
  const auto bytes = side.shown.bytes().first(8);
  const psyne::RemoteRegion none;
  for (const psyne::RemoteRegion* remote :
       {&std::as_const(side.met.regions[1]), &std::as_const(other.offering.target()), &none}) {
    const Put put{.local = bytes, .remote = remote, .offset = 0};
    const auto refused = side.link().post({&put, 1}, {});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), Code::invalid_argument);
  }
  const Put nowhere{.local = bytes, .remote = nullptr, .offset = 0};
  EXPECT_EQ(side.link().post({&nowhere, 1}, {}).error(), Code::invalid_argument);
}

TEST_P(LinkConformance, ACounterThatThereIsNotIsRefused) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  auto& link = couple.offering.link();
  const auto refused = link.post({}, {.counter = link.capabilities().counters, .value = 1});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Code::invalid_argument);
}

TEST_P(LinkConformance, ASpanThatIsNotWhatItClaimsIsRefused) {
  if (subject().listens) GTEST_SKIP() << "whose memory it is alone can tell, and does so at every put";
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  const Region extra = Couple::region(transport(), Access::read, 4096);
  for (const int lie : {0, 1, 2}) {
    auto span = couple.offering.link().expose(extra, Access::read).value();
    if (lie == 0) span.length += 1;
    if (lie == 1) span.offset = ~std::uint64_t{0} - 100;
    if (lie == 2) span.length = 0, span.offset = 1 << 30;
    const auto refused = couple.answering.link().attach(std::move(span));
    ASSERT_FALSE(refused) << lie;
    EXPECT_EQ(refused.error(), Code::corrupted) << refused.error().text();
  }
  auto honest = couple.offering.link().expose(extra, Access::read).value();
  EXPECT_TRUE(couple.answering.link().attach(std::move(honest)));
}

TEST_P(LinkConformance, OnlyShareableMemoryWhereOthersNeedIt) {
  Couple couple(transport(), fresh_uri());
  ASSERT_TRUE(couple.complete());
  auto& link = couple.offering.link();
  const Region plain = Region::allocate(4096, "plain").value();
  const auto exposed = link.expose(plain, Access::read);
  EXPECT_EQ(exposed.has_value(), link.capabilities().exposes_plain_memory);
  if (!exposed) {
    EXPECT_EQ(exposed.error(), Code::unsupported);
    EXPECT_FALSE(exposed.error().advice().empty());
  }
}

TEST_P(LinkConformance, ManyLinksAtOnce) {
  const auto uri = fresh_uri();
  constexpr std::size_t count = 40;
  const psyne::Side one = may_be_many(psyne::Side::answering) ? psyne::Side::offering : psyne::Side::answering;
  const psyne::Side many = one == psyne::Side::offering ? psyne::Side::answering : psyne::Side::offering;
  End hub("hub");
  hub.appear(transport(), uri, one);
  std::vector<std::unique_ptr<End>> ends;
  std::vector<End::Met> spokes, hubs;
  for (std::size_t i = 0; i < count; ++i) {
    ends.push_back(std::make_unique<End>("spoke " + std::to_string(i)));
    ends.back()->appear(transport(), uri, many);
    spokes.push_back(ends.back()->next());
    ASSERT_TRUE(spokes.back().link);
    hubs.push_back(hub.next());
    ASSERT_TRUE(hubs.back().link);
    EXPECT_EQ(hubs.back().words, "spoke " + std::to_string(i));
  }
  for (std::size_t i = 0; i < count; ++i) ASSERT_TRUE(post(*hubs[i].link, {}, {.counter = 0, .value = i + 1}));
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_TRUE(
        eventually([&] { return spokes[i].link->counter(0) == i + 1; }, {hubs[i].link.get(), spokes[i].link.get()}));
  }
}

}  // namespace
