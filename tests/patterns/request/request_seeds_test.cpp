// Asking over simulated links whose delays, cuts and deaths follow from a seed: every ask ends, with the right answer
// or with an error that says why not.
#include "seeds.hpp"
#include "trade.hpp"

#include <cstdlib>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne_test::Answer;
using psyne_test::quote_for;
using psyne_test::Requester;
using psyne_test::serving;

std::string uri_of(std::uint64_t seed) {
  const bool deadly = seed % 4 == 0;
  return "sim://request-seeds-" + std::to_string(seed) + "?seed=" + std::to_string(seed) +
         "&queue=" + std::to_string(1 + seed % 5) + "&cut=" + std::to_string(static_cast<double>(seed % 10) / 200) +
         "&death=" + (deadly ? "0.01" : "0");
}

// Whether the end of that ask is right; `lost`: a link has died.
bool ended_rightly(const Answer& answer, std::uint64_t symbol, bool deadly, bool& lost) {
  if (answer) return answer->symbol == symbol && answer->price == quote_for({symbol}).price;
  lost = true;
  return deadly &&
         (answer.error() == Code::peer_lost || answer.error() == Code::closed || answer.error() == Code::timed_out);
}

TEST(RequestSeeds, EveryAskEnds) {
  const std::uint64_t count = psyne_test::seeds(80);
  for (std::uint64_t seed = 1; seed <= count; ++seed) {
    const std::string uri = uri_of(seed);
    const bool deadly = seed % 4 == 0;
    const auto limit = deadly ? 500ms : 30'000ms;
    const auto quotes = serving(uri, {.reply_within = 200ms});
    auto desk = Requester::open(uri).value();
    bool lost = false;
    for (std::uint64_t symbol = 0; symbol < 20 && !lost; ++symbol) {
      const auto answer = desk.ask({symbol}, limit);
      ASSERT_TRUE(ended_rightly(answer, symbol, deadly, lost)) << "seed " << seed << ": " << answer.error().text();
    }
    std::vector<psyne::Completion<Answer>> pending;
    for (std::uint64_t symbol = 0; symbol < 20 && !lost; ++symbol) {
      pending.push_back(desk.ask_async({symbol}, limit));
      if (pending.back().test() && !pending.back().result()) break;  // nobody is left
    }
    for (std::uint64_t symbol = 0; symbol < pending.size(); ++symbol) {
      const auto answer = pending[symbol].take();
      ASSERT_TRUE(ended_rightly(answer, symbol, deadly, lost)) << "seed " << seed << ": " << answer.error().text();
    }
  }
}

}  // namespace
