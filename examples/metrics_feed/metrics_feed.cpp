// One process publishes what this machine counts, each value under a topic; another has two subscribers, one for all of
// the processors and one for all of the memory, and shows what comes as a live table.
#include <psyne.hpp>

#include "metrics_feed/board.hpp"
#include "metrics_feed/host.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using psyne::Result;

namespace {

constexpr std::uint64_t turns = 20;
constexpr auto interval = 100ms;
constexpr std::array prefixes{"cpu.", "memory."};

Result<psyne::PublisherCounters> publish(const std::string& uri) {
  auto feed = psyne::Publisher<Sample>::open(uri, {.name = "host"});
  if (!feed) return feed.error();
  if (auto come = feed->wait_for_subscribers(prefixes.size(), 30s); !come) return come.error();
  Host host;
  for (std::uint64_t turn = 1; turn <= turns; ++turn) {
    std::this_thread::sleep_for(interval);
    for (const auto& [topic, value] : host.look()) {
      auto sent = feed->publish(topic, {.value = value, .turn = turn}, 10s);
      if (!sent) return sent.error();
    }
  }
  if (auto closed = feed->close(10s); !closed) return closed.error();
  return feed->counters();
}

/// One line of what came, or why it ended early.
Result<std::string> watch(const std::string& uri, const char* prefix, Board& board) {
  auto feed = psyne::Subscriber<Sample>::open(uri, {.topics = {prefix}});
  if (!feed) return feed.error();
  for (auto& [topic, sample] : *feed) board.add(topic, sample);  // until the publisher has closed
  if (auto ended = feed->status(); !ended) return ended.error();
  const auto [received, missed] = feed->counters();
  return "  subscriber of " + std::string(prefix) + "*: " + std::to_string(received) + " samples, " +
         std::to_string(missed) + " missed\n";
}

void draw(const Board& board, bool again) {
  const std::string table = board.table();
  if (again) std::printf("\x1b[%zdA", std::ranges::count(table, '\n'));
  std::printf("%s", table.c_str());
  std::fflush(stdout);
}

bool show(const std::string& uri) {
  Board board;
  std::array<Result<std::string>, prefixes.size()> ends{Result<std::string>(""), Result<std::string>("")};
  std::atomic<std::size_t> watching{prefixes.size()};
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < prefixes.size(); ++i) {
    threads.emplace_back([&, i] {
      ends[i] = watch(uri, prefixes[i], board);
      --watching;
    });
  }
  const bool live = isatty(STDOUT_FILENO) != 0;
  bool drawn = false;
  for (; live && watching != 0; std::this_thread::sleep_for(interval / 2)) draw(board, std::exchange(drawn, true));
  for (std::thread& thread : threads) thread.join();
  draw(board, drawn);
  for (const auto& end : ends) std::printf("%s", end ? end->c_str() : (end.error().text() + "\n").c_str());
  std::fflush(stdout);
  return std::ranges::all_of(ends, [](const auto& end) { return end.has_value(); });
}

}  // namespace

int main() {
  const std::string uri = "ipc://metrics-feed-" + std::to_string(getpid());
  std::printf("What this machine counts, published %llu times in %.0f s over %s:\n\n",
              static_cast<unsigned long long>(turns), std::chrono::duration<double>(turns * interval).count(),
              uri.c_str());
  std::fflush(stdout);
  const pid_t viewer = fork();
  if (viewer == 0) _exit(show(uri) ? 0 : 1);
  const auto published = publish(uri);
  int status = -1;
  const bool shown = waitpid(viewer, &status, 0) == viewer && status == 0;
  if (!published) {
    std::fprintf(stderr, "metrics_feed: %s\n", published.error().text().c_str());
    return 1;
  }
  std::printf("  publisher: %llu samples, of which %llu went to a subscriber; nobody asked for host.uptime\n",
              static_cast<unsigned long long>(published->published),
              static_cast<unsigned long long>(published->delivered));
  return shown ? 0 : 1;
}
