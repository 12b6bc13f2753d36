#include <psyne/core/result/error.hpp>
#include <psyne/pool/pool/pool_metrics.hpp>

#include <algorithm>
#include <array>
#include <exception>
#include <utility>

namespace psyne::inline v0 {

namespace {

enum PoolColumn : std::uint8_t { workers, places_column, max_threads, limited_column };
constexpr std::array<metrics::Value, 4> pool_columns{{{"workers", metrics::Kind::gauge},
                                                      {"places", metrics::Kind::gauge},
                                                      {"max_threads", metrics::Kind::gauge},
                                                      {"limited"}}};

enum ThreadColumn : std::uint8_t { runs, stolen, sleeps };
constexpr std::array<metrics::Value, 3> thread_columns{{{"runs"}, {"stolen"}, {"sleeps"}}};

// A page of the usual size has room for 500 seats: a pool with hundreds of sleeping jobs must not use it up.
constexpr std::uint32_t spares_shown = 32;

/// "digits thread 07": as many digits as the highest shown has, so that they sort.
std::string label_of(const std::string& pool, std::uint32_t number, std::uint32_t highest) {
  std::string digits = std::to_string(number);
  digits.insert(0, std::to_string(highest).size() - digits.size(), '0');
  return pool + " thread " + digits;
}

}  // namespace

PoolMetrics::PoolMetrics(std::string name, std::uint32_t workers_now, std::uint32_t threads)
    : name_(std::move(name)),
      shown_(std::min(threads, workers_now + spares_shown)),
      pool_(metrics::Page::process().add("pool", name_, pool_columns)) {
  pool_.gauge(pool_columns[workers].name).set(workers_now);
  pool_.gauge(pool_columns[max_threads].name).set(threads);
  places(workers_now);
}

void PoolMetrics::places(std::uint32_t places) const noexcept {
  metrics::Gauge(pool_.cells() + places_column).set(places);
}

metrics::Cell& PoolMetrics::limited() const noexcept { return pool_.cells()[limited_column]; }

void PoolMetrics::add(BasicWorker<>& worker) noexcept {
  try {
    const std::uint32_t number = worker.number() + 1;
    const bool shown = number <= shown_;
    const metrics::Page page =
        shown ? metrics::Page::process() : metrics::Page::disabled(Error(Code::exhausted, "a spare is not shown"));
    const std::string label = shown ? label_of(name_, number, shown_) : std::string();
    const std::lock_guard guard(mutex_);
    const metrics::Section& section = threads_.emplace_back(page.add("pool", label, thread_columns));
    metrics::Cell* const cells = section.cells();
    worker.count_to({.runs = metrics::Counter(cells + runs),
                     .stolen = metrics::Counter(cells + stolen),
                     .sleeps = metrics::Counter(cells + sleeps)});
  } catch (const std::exception&) {
    return;  // no memory: it works all the same
  }
}

PoolStatistics PoolMetrics::statistics() const noexcept {
  const std::lock_guard guard(mutex_);
  PoolStatistics sum;
  for (const metrics::Section& section : threads_) {
    const auto value = [&](ThreadColumn column) { return section.cells()[column].load(std::memory_order_relaxed); };
    sum.stolen += value(stolen);
    sum.runs += value(runs);
    sum.sleeps += value(sleeps);
  }
  sum.limited = limited().load(std::memory_order_relaxed);
  return sum;
}

}  // namespace psyne::inline v0
