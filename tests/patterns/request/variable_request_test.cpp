// Queries and answers of any size: vectors and tensors, in place, and failures in place of them.
#include "trade.hpp"

#include <algorithm>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::FloatVector;
using psyne::Tensor;
using psyne::TensorShape;
using psyne_test::Query;
using psyne_test::Serving;

class AskingVariable : public psyne_test::OverEveryScheme {};
INSTANTIATE_TEST_SUITE_P(Schemes, AskingVariable, testing::ValuesIn(psyne_test::pattern_schemes),
                         psyne_test::scheme_name);

TEST_P(AskingVariable, VectorsAreAskedAndAnswered) {
  const std::string name = uri();
  using Sorter = psyne::Responder<FloatVector, FloatVector>;
  const auto sort = [](std::span<const float> values) {
    if (values.empty()) throw std::invalid_argument("nothing to sort");
    std::vector<float> sorted(values.begin(), values.end());
    std::ranges::sort(sorted);
    return sorted;
  };
  Serving<decltype(sort), Sorter> serving(name, sort);
  auto desk = psyne::Requester<FloatVector, FloatVector>::open(to(name)).value();
  for (const std::size_t size : {1, 7, 1000, 50'000}) {
    auto draft = desk.reserve(size, 10s);
    ASSERT_TRUE(draft) << draft.error().text();
    std::iota((**draft).rbegin(), (**draft).rend(), 0.0F);
    const auto answer = desk.ask(std::move(*draft), 20s);
    ASSERT_TRUE(answer) << answer.error().text();
    ASSERT_EQ(answer->size(), size);
    EXPECT_TRUE(std::ranges::is_sorted(*answer));
    EXPECT_EQ(answer->back(), static_cast<float>(size - 1));
  }
  const auto nothing = desk.ask(desk.reserve(0, 10s).value(), 10s);
  EXPECT_EQ(nothing.error(), Code::thrown);
  EXPECT_NE(nothing.error().text().find("nothing to sort"), std::string::npos) << nothing.error().text();
}

TEST_P(AskingVariable, TensorsAreAnsweredInPlace) {
  const std::string name = uri();
  using Filler = psyne::Responder<Query, Tensor>;
  const auto fill = [](psyne::Request<Query, Tensor> request) {
    auto draft = request.reserve(TensorShape::of<float>({request->symbol, 2}));
    ASSERT_TRUE(draft) << draft.error().text();
    std::ranges::fill((*draft)->span<float>(), 3.0F);
    EXPECT_TRUE(request.reply(std::move(*draft)));
  };
  Serving<decltype(fill), Filler> serving(name, fill);
  auto desk = psyne::Requester<Query, Tensor>::open(to(name)).value();
  std::vector<psyne::Completion<psyne::Answer<Tensor>>> pending;
  for (std::uint64_t rows = 1; rows <= 20; ++rows) pending.push_back(desk.ask_async({rows}, 20s));
  for (std::uint64_t rows = 1; rows <= 20; ++rows) {
    const auto answer = pending[rows - 1].take();
    ASSERT_TRUE(answer) << answer.error().text();
    EXPECT_EQ(answer->dims()[0], rows);
    EXPECT_EQ(answer->at<float>(static_cast<int>(rows) - 1, 1), 3.0F);
  }
}

TEST_P(AskingVariable, WhatIsTooLargeNamesTheOption) {
  const std::string name = uri();
  psyne::Result<void> replied;
  using Filler = psyne::Responder<Query, FloatVector>;
  const auto fill = [&](psyne::Request<Query, FloatVector> request) {
    replied = request.reply(std::vector<float>(request->symbol));
    if (!replied) {
      EXPECT_TRUE(request.fail(replied.error()));
    }
  };
  Serving<decltype(fill), Filler> serving(name, fill, {.capacity_bytes = 4096});
  auto desk = psyne::Requester<Query, FloatVector>::open(to(name)).value();
  EXPECT_EQ(desk.ask({100}, 10s)->size(), 100U);
  const auto large = desk.ask({100'000}, 10s);
  EXPECT_EQ(large.error(), Code::too_large);
  EXPECT_NE(large.error().text().find("capacity_bytes"), std::string::npos) << large.error().text();
}

}  // namespace
