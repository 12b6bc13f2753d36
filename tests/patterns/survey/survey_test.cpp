// A question to all, and the answers of those who answer in time.
#include <psyne/patterns/survey/respondent.hpp>
#include <psyne/patterns/survey/surveyor.hpp>

#include "channel/process.hpp"
#include "channel/schemes.hpp"
#include "eventually.hpp"

#include <array>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne_test::eventually;

struct Question {
  std::uint64_t number;
};
struct Vote {
  std::uint64_t number;
  std::uint64_t voter;
};

using Surveyor = psyne::Surveyor<Question, Vote>;
using Respondent = psyne::Respondent<Question, Vote>;

/// A thread that votes until it goes; negative: it never answers; 13 is a question that it fails at.
class Voter {
 public:
  Voter(const std::string& uri, std::uint64_t name)
      : respondent_(Respondent::open(uri).value()), thread_([this, name] {
          static_cast<void>(respondent_.serve(
              [name](const Question& question) -> Vote {
                if (question.number == 13) throw std::runtime_error("an unlucky number");
                return {question.number, name};
              },
              source_.token()));
        }) {}
  ~Voter() {
    source_.request_stop();
    thread_.join();
  }
  Voter(const Voter&) = delete;
  Voter& operator=(const Voter&) = delete;

 private:
  psyne::StopSource source_;
  Respondent respondent_;
  std::thread thread_;
};

class Surveys : public psyne_test::OverEveryScheme {};
INSTANTIATE_TEST_SUITE_P(Schemes, Surveys, testing::ValuesIn(psyne_test::pattern_schemes), psyne_test::scheme_name);

TEST_P(Surveys, EveryRespondentAnswersOnce) {
  const std::string name = uri();
  auto surveyor = Surveyor::open(name).value();
  std::vector<std::unique_ptr<Voter>> voters;
  for (std::uint64_t voter = 0; voter < 4; ++voter) voters.push_back(std::make_unique<Voter>(to(name), voter));
  ASSERT_TRUE(eventually([&] { return surveyor.respondents() == 4; }));
  for (std::uint64_t number = 100; number < 150; ++number) {
    auto survey = surveyor.ask({number}, 20s);
    EXPECT_EQ(survey.asked(), 4U);
    std::set<std::uint64_t> votes;
    for (auto& answer : survey) {
      ASSERT_TRUE(answer) << answer.error().text();
      EXPECT_EQ(answer->number, number);
      EXPECT_TRUE(votes.insert(answer->voter).second);
    }
    EXPECT_EQ(votes.size(), 4U);
    EXPECT_EQ(survey.answered(), 4U);
    EXPECT_TRUE(survey.status()) << survey.status().error().text();
  }
}

TEST_P(Surveys, TheDeadlineEndsItWithWhatHasCome) {
  const std::string name = uri();
  auto surveyor = Surveyor::open(name).value();
  const Voter voter(to(name), 1);
  auto silent = Respondent::open(to(name)).value();
  ASSERT_TRUE(eventually([&] { return surveyor.respondents() == 2; }));
  std::size_t votes = 0;
  std::string text;
  for (auto within = 50ms; votes == 0 && within < 60s; within *= 2) {  // a busy machine needs longer for the one
    auto survey = surveyor.ask({1}, within);
    for (auto& answer : survey) votes += answer ? 1 : 0;
    EXPECT_EQ(survey.status().error(), Code::timed_out);
    text = survey.status().error().text();
  }
  EXPECT_EQ(votes, 1U);
  EXPECT_NE(text.find("1 of 2"), std::string::npos) << text;
}

