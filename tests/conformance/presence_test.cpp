#include <psyne/core/service/service.hpp>

#include "conformance/end.hpp"
#include "conformance/subject.hpp"

#include <algorithm>

namespace {

using conformance::bytes_of;
using conformance::End;
using conformance::eventually;
using psyne::Code;
using psyne::Error;
using psyne::Result;
using psyne::Side;

class PresenceConformance : public conformance::Conformance {};
PSYNE_CONFORMANCE(PresenceConformance);

TEST_P(PresenceConformance, EitherSideMayComeFirst) {
  for (const Side first : {Side::offering, Side::answering}) {
    const auto uri = fresh_uri();
    End one("one"), two("two");
    one.appear(transport(), uri, first);
    EXPECT_EQ(one.count_met(), 0U);
    two.appear(transport(), uri, first == Side::offering ? Side::answering : Side::offering);
    const auto ones = one.next();
    const auto twos = two.next();
    ASSERT_TRUE(ones.link && twos.link);
    EXPECT_EQ(ones.words, "two");
    EXPECT_EQ(twos.words, "one");
    EXPECT_FALSE(ones.link->peer().name.empty());
  }
}

TEST_P(PresenceConformance, EveryoneMeetsEveryoneOfTheOtherSide) {
  const auto uri = fresh_uri();
  std::array<End, 3> offering{End("a"), End("b"), End("c")};
  std::array<End, 3> answering{End("x"), End("y"), End("z")};
  const std::size_t offers = may_be_many(Side::offering) ? 3 : 1;
  const std::size_t answers = may_be_many(Side::answering) ? 3 : 1;
  for (std::size_t i = 0; i < 3; ++i) {
    if (i < offers) offering[i].appear(transport(), uri, Side::offering);
    if (i < answers) answering[i].appear(transport(), uri, Side::answering);
  }
  std::vector<std::unique_ptr<psyne::Link>> links;
  const auto met_by = [&](End& end, std::size_t others) {
    std::string heard;
    for (std::size_t i = 0; i < others; ++i) {
      auto met = end.next();
      heard += met.words;
      links.push_back(std::move(met.link));
    }
    std::ranges::sort(heard);
    return heard;
  };
  for (std::size_t i = 0; i < offers; ++i) EXPECT_EQ(met_by(offering[i], answers), std::string("xyz", answers));
  for (std::size_t i = 0; i < answers; ++i) EXPECT_EQ(met_by(answering[i], offers), std::string("abc", offers));
}

TEST_P(PresenceConformance, OtherNamesAreStrangers) {
  End one, two;
  one.appear(transport(), fresh_uri(), Side::offering);
  two.appear(transport(), fresh_uri(), Side::answering);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(one.count_met() + two.count_met() + one.count_missed() + two.count_missed(), 0U);
}

TEST_P(PresenceConformance, TheSameSideDoesNotMeet) {
  const auto uri = fresh_uri();
  const Side side = may_be_many(Side::offering) ? Side::offering : Side::answering;
  End one, two;
  one.appear(transport(), uri, side);
  two.appear(transport(), uri, side);
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  EXPECT_EQ(one.count_met() + two.count_met(), 0U);
}

TEST_P(PresenceConformance, AnExclusiveEndIsTheOnlyOneOfItsSide) {
  for (const Side side : {Side::offering, Side::answering}) {
    if (subject().listens && may_be_many(side)) continue;  // who connects is refused where he arrives
    for (const bool second_exclusive : {false, true}) {
      const auto uri = fresh_uri();
      End one, two, three;
      one.appear(transport(), uri, side, {.exclusive = true});
      const auto refused = two.try_appear(transport(), uri, side, {.exclusive = second_exclusive});
      ASSERT_FALSE(refused);
      EXPECT_EQ(refused.error(), Code::in_use) << refused.error().text();
      EXPECT_FALSE(refused.error().advice().empty());
      three.appear(transport(), uri, side == Side::offering ? Side::answering : Side::offering, {.exclusive = true});
      one.disappear();
      EXPECT_TRUE(two.try_appear(transport(), uri, side, {.exclusive = second_exclusive})) << "the first is gone";
    }
  }
}

TEST_P(PresenceConformance, AnExclusiveEndDoesNotJoinOthers) {
  if (subject().listens == Side::offering) GTEST_SKIP() << "who connects is refused where he arrives";
  const auto uri = fresh_uri();
  End one, two;
  one.appear(transport(), uri, Side::answering);
  const auto refused = two.try_appear(transport(), uri, Side::answering, {.exclusive = true});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Code::in_use);
}

TEST_P(PresenceConformance, OfThoseWhoConnectAnExclusiveOneIsTheOnlyOne) {
  if (!subject().listens) GTEST_SKIP() << "nobody listens here";
  const Side connects = *subject().listens == Side::offering ? Side::answering : Side::offering;
  for (const auto& [first, second] : {std::pair(true, true), {true, false}, {false, true}}) {
    const auto uri = fresh_uri();
    End one, two, three;
    one.appear(transport(), uri, *subject().listens);
    two.appear(transport(), uri, connects, {.exclusive = first});
    auto met = two.next();
    ASSERT_TRUE(met.link);
    three.appear(transport(), uri, connects, {.exclusive = second});
    const auto refused = three.next_missed();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), Code::in_use) << refused.error().text();
    EXPECT_EQ(three.count_met(), 0U);
    two.disappear();
    met.link.reset();
    EXPECT_TRUE(three.next().link) << "the first is gone";
  }
}

