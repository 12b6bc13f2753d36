// Who wants a topic: beside a list that is searched, through thousands of changes.
#include <psyne/patterns/publication/audience.hpp>
#include <psyne/patterns/publication/kept_messages.hpp>
#include <psyne/patterns/publication/known_publishers.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <random>
#include <set>

namespace {

using psyne::Audience;
using psyne::EndId;
using psyne::Interest;
using psyne::KeptMessages;
using psyne::KnownPublishers;
using psyne::PublicationHeader;
using psyne::PublicationKind;

std::set<std::uint64_t> ids_wanting(Audience& audience, std::string_view topic) {
  std::set<std::uint64_t> ids;
  for (const psyne::Listener* listener : audience.wanting(topic)) {
    EXPECT_TRUE(ids.insert(listener->id().value).second) << "twice";
  }
  return ids;
}

TEST(Audience, IsWhatASearchOfAllFinds) {
  Audience audience;
  std::map<std::uint64_t, Interest> model;
  std::mt19937 random(11);
  const auto word = [&] {
    std::string text(random() % 4, 'a');
    for (char& letter : text) letter = static_cast<char>('a' + random() % 3);
    return text;
  };
  for (int step = 0; step < 5000; ++step) {
    const std::uint64_t id = 1 + random() % 20;
    if (random() % 4 == 0) {
      audience.remove({id});
      model.erase(id);
    } else {
      std::set<std::string> prefixes;
      for (unsigned i = random() % 4; i > 0; --i) prefixes.insert(word());
      const Interest interest{.prefixes = {prefixes.begin(), prefixes.end()}};
      EXPECT_EQ(audience.set({id}, interest).prefixes, model[id].prefixes);
      model[id] = interest;
    }
    for (int look = 0; look < 3; ++look) {
      const std::string topic = word();
      std::set<std::uint64_t> expected;
      for (const auto& [of, interest] : model) {
        if (interest.matches(topic)) expected.insert(of);
      }
      EXPECT_EQ(ids_wanting(audience, topic), expected) << topic;
      EXPECT_EQ(ids_wanting(audience, topic), expected) << topic << ", remembered";
    }
  }
}

TEST(Audience, APrefixSaidTwiceIsOne) {
  Audience audience;
  audience.set({1}, {.prefixes = {"a", "a"}});
  EXPECT_EQ(ids_wanting(audience, "ab").size(), 1U);
  audience.remove({1});
  audience.remove({1});
  EXPECT_TRUE(audience.wanting("ab").empty());
}

TEST(Audience, RemembersABoundedNumberOfTopics) {
  Audience audience;
  audience.set({1}, {.prefixes = {"1"}});
  for (int round = 0; round < 2; ++round) {
    for (int i = 0; i < 10'000; ++i) {
      const std::string topic = std::to_string(i);
      EXPECT_EQ(audience.wanting(topic).size(), topic.starts_with('1') ? 1U : 0U);
    }
  }
}

TEST(KeptMessages, AreTheNewestThatAreWanted) {
  KeptMessages kept(3);
  EXPECT_TRUE(kept.newest(5, [](std::string_view) { return true; }).empty());
  for (int i = 0; i < 10; ++i) {
    kept.add(std::to_string(i), {});
    const auto all = kept.newest(100, [](std::string_view) { return true; });
    ASSERT_EQ(all.size(), static_cast<std::size_t>(std::min(i + 1, 3)));
    EXPECT_EQ(all.back()->topic, std::to_string(i));
    EXPECT_EQ(all.front()->topic, std::to_string(std::max(i - 2, 0)));
    EXPECT_EQ(kept.newest(1, [](std::string_view) { return true; }).front()->topic, std::to_string(i));
  }
  EXPECT_EQ(kept.newest(100, [](std::string_view topic) { return topic != "8"; }).size(), 2U);
  EXPECT_FALSE(KeptMessages(0).keeps());
}

TEST(KnownPublishers, CountWhatIsMissing) {
  KnownPublishers known;
  const auto count = [&](std::uint64_t id, std::uint64_t number, PublicationKind kind = PublicationKind::message) {
    return known.count({id}, {.number = number, .kind = kind});
  };
  EXPECT_EQ(count(1, 1), 0U);
  EXPECT_EQ(count(2, 3), 2U);
  EXPECT_EQ(count(1, 2), 0U);
  EXPECT_EQ(count(1, 9), 6U);
  EXPECT_EQ(count(1, 9), KnownPublishers::nonsense);
  EXPECT_EQ(count(2, 4), 0U);
  EXPECT_EQ(count(1, 1), 0U);
  EXPECT_EQ(count(2, 6, PublicationKind::end), 2U);
  EXPECT_EQ(count(1, 0, PublicationKind::end), KnownPublishers::nonsense);
  const auto broke_off = known.forget_gone([](EndId) { return false; });
  ASSERT_EQ(broke_off.size(), 1U);
  EXPECT_EQ(broke_off.front().value, 1U);
  EXPECT_EQ(count(1, 2), 1U) << "nothing is known of it any more";
}

}  // namespace
