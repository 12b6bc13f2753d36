// Boost.Asio's thread_pool: it has post and no more, so loops are shared out by blocks, and there is no way to fork.
#include "pool/blocks.hpp"
#include "pool/works/all.hpp"

#include <numeric>

#include <boost/asio/post.hpp>
#include <boost/asio/thread_pool.hpp>

namespace pool_bench {
namespace {

class Asio {
 public:
  explicit Asio(unsigned threads) : threads_(threads), pool_(threads) {}
  ~Asio() { pool_.join(); }

  class Group {
   public:
    explicit Group(Asio& asio) : pool_(asio.pool_) {}

    template <class F>
    void run(F f) {
      pending_.fetch_add(1, std::memory_order_relaxed);
      boost::asio::post(pool_, [this, f = std::move(f)] {
        f();
        if (pending_.fetch_sub(1, std::memory_order_acq_rel) == 1) pending_.notify_one();
      });
    }
    void wait() {
      for (std::size_t left = pending_.load(); left != 0; left = pending_.load()) pending_.wait(left);
    }

   private:
    boost::asio::thread_pool& pool_;
    std::atomic<std::size_t> pending_{0};
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
    Group group(*this);
    if (threads_ == 1) {
      group.run([&] { std::sort(values.begin(), values.end()); });
      return group.wait();
    }
    const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
    group.run([&] { std::sort(values.begin(), middle); });
    group.run([&] { std::sort(middle, values.end()); });
    group.wait();
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
    post_from(
        posters, count, [&](const Job& one) { boost::asio::post(pool_, one); }, job);
  }

  template <class Job>
  std::uint64_t submit(unsigned submitters, std::size_t count, Job job) {
    std::atomic<std::uint64_t> total{0};
    on_threads(submitters, [&] {
      total += sum_of_promises(
          count, [&](auto one) { boost::asio::post(pool_, std::move(one)); }, job);
    });
    return total;
  }

  /// There are no priorities: the urgent job is the last in the queue.
  template <class Job, class Before, class Urgent>
  void overtake(std::size_t count, Job job, Before before, Urgent urgent) {
    Group group(*this);
    for (std::size_t i = 0; i < count; ++i) group.run(job);
    before();
    group.run(urgent);
    group.wait();
  }

 private:
  template <class F>
  void share_out(std::size_t count, F f) {
    Blocks blocks(count, threads_);
    Group group(*this);
    for (unsigned i = 0; i < threads_; ++i) {
      group.run([&] { blocks.take(f); });
    }
    group.wait();
  }

  unsigned threads_;
  boost::asio::thread_pool pool_;
};

}  // namespace
}  // namespace pool_bench

int main(int argc, char** argv) { return pool_bench::serve(argc, argv, pool_bench::all_works<pool_bench::Asio>()); }
