// The rings beside their limit and their peers, taking turns. Prints one JSON object a line for every measurement:
// {"work", "size", "unit", "name", "value"}.
#include "bare_ring.hpp"
#include "flow.hpp"
#include "psyne_rings.hpp"
#include "round_trip.hpp"
#include "settings.hpp"

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>
#include <vector>
#ifdef PSYNE_BENCH_BOOST
#include "boost_queue.hpp"
#endif
#ifdef PSYNE_BENCH_READER_WRITER_QUEUE
#include "reader_writer_queue.hpp"
#endif
#ifdef PSYNE_BENCH_CONCURRENT_QUEUE
#include "concurrent_queue.hpp"
#endif

namespace ring_bench {
namespace {

constexpr int slices = 4;  // turns of each in a round: the machine may change within it

struct Entrant {
  const char* name;
  std::function<double(const Settings&)> measure;
};

struct Work {
  const char* name;
  const char* unit;
  std::vector<Entrant> entrants;
};

template <class Queue>
Entrant flow(const char* name, const Load& load) {
  return {name, [load](const Settings& settings) { return Flow<Queue>(settings, load).run(); }};
}

Work one_to_one(const char* name, const Load& load) {
  Work work{name, "M/s", {flow<PsyneSpsc>("psyne", load), flow<BareRing>("bare ring", load)}};
#ifdef PSYNE_BENCH_BOOST
  work.entrants.push_back(flow<BoostQueue>("Boost.Lockfree", load));
#endif
#ifdef PSYNE_BENCH_READER_WRITER_QUEUE
  work.entrants.push_back(flow<ReaderWriterQueue>("readerwriterqueue", load));
#endif
  return work;
}

Work there_and_back() {
  Work work{"spsc round trip", "ns", {{"psyne", round_trip<PsyneSpsc>}, {"bare ring", round_trip<BareRing>}}};
#ifdef PSYNE_BENCH_BOOST
  work.entrants.push_back({"Boost.Lockfree", round_trip<BoostQueue>});
#endif
#ifdef PSYNE_BENCH_READER_WRITER_QUEUE
  work.entrants.push_back({"readerwriterqueue", round_trip<ReaderWriterQueue>});
#endif
  return work;
}

template <class Ring>
Work many(const char* name, const Load& load) {
  Work work{name, "M/s", {flow<Ring>("psyne", load)}};
#ifdef PSYNE_BENCH_CONCURRENT_QUEUE
  work.entrants.push_back(flow<ConcurrentQueue<true>>("concurrentqueue", load));
  work.entrants.push_back(flow<ConcurrentQueue<false>>("concurrentqueue unbounded", load));
#endif
  return work;
}

std::vector<Work> works() {
  return {
      one_to_one("spsc", {}),
      one_to_one("spsc batch 16", {.batch = 16}),
      there_and_back(),
      many<PsyneMpsc>("mpsc", {.producers = 2}),
      many<PsyneMpsc>("mpsc batch 16", {.producers = 2, .batch = 16}),
      many<PsyneMpmc>("mpmc", {.producers = 2, .consumers = 2}),
      many<PsyneMpmc>("mpmc batch 16", {.producers = 2, .consumers = 2, .batch = 16}),
  };
}

void measure(const Work& work, const Settings& settings, int turn) {
  const std::size_t count = work.entrants.size();
  for (std::size_t i = 0; i < count; ++i) {
    const Entrant& entrant = work.entrants[(i + static_cast<std::size_t>(turn)) % count];
    std::printf(R"({"work": "%s", "size": 8, "unit": "%s", "name": "%s", "value": %.1f})"
                "\n",
                work.name, work.unit, entrant.name, entrant.measure(settings));
    std::fflush(stdout);
  }
}

int number(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc{} && end == text.data() + text.size() && value >= 0) return value;
  std::fprintf(stderr, "%.*s is not a number\n", static_cast<int>(text.size()), text.data());
  std::exit(2);
}

std::vector<int> numbers(std::string_view text) {
  std::vector<int> found;
  for (;;) {
    const std::size_t comma = text.find(',');
    found.push_back(number(text.substr(0, comma)));
    if (comma == std::string_view::npos) return found;
    text.remove_prefix(comma + 1);
  }
}

}  // namespace

int run(int count, char** arguments) {
  Settings settings{.cpus = {0, 1}};
  std::string only;
  for (int i = 1; i < count; i += 2) {
    const std::string_view option = arguments[i];
    const std::string_view value = i + 1 < count ? arguments[i + 1] : "";
    if (option == "--cpus") {
      settings.cpus = numbers(value);
    } else if (option == "--milliseconds") {
      settings.duration = std::chrono::milliseconds(number(value));
    } else if (option == "--rounds") {
      settings.rounds = number(value);
    } else if (option == "--work") {
      only = value;
    } else {
      std::fputs("usage: psyne_bench_ring [--cpus A,B] [--milliseconds N] [--rounds N] [--work NAME]\n", stderr);
      return 2;
    }
  }
  Settings slice = settings;
  slice.duration = settings.duration / slices;
  for (int turn = 0; turn < settings.rounds * slices; ++turn) {
    for (const Work& work : works()) {
      if (only.empty() || work.name == only) measure(work, slice, turn);
    }
  }
  return 0;
}

}  // namespace ring_bench

int main(int count, char** arguments) { return ring_bench::run(count, arguments); }