TEST_P(PresenceConformance, TheAnsweringSidesRefusalTravelsWithItsCodeAndItsReason) {
  const auto uri = fresh_uri();
  End offering, answering;
  answering.judge = [](const std::string& words) -> Result<void> {
    return Error(Code::incompatible, "cannot open it").because("its type is " + words + ", ours is Tick");
  };
  offering.appear(transport(), uri, Side::offering);
  answering.appear(transport(), uri, Side::answering);
  for (End* end : {&offering, &answering}) {
    const auto missed = end->next_missed();
    ASSERT_FALSE(missed);
    EXPECT_EQ(missed.error(), Code::incompatible);
    EXPECT_NE(missed.error().text().find("ours is Tick"), std::string::npos) << missed.error().text();
  }
  EXPECT_EQ(offering.count_met() + answering.count_met(), 0U);
}

TEST_P(PresenceConformance, TheOfferingSidesRefusalTravelsToo) {
  const auto uri = fresh_uri();
  End offering, answering("too late");
  offering.judge = [](const std::string& words) -> Result<void> {
    return Error(Code::refused, "the only receiver is here already").because("you said " + words);
  };
  offering.appear(transport(), uri, Side::offering);
  answering.appear(transport(), uri, Side::answering);
  for (End* end : {&offering, &answering}) {
    const auto missed = end->next_missed();
    ASSERT_FALSE(missed);
    EXPECT_EQ(missed.error(), Code::refused);
    EXPECT_NE(missed.error().text().find("you said too late"), std::string::npos) << missed.error().text();
  }
  EXPECT_EQ(offering.count_met() + answering.count_met(), 0U);
}

TEST_P(PresenceConformance, ARefusedPeerLeavesTheOthersAlone) {
  if (!may_be_many(Side::answering)) GTEST_SKIP() << "there is one only";
  const auto uri = fresh_uri();
  End offering, bad("bad"), good("good");
  offering.judge = [](const std::string& words) -> Result<void> {
    if (words == "bad") return Code::refused;
    return {};
  };
  offering.appear(transport(), uri, Side::offering);
  bad.appear(transport(), uri, Side::answering);
  good.appear(transport(), uri, Side::answering);
  const auto met = offering.next();
  ASSERT_TRUE(met.link);
  EXPECT_EQ(met.words, "good");
  EXPECT_FALSE(bad.next_missed());
  EXPECT_EQ(good.count_missed(), 0U);
}

TEST_P(PresenceConformance, ALinkOutlivesBothPresences) {
  const auto uri = fresh_uri();
  End one, two;
  one.appear(transport(), uri, Side::offering);
  two.appear(transport(), uri, Side::answering);
  const auto ones = one.next();
  const auto twos = two.next();
  one.disappear();
  two.disappear();
  ASSERT_TRUE(ones.link && twos.link);
  ASSERT_TRUE(ones.link->post({}, {.counter = 0, .value = 7}));
  EXPECT_TRUE(eventually([&] { return twos.link->counter(0) == 7; }, {ones.link.get(), twos.link.get()}));
  EXPECT_EQ(twos.link->peer_state(), psyne::PeerState::alive);
}

TEST_P(PresenceConformance, NoCallComesAfterAPresenceEnded) {
  const auto uri = fresh_uri();
  for (int round = 0; round < 50; ++round) {
    End offering;
    offering.appear(transport(), uri, Side::offering);
    auto answering = std::make_unique<End>();
    answering->appear(transport(), uri, Side::answering);
    answering.reset();  // in whatever state the handshake is: a late call would be a use after free
  }
  End offering, answering;
  offering.appear(transport(), uri, Side::offering);
  answering.appear(transport(), uri, Side::answering);
  EXPECT_TRUE(offering.next().link) << "and the name is as good as new";
}

TEST_P(PresenceConformance, TheLongestGreetingArrivesWhole) {
  const auto uri = fresh_uri();
  const std::string words(psyne::Greeting::longest, 'w');
  End one(words), two(words);
  one.appear(transport(), uri, Side::offering);
  two.appear(transport(), uri, Side::answering);
  EXPECT_EQ(one.next().words, words);
  EXPECT_EQ(two.next().words, words);
}

TEST_P(PresenceConformance, SaysWhereItIs) {
  const auto uri = fresh_uri();
  for (const Side side : {Side::offering, Side::answering}) {
    End one;
    one.appear(transport(), uri, side);
    // Where one listens, both say what the other is to open.
    const auto known = uri.of(subject().listens == Side::offering ? Side::answering : Side::offering).address();
    EXPECT_EQ(one.presence().where().rfind(known, 0), 0U) << one.presence().where();
  }
  EXPECT_TRUE(transport().available());
}

TEST_P(PresenceConformance, ABadNameIsAnError) {
  End one;
  const auto bad = one.try_appear(transport(), psyne::Uri::parse(subject().scheme + "://a/b").value(), Side::offering);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error(), Code::invalid_argument);
}

}  // namespace
