// Handshakes whose bytes come in pieces and at times that follow from a seed, over connections that may break at any
// byte: both ends meet, or each says why not, and a host that has seen a link of it is told.
#include "seeds.hpp"
#include "trace.hpp"
#include "transports/stream/person.hpp"

#include <array>
#include <random>

namespace {

using psyne::Code;
using stream_test::Bytes;
using stream_test::opposite;
using stream_test::Person;
using stream_test::Role;
using stream_test::Side;

constexpr std::array tokens{"", "secret", "another"};

class HandshakeRun {
 public:
  explicit HandshakeRun(std::uint64_t seed) : random_(seed) {
    const Side side = random_() % 2 == 0 ? Side::offering : Side::answering;
    const std::size_t token = random_() % tokens.size();
    alike_ = random_() % 3 != 0;
    const std::size_t other = alike_ ? token : (token + 1) % tokens.size();
    breaks_after_ = random_() % 2 == 0 ? random_() % 1000 : never;
    people_[0].emplace(Role::connecting, side, tokens[token]);
    people_[1].emplace(Role::listening, opposite(side), tokens[other]);
  }

  void go() {
    for (auto& person : people_) person->begin();
    for (int steps = 0; steps < 100'000; ++steps) {
      for (std::size_t from : {0U, 1U}) {
        const Bytes said = people_[from]->said();
        under_way_[1 - from].insert(under_way_[1 - from].end(), said.begin(), said.end());
      }
      if (delivered_ >= breaks_after_) return lose();
      if (under_way_[0].empty() && under_way_[1].empty()) return;
      deliver();
    }
    FAIL() << "no end";
  }

  void check() {
    const Person &one = *people_[0], &two = *people_[1];
    for (auto& person : people_) {
      ASSERT_TRUE(person->over()) << "it waits for what nobody will say";
      EXPECT_EQ(person->host.count_missed(), person->told ? 1U : 0U) << "a host is told of a link that it has seen";
      EXPECT_TRUE(person->linked ? person->met.link && person->met.words == "hello" : !person->met.link);
      EXPECT_TRUE(person->linked || *person->error == Code::refused || *person->error == Code::peer_lost);
    }
    const Person& offering = one.attendant.side == Side::offering ? one : two;
    const Person& answering = one.attendant.side == Side::offering ? two : one;
    EXPECT_TRUE(offering.linked || !answering.linked) << "welcome, and by nobody";
    EXPECT_LE(two.desk.asked, alike_ ? 1 : 0);
    if (broke()) return;
    for (const auto& person : people_) {
      EXPECT_EQ(person->linked, alike_) << (person->error ? person->error->text() : "");
      EXPECT_TRUE(person->linked || *person->error == Code::refused);
    }
  }

  bool broke() const { return broke_; }
  bool met() const { return people_[0]->linked && people_[1]->linked; }
  std::uint64_t trace() const { return trace_.hash(); }

 private:
  static constexpr std::uint64_t never = ~std::uint64_t{0};

  void deliver() {
    std::size_t to = random_() % 2;
    if (under_way_[to].empty()) to = 1 - to;
    Bytes& bytes = under_way_[to];
    const std::uint64_t most = std::min<std::uint64_t>(bytes.size(), breaks_after_ - delivered_);
    const std::uint64_t part = 1 + random_() % std::min<std::uint64_t>(most, 1 + random_() % 300);
    const auto end = bytes.begin() + static_cast<std::ptrdiff_t>(part);
    Person& person = *people_[to];
    person.hear(Bytes(bytes.begin(), end), 1 + random_() % 300);
    bytes.erase(bytes.begin(), end);
    delivered_ += part;
    for (const std::uint64_t what : {std::uint64_t{to}, part, std::uint64_t{person.linked}, std::uint64_t{person.taken},
                                     person.error ? 1 + static_cast<std::uint64_t>(person.error->code()) : 0}) {
      trace_.note(what);
    }
  }

  void lose() {
    broke_ = true;
    for (auto& person : people_) person->lose();
  }

  std::mt19937_64 random_;
  std::array<std::optional<Person>, 2> people_;
  std::array<Bytes, 2> under_way_;  // to each
  bool alike_ = false;              // the tokens are
  std::uint64_t breaks_after_ = never;
  std::uint64_t delivered_ = 0;
  bool broke_ = false;
  psyne_test::Trace trace_;
};

TEST(HandshakeSeeds, EndsMeetOrSayWhyNotForEverySeed) {
  int met = 0, broke = 0;
  for (std::uint64_t seed = 1; seed <= psyne_test::seeds(2000); ++seed) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    HandshakeRun run(seed);
    run.go();
    run.check();
    ASSERT_FALSE(HasFailure());
    met += run.met();
    broke += run.broke();
  }
  EXPECT_GT(met, 0);
  EXPECT_GT(broke, 0);
}

TEST(HandshakeSeeds, ASeedIsTheSameRunEachTime) {
  for (std::uint64_t seed = 1; seed <= psyne_test::seeds(100); ++seed) {
    HandshakeRun first(seed), second(seed);
    first.go();
    second.go();
    EXPECT_EQ(first.trace(), second.trace()) << "seed " << seed;
  }
}

}  // namespace
