// Every algorithm on real links and memory, compared with what one thread computes.
#include "collectives/communicator/ranks.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <numeric>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using collectives_test::with_ranks;
using psyne::Algorithm;
using psyne::Call;
using psyne::Communicator;
using psyne::DType;
using psyne::Operation;
using psyne::Rank;

// What rank `rank` gives as its element `index`: small, so that sums are exact.
std::int64_t given(Rank rank, std::size_t index) { return static_cast<std::int64_t>(index % 1009) * (rank + 1) + rank; }

std::int64_t sum_up_to(Rank ranks, std::size_t index) {
  std::int64_t sum = 0;
  for (Rank rank = 0; rank < ranks; ++rank) sum += given(rank, index);
  return sum;
}

struct Sizes {
  std::size_t in;
  std::size_t out;
};

Sizes sizes(Operation operation, std::size_t count, Rank size) {
  const auto blocks = static_cast<std::size_t>(size);
  switch (operation) {
    case Operation::reduce_scatter:
    case Operation::scatter: return {count * blocks, count};
    case Operation::all_gather:
    case Operation::gather: return {count, count * blocks};
    case Operation::all_to_all: return {count * blocks, count * blocks};
    case Operation::barrier: return {0, 0};
    default: return {count, count};
  }
}

std::int64_t expected(const Call& call, Rank rank, Rank size, std::size_t index, std::int64_t before) {
  const std::size_t count = call.count;
  const auto from = static_cast<Rank>(count > 0 ? index / count : 0);
  const std::size_t own = static_cast<std::size_t>(rank) * count;
  switch (call.operation) {
    case Operation::all_reduce: return sum_up_to(size, index);
    case Operation::reduce: return rank == call.root ? sum_up_to(size, index) : before;
    case Operation::scan: return sum_up_to(rank + 1, index);
    case Operation::exclusive_scan: return rank == 0 ? before : sum_up_to(rank, index);
    case Operation::reduce_scatter: return sum_up_to(size, own + index);
    case Operation::broadcast: return given(call.root, index);
    case Operation::scatter: return given(call.root, own + index);
    case Operation::all_gather: return given(from, index % count);
    case Operation::gather: return rank == call.root ? given(from, index % count) : before;
    case Operation::all_to_all: return given(from, own + index % count);
    case Operation::barrier: return before;
  }
  return 0;
}

void run_all(Communicator& communicator, std::size_t count) {
  const Rank rank = communicator.rank();
  const Rank size = communicator.size();
  bool all_mapped = true;
  for (const psyne::Peer& peer : communicator.state().peers())
    all_mapped = all_mapped && (!peer.link || !peer.mapped.empty());
  for (const Algorithm& algorithm : psyne::algorithms()) {
    if (algorithm.traits.mapped && !all_mapped) continue;
    const auto [in_count, out_count] = sizes(algorithm.operation, count, size);
    std::vector<std::int64_t> in(in_count);
    for (std::size_t index = 0; index < in_count; ++index) in[index] = given(rank, index);
    const std::vector<std::int64_t> kept = in;
    std::vector<std::int64_t> out(out_count, -1);
    Call call{.operation = algorithm.operation, .dtype = DType::i64, .root = size / 2, .count = count};
    call.input = reinterpret_cast<const std::byte*>(in.data());
    call.output = reinterpret_cast<std::byte*>(out.data());
    auto done = communicator.state().run(call, 60s, &algorithm);
    ASSERT_TRUE(done) << done.error().text();
    ASSERT_EQ(in, kept) << call.text() << " by " << algorithm.name;
    for (std::size_t index = 0; index < out_count; ++index) {
      ASSERT_EQ(out[index], expected(call, rank, size, index, -1))
          << call.text() << " by " << algorithm.name << ", rank " << rank << " of " << size << ", element " << index;
    }
  }
}

class CollectivesOver : public testing::TestWithParam<std::string> {
 protected:
  void run(Rank size, std::size_t count) {
    with_ranks(
        size, [&](Communicator& communicator) { run_all(communicator, count); },
        [](psyne::CommunicatorOptions& options) { options.transports = {GetParam()}; });
  }
};

TEST_P(CollectivesOver, AFewBytes) {
  for (Rank size = 1; size <= 9; ++size) run(size, 1);
}
TEST_P(CollectivesOver, NoBytes) { run(3, 0); }
TEST_P(CollectivesOver, OnePiece) {
  for (const Rank size : {2, 3, 4, 7}) run(size, 777);
}
TEST_P(CollectivesOver, ManyPieces) {
  for (const Rank size : {1, 2, 3, 5}) run(size, 100'003);
}
TEST_P(CollectivesOver, SixteenRanks) { run(16, 33); }

INSTANTIATE_TEST_SUITE_P(Transport, CollectivesOver, testing::Values("memory", "ipc", "tcp"),
                         [](const auto& transport) { return transport.param; });

}  // namespace
