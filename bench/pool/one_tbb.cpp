// oneTBB. Of its ways to fork, parallel_invoke in one context was the fastest here: 27 ns for a fork of fib on two
// threads, 43 in contexts of their own, 44 with task_group.
#include "pool/works/all.hpp"

#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/parallel_invoke.h>
#include <oneapi/tbb/parallel_reduce.h>
#include <oneapi/tbb/parallel_sort.h>
#include <oneapi/tbb/task_arena.h>
#include <oneapi/tbb/task_group.h>

#include <functional>
#include <optional>
#include <utility>

namespace pool_bench {
namespace {

class OneTbb {
 public:
  explicit OneTbb(unsigned threads)
      : threads_(static_cast<int>(threads)),
        limit_(std::in_place, tbb::global_control::max_allowed_parallelism, threads) {}

  class Group {
   public:
    // nqueens on one thread: 70 ns for a task in one context, 100 in contexts of their own; on two 51 and 44.
    explicit Group(OneTbb& one) {
      if (one.threads_ == 1) {
        group_.emplace(one.context_);
      } else {
        group_.emplace();
      }
    }

    template <class F>
    void run(F f) {
      group_->run(std::move(f));
    }
    void wait() { group_->wait(); }

   private:
    std::optional<tbb::task_group> group_;
  };

  template <class F>
  void enter(F f) {
    f();
  }
  template <class... F>
  void invoke(F&&... f) {
    tbb::parallel_invoke(std::forward<F>(f)..., context_);
  }

  // Tiny items: 0.6 us with the static partitioner, 1.9 with affinity, 2.1 with the automatic one.
  template <class F>
  void for_each(std::size_t count, F f) {
    loop(count, f, tbb::static_partitioner());
  }
  template <class F>
  void for_each_uneven(std::size_t count, F f) {
    loop(count, f, tbb::auto_partitioner());
  }

  std::uint64_t sum(std::span<const std::uint64_t> values) {
    return tbb::parallel_reduce(
        tbb::blocked_range<const std::uint64_t*>(values.data(), values.data() + values.size()), std::uint64_t{0},
        [](const tbb::blocked_range<const std::uint64_t*>& range, std::uint64_t sum) {
          for (const std::uint64_t value : range) sum += value;
          return sum;
        },
        std::plus<std::uint64_t>());
  }

  void sort(std::span<std::uint32_t> values) { tbb::parallel_sort(values.begin(), values.end()); }

  template <class Job>
  void run_all(std::size_t count, Job job) {
    tbb::task_group group;
    for (std::size_t i = 0; i < count; ++i) group.run(job);
    group.wait();
  }

  template <class Job>
  void post(unsigned posters, std::size_t count, Job job) {
    from_threads(posters, [&] { run_all(count, job); });
  }

  template <class Job>
  std::uint64_t submit(unsigned submitters, std::size_t count, Job job) {
    std::atomic<std::uint64_t> total{0};
    from_threads(submitters, [&] {
      tbb::task_group group;
      std::vector<std::promise<std::uint64_t>> promises(count);
      for (std::size_t i = 0; i < count; ++i) {
        group.run([job, i, promise = &promises[i]] { promise->set_value(job(i)); });
      }
      group.wait();
      std::uint64_t sum = 0;
      for (std::promise<std::uint64_t>& promise : promises) sum += promise.get_future().get();
      total += sum;
    });
    return total;
  }

  /// The calling thread does not work here, so there must be a worker for each thread.
  template <class Job, class Before, class Urgent>
  void overtake(std::size_t count, Job job, Before before, Urgent urgent) {
    limit_.reset();
    limit_.emplace(tbb::global_control::max_allowed_parallelism, static_cast<std::size_t>(threads_) + 1);
    tbb::task_arena normal(threads_, 0);
    tbb::task_arena high(threads_, 0, tbb::task_arena::priority::high);
    tbb::task_group group;
    for (std::size_t i = 0; i < count; ++i) normal.enqueue(group.defer(job));
    before();
    high.enqueue(group.defer(urgent));
    group.wait();
  }

 private:
  // In one arena two threads posted in 104 to 199 ns, in arenas of their own in 132 to 215; for one thread its own is
  // best.
  template <class F>
  void from_threads(unsigned threads, F f) {
    if (threads == 1) return f();
    tbb::task_arena arena(threads_, 1);
    on_threads(threads, [&] { arena.execute(f); });
  }

  template <class F, class Partitioner>
  void loop(std::size_t count, F f, const Partitioner& partitioner) {
    using Range = tbb::blocked_range<std::size_t>;
    const auto body = [&](const Range& range) {
      for (std::size_t i = range.begin(); i != range.end(); ++i) f(i);
    };
    tbb::parallel_for(Range(0, count), body, partitioner, context_);
  }

  int threads_;
  tbb::task_group_context context_;
  std::optional<tbb::global_control> limit_;
};

}  // namespace
}  // namespace pool_bench

int main(int argc, char** argv) { return pool_bench::serve(argc, argv, pool_bench::all_works<pool_bench::OneTbb>()); }
