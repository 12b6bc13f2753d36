#include "patterns/asking.hpp"

#include "pair/payload.hpp"
#include "pair/pin.hpp"
#include "pair/samples.hpp"
#include "patterns/process.hpp"

#include <sched.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>
#include <optional>
#include <system_error>
#include <thread>

namespace patterns_bench {
namespace {

using psyne::bench::Buffers;
using psyne::bench::Control;

constexpr std::uint64_t warm_up = 200;
constexpr double batch_nanoseconds = 4'000;
constexpr auto until_asleep = std::chrono::milliseconds(2);

/// Of the CPUs on which this process may run, that one; the last where there are fewer.
int allowed_cpu(unsigned number) {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) {
    throw std::system_error(errno, std::generic_category(), "cannot tell on which CPUs to run");
  }
  int last = 0;
  for (int cpu = 0; cpu < CPU_SETSIZE; ++cpu) {
    if (!CPU_ISSET(static_cast<std::size_t>(cpu), &set)) continue;
    last = cpu;
    if (number-- == 0) break;
  }
  return last;
}

void respond(const Bureau& bureau, const Terms& terms, Control& control, int cpu) {
  psyne::bench::pin(cpu);
  bureau.respond(
      terms, [&control](const Address& address) { control.send_bytes(address.data(), address.size()); },
      [](std::span<const std::byte> query, std::span<std::byte> reply) {
        std::memcpy(reply.data(), query.data(), query.size());
      });
}

/// An asker that checks what comes back.
class Asker {
 public:
  Asker(Bureau::Ask ask, std::size_t bytes) : ask_(std::move(ask)), buffers_(2, bytes) {
    psyne::bench::fill(buffers_[0], 1);
    ask_(buffers_[0], buffers_[1]);
    psyne::bench::check(buffers_[1], 1);
  }

  /// Nanoseconds for each of so many, one after the other.
  double batch(std::uint64_t asks) {
    const std::uint64_t start = psyne::bench::now();
    for (std::uint64_t i = 0; i < asks; ++i) {
      psyne::bench::stamp(buffers_[0], ++asked_);
      ask_(buffers_[0], buffers_[1]);
      psyne::bench::check_stamp(buffers_[1], asked_);
    }
    return static_cast<double>(psyne::bench::now() - start) / static_cast<double>(asks);
  }
  /// Nanoseconds for one, after so long that everybody has gone to sleep.
  double seldom() {
    std::this_thread::sleep_for(until_asleep);
    return batch(1);
  }

 private:
  const Bureau::Ask ask_;
  const Buffers buffers_;
  std::uint64_t asked_ = 0;
};

pool_bench::Work work(const char* name, const Bureau& bureau, Terms terms) {
  return {.name = name, .unit = "ns", .measure = [bureau, terms](const pool_bench::Load& load) mutable {
            terms.bytes = load.threads;
            return std::optional(round_trip(bureau, terms, load.duration));
          }};
}

}  // namespace

double round_trip(const Bureau& bureau, const Terms& terms, std::chrono::nanoseconds duration) {
  const int first = allowed_cpu(0);
  const int second = allowed_cpu(1);
  Process responder("responder", [&](Control& control) { respond(bureau, terms, control, second); });
  psyne::bench::pin(first);
  Address address{};
  responder.control().receive_bytes(address.data(), address.size());
  Asker asker(bureau.asker(terms, address), terms.bytes);
  const double guess = asker.batch(warm_up);
  const auto asks = std::max<std::uint64_t>(1, static_cast<std::uint64_t>(batch_nanoseconds / guess));
  std::vector<double> batches;
  const std::uint64_t end = psyne::bench::now() + static_cast<std::uint64_t>(duration.count());
  while (batches.empty() || psyne::bench::now() < end) {
    batches.push_back(terms.asleep ? asker.seldom() : asker.batch(asks));
  }
  return psyne::bench::median(std::move(batches));
}

std::vector<pool_bench::Work> asking_works(const Bureau& bureau) {
  return {work("ask ipc", bureau, {}), work("ask ipc asleep", bureau, {.asleep = true}),
          work("ask tcp", bureau, {.over_tcp = true}),
          work("ask tcp asleep", bureau, {.over_tcp = true, .asleep = true})};
}

}  // namespace patterns_bench
