#include "tools/perf/perf.hpp"

#include "tools/perf/histogram.hpp"
#include "tools/perf/peers.hpp"
#include "tools/table.hpp"

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <string>

#include <nlohmann/json.hpp>

namespace psyne_tool {

using namespace std::chrono_literals;
using psyne::ByteVector;
using psyne::Clock;
using psyne::Code;
using psyne::Error;
using psyne::Receiver;
using psyne::Result;
using psyne::Sender;

namespace {

constexpr auto patience_with_peer = 60s;  // a peer that says nothing for so long is stuck: say so instead of hanging
constexpr std::uint64_t few = 20;         // messages at least, however slow they are

void fill(std::span<std::byte> bytes, std::uint64_t seed) {
  std::size_t at = 0;
  for (; at + sizeof seed <= bytes.size(); at += sizeof seed) std::memcpy(bytes.data() + at, &seed, sizeof seed);
  std::memcpy(bytes.data() + at, &seed, bytes.size() - at);
}

std::uint64_t sum(std::span<const std::byte> bytes) {
  std::uint64_t total = 0, word = 0;
  std::size_t at = 0;
  for (; at + sizeof word <= bytes.size(); at += sizeof word) {
    std::memcpy(&word, bytes.data() + at, sizeof word);
    total += word;
  }
  word = 0;
  std::memcpy(&word, bytes.data() + at, bytes.size() - at);
  return total + word;
}

std::uint64_t expected_sum(std::size_t bytes, std::uint64_t seed) {
  std::uint64_t rest = 0;
  std::memcpy(&rest, &seed, bytes % sizeof seed);
  return bytes / sizeof seed * seed + rest;
}

/// A channel there and one back.
struct Lines {
  Sender<ByteVector> out;
  Receiver<ByteVector> in;

  static Result<Lines> open(const std::string& uri, bool first, std::size_t bytes) {
    const auto query = uri.find('?');
    const std::string place = uri.substr(0, query);
    const std::string options = query == std::string::npos ? "" : uri.substr(query);
    const std::string there = place + "-there" + options, back = place + "-back" + options;
    // Spinning as long as it takes where both have a CPU, else yielding at once.
    const psyne::Patience patience = CpuPair::allowed().apart()
                                         ? psyne::Patience{.spins = 200'000'000, .pauses = 0, .yields = 0}
                                         : psyne::Patience{.spins = 0, .pauses = 0, .yields = 1000};
    psyne::SenderOptions sending{.patience = patience};
    if (options.find("capacity") == std::string::npos) {
      sending.capacity_bytes = std::max<std::size_t>(4 * bytes, 256 * psyne::KiB);
    }
    auto out = Sender<ByteVector>::open(first ? there : back, sending);
    if (!out) return out.error();
    auto in = Receiver<ByteVector>::open(first ? back : there, {.patience = patience});
    if (!in) return in.error();
    return Lines{std::move(*out), std::move(*in)};
  }

  Result<void> send(std::size_t bytes, std::uint64_t seed) {
    auto draft = out.reserve(bytes, patience_with_peer);
    if (!draft) return draft.error();
    fill(*draft, seed);
    return draft.commit();
  }
  Result<std::uint64_t> receive() {
    auto bytes = in.receive(patience_with_peer);
    if (!bytes) return bytes.error();
    return sum(*bytes);
  }
};

// Each part ends with an empty message, when its time is over: on a machine where others run, a number of messages
// that was fixed before could take for ever.
struct Plan {
  std::size_t bytes = 0;
  std::chrono::nanoseconds warm_up{}, round_trips{}, stream{};

