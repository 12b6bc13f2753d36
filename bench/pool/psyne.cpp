// psyne's pool.
#include <psyne/pool/pool/pool.hpp>

#include "pool/works/all.hpp"

namespace pool_bench {
namespace {

class Psyne {
 public:
  explicit Psyne(unsigned threads) : pool_(psyne::Pool::open({.name = "bench", .workers = threads}).value()) {}

  template <class F>
  void enter(F f) {
    pool_.submit(std::move(f)).get();
  }
  template <class Job>
  void run_all(std::size_t count, Job job) {
    std::vector<psyne::Job<void>> jobs;
    for (std::size_t i = 0; i < count; ++i) jobs.push_back(pool_.submit(job));
    for (psyne::Job<void>& one : jobs) one.get();
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
    std::vector<psyne::Job<void>> jobs;
    for (std::size_t i = 0; i < count; ++i) jobs.push_back(pool_.submit(job));
    before();
    pool_.submit(urgent, {.priority = psyne::Priority::high}).get();
    for (psyne::Job<void>& one : jobs) one.get();
  }

 private:
  psyne::Pool pool_;
};

}  // namespace
}  // namespace pool_bench

int main(int argc, char** argv) { return pool_bench::serve(argc, argv, pool_bench::all_works<pool_bench::Psyne>()); }
