// What the ranks of a job see of each other's keys, and what they are told when there is nothing to see.
#include <psyne/collectives/bootstrap/job_store.hpp>
#include <psyne/collectives/bootstrap/prefixed_store.hpp>
#include <psyne/core/stop/stop_source.hpp>

#include "gathering.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::JobRank;
using psyne::JobStore;
using psyne::StoreKey;
using psyne::StoreLimits;
using psyne_test::bytes_of;
using psyne_test::fresh_job;
using psyne_test::rank_of;
using psyne_test::text_of;
using testing::HasSubstr;

class Stores : public testing::TestWithParam<const char*> {
 protected:
  const JobRank job = fresh_job(GetParam(), 2);
  JobStore served = JobStore::open(job).value();
  JobStore other = JobStore::open(rank_of(job, 1)).value();
};
INSTANTIATE_TEST_SUITE_P(Schemes, Stores, testing::Values("ipc", "tcp"),
                         [](const auto& scheme) { return std::string(scheme.param); });

TEST_P(Stores, WhatOneSetsTheOthersGet) {
  served.set("a", bytes_of("from rank 0"), 10s).value();
  other.set("b", bytes_of("from rank 1"), 10s).value();
  for (JobStore* store : {&served, &other}) {
    EXPECT_EQ(text_of(store->get("a", 10s)), "from rank 0");
    EXPECT_EQ(text_of(store->get("b", 10s)), "from rank 1");
  }
  other.set("a", {}, 10s).value();
  EXPECT_EQ(text_of(served.get("a", 10s)), "") << "replaced by nothing, which is a value";
}

TEST_P(Stores, ACounterCountsEachCallOnce) {
  EXPECT_EQ(other.add("n", 5, 10s).value(), 5);
  EXPECT_EQ(served.add("n", -7, 10s).value(), -2);
  EXPECT_EQ(text_of(other.get("n", 10s)), "-2");
  other.set("word", bytes_of("five"), 10s).value();
  EXPECT_EQ(other.add("word", 1, 10s).error(), Code::invalid_argument);
  other.set("most", bytes_of("9223372036854775807"), 10s).value();
  EXPECT_THAT(other.add("most", 1, 10s).error().text(), HasSubstr("out of range"));
}

TEST_P(Stores, WhoComesBeforeTheKeyWaitsForIt) {
  for (const bool rank_0_waits : {true, false}) {
    JobStore& waits = rank_0_waits ? served : other;
    JobStore& sets = rank_0_waits ? other : served;
    const std::string key = rank_0_waits ? "early" : "late";
    std::thread waiter([&] { EXPECT_EQ(text_of(waits.get(key, 20s)), "here"); });
    std::this_thread::sleep_for(20ms);
    sets.set(key, bytes_of("here"), 10s).value();
    waiter.join();
  }
}

TEST_P(Stores, AllOfManyKeysAreWaitedFor) {
  std::vector<StoreKey> keys;
  for (int i = 0; i < 1000; ++i) keys.emplace_back("key/" + std::string(200, 'x') + std::to_string(i));
  std::thread setter([&] {
    for (const StoreKey& key : keys) served.set(key.key, bytes_of("1"), 10s).value();
  });
  EXPECT_TRUE(other.wait(keys, 20s));
  setter.join();
  EXPECT_TRUE(other.wait({}, 0s)) << "for nothing";
}

TEST_P(Stores, ADeadlineNamesWhatIsMissingAndForWhom) {
  for (JobStore* store : {&served, &other}) {
    const auto one = store->get({"address/1", "the address of rank 1"}, 30ms);
    EXPECT_EQ(one.error(), Code::timed_out);
    EXPECT_THAT(one.error().text(), HasSubstr("\"address/1\" (the address of rank 1)"));
    EXPECT_THAT(one.error().text(), HasSubstr(job.id));
    store->set("there", bytes_of("1"), 10s).value();
    const std::vector<StoreKey> keys{"there", {"absent", "of rank 7"}, "gone"};
    const auto many = store->wait(keys, 30ms);
    EXPECT_EQ(many.error(), Code::timed_out);
    EXPECT_THAT(many.error().text(), HasSubstr("\"absent\" (of rank 7), \"gone\" in time"));
    EXPECT_THAT(many.error().text(), testing::Not(HasSubstr("\"there\"")));
  }
}