  static Plan of(std::size_t bytes, double seconds) {
    const auto whole = std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
    return {.bytes = bytes, .warm_up = whole / 10, .round_trips = whole * 2 / 5, .stream = whole / 2};
  }
};

// How many messages came before the empty one.
Result<std::uint64_t> follow(Lines& lines, std::size_t bytes, bool answering) {
  for (std::uint64_t i = 0;; ++i) {
    auto message = lines.in.receive(patience_with_peer);
    if (!message) return message.error();
    if (message->empty()) return i;
    if (sum(*message) != expected_sum(bytes, i)) return Error(Code::corrupted, "message " + std::to_string(i));
    message.release();
    if (!answering) continue;
    if (auto sent = lines.send(bytes, i); !sent) return sent.error();
  }
}

Result<void> answer(const std::string& uri, const Plan& plan) {
  auto lines = Lines::open(uri, false, plan.bytes);
  if (!lines) return lines.error();
  for (const bool answering : {true, true, false}) {
    if (auto count = follow(*lines, plan.bytes, answering); !count) return count.error();
  }
  return lines->send(8, 1);
}

double nanoseconds(Clock::duration duration) { return std::chrono::duration<double, std::nano>(duration).count(); }

Result<void> round_trips(Lines& lines, std::size_t bytes, Clock::duration time, std::vector<double>& one_way_ns) {
  const auto end = Clock::now() + time;
  auto now = Clock::now();
  for (std::uint64_t i = 0; i < few || now < end; ++i) {
    const auto start = now = Clock::now();
    if (auto sent = lines.send(bytes, i); !sent) return sent.error();
    auto total = lines.receive();
    if (!total) return total.error();
    now = Clock::now();
    one_way_ns.push_back(nanoseconds(now - start) / 2);
    if (*total != expected_sum(bytes, i)) return Error(Code::corrupted, "answer " + std::to_string(i));
  }
  return lines.send(0, 0);
}

Result<PerfRow> ask(const std::string& uri, const Plan& plan) {
  auto lines = Lines::open(uri, true, plan.bytes);
  if (!lines) return lines.error();
  PerfRow row;
  row.bytes = plan.bytes;
  for (const auto time : {plan.warm_up, plan.round_trips}) {
    row.one_way_ns.clear();
    if (auto done = round_trips(*lines, plan.bytes, time, row.one_way_ns); !done) return done.error();
  }
  const auto start = Clock::now();
  std::uint64_t streamed = 0;
  while (streamed < few || streamed % 64 != 0 || Clock::now() < start + plan.stream) {
    if (auto sent = lines->send(plan.bytes, streamed++); !sent) return sent.error();
  }
  if (auto sent = lines->send(0, 0); !sent) return sent.error();
  if (auto done = lines->receive(); !done) return done.error();
  const double seconds = nanoseconds(Clock::now() - start) / 1e9;

  std::ranges::sort(row.one_way_ns);
  const auto at = [&](double share) {
    return row.one_way_ns[std::min(row.one_way_ns.size() - 1,
                                   static_cast<std::size_t>(share * static_cast<double>(row.one_way_ns.size())))];
  };
  row.p50_ns = at(0.5);
  row.p99_ns = at(0.99);
  row.p999_ns = at(0.999);
  row.max_ns = row.one_way_ns.back();
  row.messages_per_second = static_cast<double>(streamed) / seconds;
  row.gigabytes_per_second = row.messages_per_second * static_cast<double>(plan.bytes) / 1e9;
  return row;
}

nlohmann::json to_json(const PerfOptions& options, const std::vector<PerfRow>& rows) {
  nlohmann::json json{{"uri", options.uri}, {"version", PSYNE_VERSION}, {"rows", nlohmann::json::array()}};
  for (const PerfRow& row : rows) {
    json["rows"].push_back({{"bytes", row.bytes},
                            {"p50_ns", row.p50_ns},
                            {"p99_ns", row.p99_ns},
                            {"p999_ns", row.p999_ns},
                            {"max_ns", row.max_ns},
                            {"messages_per_second", row.messages_per_second},
                            {"gigabytes_per_second", row.gigabytes_per_second}});
  }
  return json;
}

}  // namespace

Result<std::vector<PerfRow>> measure(const PerfOptions& options) {
  const CpuPair cpus = CpuPair::allowed();
  const bool same_process = options.uri.starts_with("memory://");
  // A name of its own for each size and run, so that runs beside this one do not meet it.
  const auto query = options.uri.find('?');
  std::vector<PerfRow> rows;
  for (const std::size_t bytes : options.sizes) {
    std::string uri = options.uri.substr(0, query) + "-" + std::to_string(getpid()) + "-" + std::to_string(bytes);
    if (query != std::string::npos) uri += options.uri.substr(query);
    if (!options.json && isatty(STDERR_FILENO) != 0)
      std::fprintf(stderr, "\r  measuring %s ... ", size_text(bytes).c_str());
    const Plan plan = Plan::of(bytes, options.seconds_per_size);
    auto peer = Peer::start(same_process, cpus.theirs, [&] { return answer(uri, plan); });
    if (!peer) return peer.error();
    pin_this_thread_to(cpus.ours);
    auto row = ask(uri, plan);
    auto finished = (*peer)->finish();
    if (!row) return row.error();
    if (!finished) return finished.error();
    rows.push_back(std::move(*row));
  }
  if (!options.json && isatty(STDERR_FILENO) != 0) std::fprintf(stderr, "\r                              \r");
  return rows;
}

int perf(const PerfOptions& given) {
  PerfOptions options = given;
  if (options.uri.ends_with("://")) options.uri += "psyne-perf";
  const auto rows = measure(options);
  if (!rows) {
    std::fprintf(stderr, "psyne perf: %s\n", rows.error().text().c_str());
    return 1;
  }
  if (options.json) {
    std::printf("%s\n", to_json(options, *rows).dump(2).c_str());
    return 0;
  }
  const CpuPair cpus = CpuPair::allowed();
  std::printf("%s between two %s on CPU %d and CPU %d; every byte is written by one and read by the other.\n",
              options.uri.c_str(), options.uri.starts_with("memory://") ? "threads" : "processes", cpus.ours,
              cpus.theirs);
  if (!cpus.apart())
    std::printf("Only one CPU is allowed here: the two take turns on it, so times are those of switching.\n");
  std::printf("One way is half a round trip; the stream has several messages in flight.\n\n");
  Table table({"size", "p50 ns", "p99 ns", "p99.9 ns", "max ns", "stream msgs/s", "GB/s"});
  for (const PerfRow& row : *rows) {
    table.add({size_text(row.bytes), digits(row.p50_ns), digits(row.p99_ns), digits(row.p999_ns), digits(row.max_ns),
               row.messages_per_second >= 1e6 ? digits(row.messages_per_second / 1e6) + " M"
                                              : digits(row.messages_per_second / 1e3) + " k",
               digits(row.gigabytes_per_second)});
  }
  std::printf("%s", table.text().c_str());
  if (options.histogram) {
    std::printf("\nOne-way times of %s:\n%s", size_text(rows->front().bytes).c_str(),
                histogram(rows->front().one_way_ns).c_str());
  }
  return 0;
}

}  // namespace psyne_tool
