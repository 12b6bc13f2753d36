#pragma once

#include "collectives/question.hpp"
#include "pair/samples.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <vector>

namespace collectives_bench {

/// What one rank does, the same for all libraries. `Library` has rank(), size(), barrier(), and
/// run(operation, in, out, count, root), each ending when this rank's part is done.
template <class Library>
class RankOf {
 public:
  RankOf(Library& library, const Question& question)
      : library_(library),
        question_(question),
        count_(question.count()),
        in_(count_ * (sends_blocks() ? ranks() : 1)),
        out_(count_ * (receives_blocks() ? ranks() : 1)) {}

  /// Microseconds for one operation: the median over batches, of rank 0. Every batch is as long at all ranks. The root
  /// of broadcasts goes round, so that none runs ahead of the others.
  double measure() {
    check();
    const std::uint64_t start = psyne::bench::now();
    for (int warm_up = 0; warm_up < 5; ++warm_up) turn();
    const double once = static_cast<double>(psyne::bench::now() - start) / 5;
    const double batch_ns = static_cast<double>(question_.milliseconds) * 1e6 / batches;
    const std::uint64_t turns = agree(static_cast<std::uint64_t>(std::clamp(batch_ns / once, 1.0, 1e6)));
    std::vector<double> times;
    for (int batch = 0; batch < batches; ++batch) {
      library_.barrier();
      const std::uint64_t begin = psyne::bench::now();
      for (std::uint64_t number = 0; number < turns; ++number) turn();
      times.push_back(static_cast<double>(psyne::bench::now() - begin) / static_cast<double>(turns) / 1e3);
    }
    check();
    library_.barrier();
    return psyne::bench::median(times);
  }

 private:
  static constexpr int batches = 11;

  std::size_t ranks() const noexcept { return static_cast<std::size_t>(question_.ranks); }
  bool sends_blocks() const noexcept {
    return question_.operation == Operation::reduce_scatter || question_.operation == Operation::all_to_all;
  }
  bool receives_blocks() const noexcept {
    return question_.operation == Operation::all_gather || question_.operation == Operation::all_to_all;
  }

  void turn() {
    if (question_.operation == Operation::barrier) return library_.barrier();
    library_.run(question_.operation, in_.data(), out_.data(), count_, root_);
    root_ = (root_ + 1) % question_.ranks;
  }

  /// The number that rank 0 has.
  std::uint64_t agree(std::uint64_t mine) {
    float told = static_cast<float>(mine);
    library_.run(Operation::broadcast, &told, &told, 1, 0);
    return static_cast<std::uint64_t>(told);
  }

  // Whole numbers small enough for sums to be exact.
  static float given(int rank, std::size_t index) noexcept {
    return static_cast<float>((index % 1000) + static_cast<std::size_t>(rank) * 1000);
  }

  void check() {
    const int rank = library_.rank();
    for (std::size_t index = 0; index < in_.size(); ++index) in_[index] = given(rank, index);
    if (question_.operation == Operation::broadcast) out_ = in_;
    root_ = 0;
    turn();
    const std::size_t own = static_cast<std::size_t>(rank) * count_;
    for (std::size_t index = 0; index < out_.size() && count_ > 0; ++index) {
      if (out_[index] != expected(index, own)) throw std::runtime_error(question_.name() + " came to a wrong result");
    }
  }

  float expected(std::size_t index, std::size_t own) const noexcept {
    const auto block = static_cast<int>(index / count_);
    float sum = 0;
    switch (question_.operation) {
      case Operation::all_reduce:
        for (int rank = 0; rank < question_.ranks; ++rank) sum += given(rank, index);
        return sum;
      case Operation::reduce_scatter:
        for (int rank = 0; rank < question_.ranks; ++rank) sum += given(rank, own + index);
        return sum;
      case Operation::all_gather: return given(block, index % count_);
      case Operation::all_to_all: return given(block, own + index % count_);
      case Operation::broadcast: return given(0, index);
      case Operation::barrier: return 0;
    }
    return 0;
  }

  Library& library_;
  const Question question_;
  const std::size_t count_;
  std::vector<float> in_;
  std::vector<float> out_;
  int root_ = 0;
};

}  // namespace collectives_bench