TEST_P(Stores, AmongManyMissingKeysTheFirstAreNamed) {
  std::vector<StoreKey> keys;
  for (int i = 0; i < 600; ++i) keys.emplace_back("k" + std::to_string(i));
  const auto waited = other.wait(keys, 30ms);
  EXPECT_THAT(waited.error().text(), HasSubstr("\"k0\", \"k1\""));
  EXPECT_THAT(waited.error().text(), HasSubstr("and 592 more"));
}

TEST_P(Stores, AStopEndsAWait) {
  for (JobStore* store : {&served, &other}) {
    psyne::StopSource source;
    std::thread stopper([&] {
      std::this_thread::sleep_for(20ms);
      source.request_stop();
    });
    EXPECT_EQ(store->get("never", source.token()).error(), Code::stopped);
    stopper.join();
    EXPECT_TRUE(store->set("goes", bytes_of("on"), 10s));
  }
}

TEST_P(Stores, AWaitThatWasGivenUpHindersNothing) {
  const std::string large(StoreLimits::value_bytes, 'x');
  for (int i = 0; i < 30; ++i) {  // more than the client's ring holds
    EXPECT_EQ(other.get("never", 1ms).error(), Code::timed_out);
    EXPECT_TRUE(other.set("large", bytes_of(large), 10s));
  }
  EXPECT_EQ(text_of(served.get("large", 10s)), large);
  EXPECT_EQ(text_of(other.get("large", 10s)), large);
}

