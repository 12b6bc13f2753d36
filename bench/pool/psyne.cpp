// psyne's pool.
#include <psyne.hpp>
#include <psyne/pool/algorithm/par_for_each.hpp>
#include <psyne/pool/algorithm/par_invoke.hpp>
#include <psyne/pool/algorithm/par_reduce.hpp>
#include <psyne/pool/algorithm/par_sort.hpp>

#include "pool/works/all.hpp"

#include <ranges>

namespace pool_bench {
namespace {

class Psyne {
 public:
  explicit Psyne(unsigned threads) : pool_(psyne::Pool::open({.workers = threads, .name = "bench"}).value()) {}

  class Group {
   public:
    explicit Group(Psyne& psyne) : scope_(psyne.pool_) {}

    template <class F>
    void run(F f) {
      scope_.spawn(std::move(f));
    }
    void wait() { scope_.wait(); }

   private:
    psyne::Scope scope_;
  };

  template <class F>
  void enter(F f) {
    pool_.submit(std::move(f)).get();
  }
  template <class... F>
  void invoke(F&&... f) {
    psyne::par_invoke(std::forward<F>(f)...);
  }

  template <class F>
  void for_each(std::size_t count, F f) {
    psyne::par_for_each(std::views::iota(std::size_t{0}, count), f, {.pool = &pool_});
  }
  std::uint64_t sum(std::span<const std::uint64_t> values) {
    return psyne::par_reduce(values, std::uint64_t{0}, std::plus<>(), {.pool = &pool_});
  }

  void sort(std::span<std::uint32_t> values) { psyne::par_sort(values, {.pool = &pool_}); }

  template <class Job>
  void run_all(std::size_t count, Job job) {
    psyne::Scope scope(pool_);
    for (std::size_t i = 0; i < count; ++i) scope.spawn(job);
    scope.wait();
  }

  template <class Job>
  void post(unsigned posters, std::size_t count, Job job) {
    post_from(
        posters, count, [&](const Job& one) { pool_.post(one); }, job);
  }

  template <class Job>
  std::uint64_t submit(unsigned submitters, std::size_t count, Job job) {
    std::atomic<std::uint64_t> total{0};
    on_threads(submitters, [&] {
      std::vector<psyne::Job<std::uint64_t>> jobs;
      jobs.reserve(count);
      for (std::size_t i = 0; i < count; ++i) jobs.push_back(pool_.submit([job, i] { return job(i); }));
      std::uint64_t sum = 0;
      for (psyne::Job<std::uint64_t>& one : jobs) sum += one.get();
      total += sum;
    });
    return total;
  }

  template <class Job, class Before, class Urgent>
  void overtake(std::size_t count, Job job, Before before, Urgent urgent) {
    psyne::Scope scope(pool_);
    for (std::size_t i = 0; i < count; ++i) scope.spawn(job);
    before();
    pool_.submit(urgent, {.priority = psyne::Priority::high}).get();
    scope.wait();
  }

 private:
  psyne::Pool pool_;
};

}  // namespace
}  // namespace pool_bench

int main(int argc, char** argv) { return pool_bench::serve(argc, argv, pool_bench::all_works<pool_bench::Psyne>()); }
