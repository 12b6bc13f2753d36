#include <psyne/patterns/request/answer_patience.hpp>

#include <gtest/gtest.h>

namespace {

using psyne::answer_patience;

TEST(AnswerPatience, LooksOnAfterAReceiverWouldHaveGoneToSleep) {
  const auto patience = answer_patience("ipc://quotes", std::nullopt);
  ASSERT_TRUE(patience) << patience.error().text();
  EXPECT_EQ(patience->spins, psyne::Patience().spins);
  EXPECT_EQ(patience->pauses, psyne::Patience().pauses);
  EXPECT_EQ(patience->yields, psyne::looks_for_answer);
}

TEST(AnswerPatience, IsNoneWhereItIsConfiguredAway) {
  const auto patience = answer_patience("ipc://quotes?patience.spins=0&patience.pauses=0", std::nullopt);
  ASSERT_TRUE(patience) << patience.error().text();
  EXPECT_EQ(patience->yields, 0U);
}

TEST(AnswerPatience, TakesWhatTheUriSaysAndAddsToIt) {
  EXPECT_EQ(answer_patience("ipc://quotes?patience.pauses=7", std::nullopt)->pauses, 7U);
  EXPECT_EQ(answer_patience("ipc://quotes?patience.yields=1000", std::nullopt)->yields, 1000U);
}

TEST(AnswerPatience, IsWhatTheProgramSays) {
  const auto patience = answer_patience("ipc://quotes", psyne::Patience{.spins = 1, .pauses = 2, .yields = 3});
  EXPECT_EQ(patience->spins, 1U);
  EXPECT_EQ(patience->pauses, 2U);
  EXPECT_EQ(patience->yields, 3U);
}

TEST(AnswerPatience, SaysWhatIsWrongWithTheUri) {
  EXPECT_FALSE(answer_patience("ipc//quotes", std::nullopt));
  EXPECT_FALSE(answer_patience("ipc://quotes?patience.pauses=many", std::nullopt));
}

}  // namespace