TEST_P(Stores, WhatIsTooLargeIsRefusedAndTheRestGoesOn) {
  const std::string key(StoreLimits::key_bytes, 'k'), value(StoreLimits::value_bytes, 'v');
  for (JobStore* store : {&served, &other}) {
    EXPECT_TRUE(store->set(key, bytes_of(value), 10s));
    const auto long_key = store->set(key + "k", bytes_of("v"), 10s);
    EXPECT_EQ(long_key.error(), Code::too_large);
    EXPECT_THAT(long_key.error().text(), HasSubstr("257 bytes, and a key may have 256"));
    const auto long_value = store->set("key", bytes_of(value + "v"), 10s);
    EXPECT_EQ(long_value.error(), Code::too_large);
    EXPECT_THAT(long_value.error().text(), HasSubstr("a value may have 65536"));
    EXPECT_EQ(store->get(key + "k", 10s).error(), Code::too_large);
    EXPECT_EQ(store->add(std::string(100'000, 'k'), 1, 10s).error(), Code::too_large);
    const std::vector<StoreKey> keys{std::string(70'000, 'k')};
    EXPECT_EQ(store->wait(keys, 10s).error(), Code::too_large);
    EXPECT_EQ(store->set(key, bytes_of(std::string(1'000'000, 'v')), 10s).error(), Code::too_large);
    EXPECT_EQ(store->set("", bytes_of("v"), 10s).error(), Code::invalid_argument);
    EXPECT_EQ(text_of(store->get(key, 10s)), value);
  }
}

TEST_P(Stores, WhoGoesDisturbsNobody) {
  for (int i = 0; i < 10; ++i) {
    auto guest = JobStore::open(rank_of(job, 1)).value();
    EXPECT_EQ(guest.get("never", 1ms).error(), Code::timed_out);
  }
  EXPECT_TRUE(other.set("a", bytes_of("1"), 10s));
  EXPECT_TRUE(served.set("never", bytes_of("now"), 10s));
  EXPECT_EQ(text_of(other.get("never", 10s)), "now");
}

TEST_P(Stores, WhenRank0ClosesItThoseWhoWaitAndThoseWhoAskLaterHearThat) {
  std::optional<JobStore> going(std::move(served));
  std::thread waiter([&] {
    const auto value = other.get("never", 20s);
    EXPECT_EQ(value.error(), Code::closed);
    EXPECT_THAT(value.error().text(), HasSubstr("rank 0"));
    EXPECT_THAT(value.error().text(), HasSubstr(job.id));
  });
  std::this_thread::sleep_for(50ms);
  going.reset();
  waiter.join();
  going.emplace(JobStore::open(job).value());
  const auto later = other.set("a", bytes_of("1"), 20s);
  EXPECT_EQ(later.error(), Code::closed) << "another store at the same place is another store";
  EXPECT_TRUE(JobStore::open(rank_of(job, 1)).value().set("a", bytes_of("1"), 10s));
}

TEST_P(Stores, WhoAskedNothingWhenItWasReplacedHearsThatToo) {
  std::optional<JobStore> going(std::move(served));
  going.reset();
  going.emplace(JobStore::open(job).value());
  const auto later = other.set("a", bytes_of("1"), 20s);
  ASSERT_FALSE(later);
  EXPECT_THAT((std::vector{Code::closed, Code::peer_lost, Code::refused}), testing::Contains(later.error().code()))
      << later.error().text();
}

TEST_P(Stores, OfAnotherJobRefusesWhoComesToTheWrongOne) {
  JobRank stranger = rank_of(job, 1);
  stranger.id = "another";
  const auto store = JobStore::open(stranger, {.join_within = 20s});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error(), Code::refused);
  EXPECT_THAT(store.error().text(), HasSubstr("\"another\""));
  EXPECT_THAT(store.error().text(), HasSubstr(job.id));
  EXPECT_THAT(store.error().text(), HasSubstr("PSYNE_STORE"));
}

TEST_P(Stores, APrefixKeepsTwoUsersApart) {
  psyne::PrefixedStore one(served, "one/"), two(other, "two/"), one_too(other, "one/");
  one.set("key", bytes_of("1"), 10s).value();
  two.set("key", bytes_of("2"), 10s).value();
  EXPECT_EQ(text_of(one_too.get("key", 10s)), "1");
  EXPECT_EQ(text_of(served.get("two/key", 10s)), "2");
  EXPECT_EQ(two.add("n", 1, 10s).value(), 1);
  EXPECT_EQ(one.add("n", 1, 10s).value(), 1);
  const std::vector<StoreKey> keys{"key", {"absent", "of nobody"}};
  EXPECT_THAT(one_too.wait(keys, 10ms).error().text(), HasSubstr("\"one/absent\" (of nobody)"));
}

class Joining : public testing::TestWithParam<const char*> {};
INSTANTIATE_TEST_SUITE_P(Schemes, Joining, testing::Values("ipc", "tcp"),
                         [](const auto& scheme) { return std::string(scheme.param); });

TEST_P(Joining, WaitsForRank0) {
  const JobRank job = fresh_job(GetParam(), 2);
  std::thread early([&] {
    auto store = JobStore::open(rank_of(job, 1));
    ASSERT_TRUE(store) << store.error().text();
    EXPECT_EQ(text_of(store->get("a", 20s)), "1");
    store->set("done", {}, 10s).value();
  });
  std::this_thread::sleep_for(100ms);
  auto served = JobStore::open(job).value();
  served.set("a", bytes_of("1"), 10s).value();
  EXPECT_TRUE(served.get("done", 20s));
  early.join();
}

TEST_P(Joining, WhereNobodyAnswersSaysWhereAndWhatToLookAt) {
  const JobRank job = fresh_job(GetParam(), 2, GetParam() == std::string("tcp") ? "?token=secret" : "");
  const auto store = JobStore::open(rank_of(job, 1), {.join_within = 50ms});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error(), Code::timed_out);
  EXPECT_THAT(store.error().text(), HasSubstr(job.store.substr(0, job.store.find('?'))));
  EXPECT_THAT(store.error().text(), HasSubstr("rank 0"));
  EXPECT_THAT(store.error().text(), HasSubstr("PSYNE_STORE"));
  EXPECT_THAT(store.error().text(), testing::Not(HasSubstr("secret")));
}

TEST_P(Joining, IsEndedByAStop) {
  psyne::StopSource source;
  source.request_stop();
  const auto store = JobStore::open(rank_of(fresh_job(GetParam(), 2), 1), {.stop = source.token()});
  ASSERT_FALSE(store);
  EXPECT_EQ(store.error(), Code::stopped) << store.error().text();
}

TEST_P(Joining, ManyRanksMeet) {
  constexpr int ranks = 65;
  const JobRank job = fresh_job(GetParam(), ranks);
  auto served = JobStore::open(job).value();
  std::vector<std::thread> others;
  std::vector<StoreKey> addresses;
  for (int rank = 1; rank < ranks; ++rank) {
    addresses.emplace_back("address/" + std::to_string(rank), "rank " + std::to_string(rank));
    others.emplace_back([&job, rank] {
      auto store = JobStore::open(rank_of(job, rank));
      ASSERT_TRUE(store) << store.error().text();
      const std::string own = std::to_string(rank), next = std::to_string(rank % (ranks - 1) + 1);
      EXPECT_TRUE(store->set("address/" + own, bytes_of(own), 60s));
      EXPECT_EQ(text_of(store->get("address/" + next, 60s)), next);
      EXPECT_EQ(text_of(store->get("go", 60s)), "now");
      EXPECT_TRUE(store->add("done", 1, 60s));
      EXPECT_TRUE(store->get("end", 60s));
    });
  }
  EXPECT_TRUE(served.wait(addresses, 60s));
  served.set("go", bytes_of("now"), 10s).value();
  for (int i = 0; i < 10'000 && served.add("done", 0, 10s).value() < ranks - 1; ++i) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(served.add("done", 0, 10s).value(), ranks - 1);
  served.set("end", {}, 10s).value();
  for (std::thread& other : others) other.join();
}

TEST(JoiningByToken, WhoHasItComesAndWhoHasAnotherIsToldSo) {
  const JobRank job = fresh_job("tcp", 2, "?token=secret");
  auto served = JobStore::open(job).value();
  auto good = JobStore::open(rank_of(job, 1));
  ASSERT_TRUE(good) << good.error().text();
  EXPECT_TRUE(good->set("a", bytes_of("1"), 10s));
  for (const char* token : {"guess", ""}) {
    JobRank wrong = rank_of(job, 1);
    wrong.store = wrong.store.substr(0, wrong.store.find('?')) + "?token=" + token;
    const auto bad = JobStore::open(wrong, {.join_within = 30s});
    ASSERT_FALSE(bad);
    EXPECT_EQ(bad.error(), Code::refused);
    EXPECT_THAT(bad.error().text(), HasSubstr("PSYNE_TOKEN"));
    EXPECT_THAT(bad.error().text(), testing::Not(HasSubstr("guess")));
  }
  EXPECT_TRUE(good->set("b", bytes_of("2"), 10s)) << "the others go on";
}

TEST(StoreOfOne, NeedsNobody) {
  auto alone = JobStore::open(JobRank{}).value();
  alone.set("a", bytes_of("1"), 1s).value();
  EXPECT_EQ(text_of(alone.get("a", 1s)), "1");
  EXPECT_EQ(alone.get("b", 10ms).error(), Code::timed_out);
  auto moved = std::move(alone);
  EXPECT_EQ(alone.get("a", 1s).error(), Code::invalid_state);  // NOLINT(bugprone-use-after-move)
  EXPECT_EQ(text_of(moved.get("a", 1s)), "1");
}

}  // namespace