TEST_P(Surveys, ALateAnswerIsNoneToTheNextQuestion) {
  const std::string name = uri();
  auto surveyor = Surveyor::open(name).value();
  auto slow = Respondent::open(to(name)).value();
  ASSERT_TRUE(eventually([&] { return surveyor.respondents() == 1; }));
  psyne::Request<Question, Vote> first{psyne::Error(Code::would_block)};
  for (auto within = 20ms; !first && within < 60s; within *= 2) {  // a question whose time is over is not given out
    auto missed = surveyor.ask({1}, within);
    first = slow.receive(within);
    EXPECT_FALSE(missed.next());
  }
  ASSERT_TRUE(first) << first.error().text();
  EXPECT_TRUE(first.reply({1, 1}));
  std::thread answering([&] {
    for (bool answered = false; !answered;) {  // over a wire more of the first may come: its time begins there
      auto next = slow.receive(20s);
      ASSERT_TRUE(next) << next.error().text();
      answered = next->number == 2;
      EXPECT_TRUE(next.reply({next->number, 2}));
    }
  });
  auto survey = surveyor.ask({2}, 20s);
  const auto answer = survey.next();
  answering.join();
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->number, 2U);
  EXPECT_FALSE(survey.next());
}

TEST_P(Surveys, AFailureIsAnAnswerWithWords) {
  const std::string name = uri();
  auto surveyor = Surveyor::open(name).value();
  const Voter one(to(name), 1);
  const Voter other(to(name), 2);
  ASSERT_TRUE(eventually([&] { return surveyor.respondents() == 2; }));
  auto survey = surveyor.ask({13}, 20s);
  for (int i = 0; i < 2; ++i) {
    const auto answer = survey.next();
    ASSERT_TRUE(answer);
    EXPECT_EQ(answer->error(), Code::thrown);
    EXPECT_NE(answer->error().text().find("an unlucky number"), std::string::npos) << answer->error().text();
  }
  EXPECT_FALSE(survey.next());
  EXPECT_TRUE(survey.status());
}

TEST_P(Surveys, WithNobodyThereTheDeadlineIsKept) {
  auto surveyor = Surveyor::open(uri()).value();
  auto survey = surveyor.ask({1}, 20ms);
  EXPECT_FALSE(survey.next());
  EXPECT_EQ(survey.status().error(), Code::timed_out);
  EXPECT_EQ(survey.asked(), 0U);
}

TEST_P(Surveys, ARespondentThatClosesIsNotWaitedFor) {
  const std::string name = uri();
  auto surveyor = Surveyor::open(name).value();
  std::optional<Respondent> leaver(Respondent::open(to(name)).value());
  std::thread leaving([&] {
    const auto request = leaver->receive(10s);
    EXPECT_TRUE(request) << request.error().text();
    leaver.reset();
  });
  auto survey = surveyor.ask({1}, 30s);
  const auto answer = survey.next();
  leaving.join();
  ASSERT_TRUE(answer);
  EXPECT_FALSE(*answer);
  EXPECT_FALSE(survey.next());
  EXPECT_TRUE(survey.status());
}

TEST_P(Surveys, VectorsAreQuestionsToo) {
  const std::string name = uri();
  auto surveyor = psyne::Surveyor<psyne::FloatVector, Vote>::open(name).value();
  auto respondent = psyne::Respondent<psyne::FloatVector, Vote>::open(to(name)).value();
  std::thread answering([&] {
    auto request = respondent.receive(10s);
    ASSERT_TRUE(request) << request.error().text();
    EXPECT_TRUE(request.reply({request->size(), 0}));
  });
  auto survey = surveyor.ask(
      17, [](std::span<float> values) { std::ranges::fill(values, 1.0F); }, 10s);
  const auto answer = survey.next();
  answering.join();
  ASSERT_TRUE(answer && *answer);
  EXPECT_EQ((*answer)->number, 17U);
}

TEST(SurveyOverProcesses, ARespondentThatDiesIsNotWaitedFor) {
  const std::string name = psyne_test::fresh_uri();
  auto surveyor = Surveyor::open(name).value();
  psyne_test::Process victim([name]() -> int {
    auto respondent = Respondent::open(name).value();
    const auto request = respondent.receive();
    kill(getpid(), SIGKILL);
    return 1;
  });
  const Voter voter(name, 1);
  ASSERT_TRUE(eventually([&] { return surveyor.respondents() == 2; }));
  auto survey = surveyor.ask({1}, psyne::Wait());
  std::multiset<bool> answers;
  for (auto& answer : survey) {
    answers.insert(static_cast<bool>(answer));
    if (!answer) {
      EXPECT_EQ(answer.error(), Code::peer_lost) << answer.error().text();
    }
  }
  EXPECT_EQ(answers, (std::multiset{true, false}));
}

}  // namespace
