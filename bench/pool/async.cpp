// std::async: a thread for each job, so it forks nothing, and is given fewer jobs.
#include "pool/blocks.hpp"
#include "pool/works/all.hpp"

#include <numeric>

namespace pool_bench {
namespace {

class Async {
 public:
  explicit Async(unsigned threads) : threads_(threads) {}

  static constexpr bool leaves_no_threads = true;
  static constexpr unsigned least_threads = 2;
  static constexpr std::size_t most_jobs = 4000;
  static constexpr std::size_t most_at_once = 100;

  class Group {
   public:
    explicit Group(Async&) {}

    template <class F>
    void run(F f) {
      running_.push_back(std::async(std::launch::async, std::move(f)));
    }
    void wait() { running_.clear(); }

   private:
    std::vector<std::future<void>> running_;
  };

  template <class F>
  void for_each(std::size_t count, F f) {
    share_out(count, [&](std::size_t begin, std::size_t end) {
      for (std::size_t i = begin; i != end; ++i) f(i);
    });
  }

  std::uint64_t sum(std::span<const std::uint64_t> values) {
    std::atomic<std::uint64_t> total{0};
    share_out(values.size(), [&](std::size_t begin, std::size_t end) {
      total += std::accumulate(values.data() + begin, values.data() + end, std::uint64_t{0});
    });
    return total;
  }

  void sort(std::span<std::uint32_t> values) {
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    const auto left = std::async(std::launch::async, [&] { std::sort(values.begin(), middle); });
    std::sort(middle, values.end());
    left.wait();
    std::inplace_merge(values.begin(), middle, values.end());
  }

  template <class Job>
  void run_all(std::size_t count, Job job) {
    Group group(*this);
    for (std::size_t i = 0; i < count; ++i) group.run(job);
    group.wait();
  }

  template <class Job>
  void post(unsigned posters, std::size_t count, Job job) {
    on_threads(posters, [&] {
      for (std::size_t done = 0; done < count; done += most_at_once) {
        run_all(std::min(most_at_once, count - done), job);
      }
    });
  }

  template <class Job>
  std::uint64_t submit(unsigned submitters, std::size_t count, Job job) {
    std::atomic<std::uint64_t> total{0};
    on_threads(submitters, [&] {
      for (std::size_t done = 0; done < count; done += most_at_once) {
        std::vector<std::future<std::uint64_t>> results;
        for (std::size_t i = done; i < std::min(done + most_at_once, count); ++i) {
          results.push_back(std::async(std::launch::async, job, i));
        }
        for (std::future<std::uint64_t>& result : results) total += result.get();
      }
    });
    return total;
  }

 private:
  /// The calling thread takes part.
  template <class F>
  void share_out(std::size_t count, F f) {
    Blocks blocks(count, threads_);
    Group group(*this);
    for (unsigned i = 1; i < threads_; ++i) {
      group.run([&] { blocks.take(f); });
    }
    blocks.take(f);
    group.wait();
  }

  unsigned threads_;
};

}  // namespace
}  // namespace pool_bench

int main(int argc, char** argv) { return pool_bench::serve(argc, argv, pool_bench::all_works<pool_bench::Async>()); }
