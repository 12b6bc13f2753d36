// Everything that the worker pool promises, mixed at random for as long as one likes, with its memory watched.
//
//   pool_soak [--seconds N] [--threads N] [--seed N] [--only KIND]
//
// Every tenth of the time the threads end and the pools close, all but the default one, which comes to rest; then a
// line tells what the process still holds.
#include <psyne/core/channel/receiver.hpp>
#include <psyne/core/completion/sleep_async.hpp>
#include <psyne/pool/algorithm/par_for_each.hpp>

#include "footprint.hpp"
#include "ground.hpp"
#include "soakers.hpp"
#include "verdict.hpp"
#include "watchdog.hpp"

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <ranges>
#include <string_view>
#include <thread>

namespace {

using namespace psyne_soak;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

constexpr int parts = 10;

// From here on the verdict is about memory too: each part is longer than a spare thread of the default pool stays.
constexpr double long_run_seconds = 60;

// What may be held more at the end than after the first part. Besides leaks that is what threads keep for their next
// job: at rest the workers of the default pool, the service threads and ours, each up to 128 KiB of coroutine frames
// (frame_cache_bytes) and some slabs of 16 KiB, filled as chance has it.
constexpr std::int64_t heap_bound = 512 << 10;
#if defined(__SANITIZE_THREAD__) || defined(__SANITIZE_ADDRESS__)
constexpr std::uint64_t patience_seconds = 120;
constexpr bool memory_is_flat = false;  // they keep what was freed; the leak checker tells instead
#else
constexpr std::uint64_t patience_seconds = 30;
constexpr bool memory_is_flat = true;
#endif
constexpr std::int64_t resident_bound = 4 << 20;  // the heap's, and its holes

struct Options {
  double seconds = 10;
  std::size_t threads = 6;
  std::uint64_t seed = 1;
  std::string_view only = {};
};

bool parse(int count, char** words, Options& options) {
  for (int place = 1; place + 1 < count; place += 2) {
    const std::string_view name = words[place];
    if (name == "--seconds") {
      options.seconds = std::atof(words[place + 1]);
    } else if (name == "--threads") {
      options.threads = std::strtoull(words[place + 1], nullptr, 10);
    } else if (name == "--seed") {
      options.seed = std::strtoull(words[place + 1], nullptr, 10);
    } else if (name == "--only") {
      options.only = words[place + 1];
    } else {
      return false;
    }
  }
  return count % 2 == 1 && options.seconds > 0 && options.threads > 0;
}

void print(int part, std::uint64_t pieces, const Footprint& holds) {
  std::printf("%5d%% %10llu %12.3f %12.3f %8lld %12lld\n", part * 100 / parts, static_cast<unsigned long long>(pieces),
              static_cast<double>(holds.resident_bytes) / 1e6, static_cast<double>(holds.heap_bytes) / 1e6,
              static_cast<long long>(holds.threads), static_cast<long long>(holds.descriptors));
  std::fflush(stdout);
}

void within(std::string_view what, std::int64_t first, std::int64_t last, std::int64_t bound) {
  if (last - first <= bound) return;
  wrong("verdict", 0, what);
  std::fprintf(stderr, "  grew from %lld to %lld, more than %lld\n", static_cast<long long>(first),
               static_cast<long long>(last), static_cast<long long>(bound));
}

// When no more threads are left than there were: a spare thread stays for 10 s.
Footprint at_rest(const Footprint& before, Clock::duration limit) {
  const auto until = Clock::now() + limit;
  auto holds = Footprint::now();
  while (holds.threads > before.threads && Clock::now() < until) {
    std::this_thread::sleep_for(50ms);
    holds = Footprint::now();
  }
  return holds;
}

}  // namespace

#ifdef __SANITIZE_THREAD__
// The default pool is never destroyed, so a spare thread of it that has ended is joined by the next one, or by nobody.
extern "C" const char* __tsan_default_options() { return "report_thread_leaks=0"; }
#endif

int main(int count, char** words) {
  Options options;
  if (!parse(count, words, options)) {
    std::fprintf(stderr, "usage: pool_soak [--seconds N] [--threads N] [--seed N] [--only KIND]\n");
    return 2;
  }
  // When a transport brings options of its own, core keeps the Config that was in use, which the leak checker takes for
  // lost: so the transport comes first.
  static_cast<void>(psyne::Receiver<std::uint64_t>::open("memory://soak-first"));
  psyne::par_for_each(std::views::iota(0, 100), [](int) { std::this_thread::sleep_for(1ms); });
  static_cast<void>(psyne::sleep_async(1ms).take());

  Soakers soakers(options.threads, options.seed, options.only);
  const Watchdog watchdog(soakers, patience_seconds);
  const Footprint before = Footprint::now();
  const bool long_run = options.seconds >= long_run_seconds;
  const auto part_time =
      std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(options.seconds / parts));
  std::printf("  time     pieces  resident MB      heap MB  threads  descriptors\n");
  print(0, 0, before);
  Footprint warm{};
  Footprint last{};
  for (int part = 1; part <= parts; ++part) {
    Ground ground;
    soakers.soak(ground, part_time);
    ground.close();
    last = at_rest(before, long_run ? Clock::duration(15s) : Clock::duration(0s));
    if (part == 1) warm = last;
    print(part, soakers.done(), last);
  }
  if (long_run) within("threads that are not needed end", before.threads, last.threads, 0);
  if (long_run && memory_is_flat) {
    within("the resident set is flat", warm.resident_bytes, last.resident_bytes, resident_bound);
    within("the heap is flat", warm.heap_bytes, last.heap_bytes, heap_bound);
  }
  within("the number of descriptors is flat", warm.descriptors, last.descriptors, 0);
  std::printf("%s: %llu pieces in %.0f s, %llu wrong\n", wrongs() == 0 ? "good" : "BAD",
              static_cast<unsigned long long>(soakers.done()), options.seconds,
              static_cast<unsigned long long>(wrongs()));
  return wrongs() == 0 ? 0 : 1;
}
