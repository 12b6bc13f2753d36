#include "patterns/fan_out.hpp"

#include "pair/control.hpp"
#include "patterns/process.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>
#include <vector>

namespace patterns_bench {
namespace {

using psyne::bench::Control;
using SteadyClock = std::chrono::steady_clock;

constexpr unsigned between_looks_at_the_clock = 64;

std::uint64_t now() { return static_cast<std::uint64_t>(SteadyClock::now().time_since_epoch().count()); }

/// A subscriber's whole life: it says when it has heard the first hello, and at the end how many messages it got and
/// when the last of them.
void subscribe(const Library& library, Control& control) {
  Address address{};
  control.receive_bytes(address.data(), address.size());
  const Library::Receive receive = library.subscriber(address);
  while (receive().kind != Note::Kind::hello) {
  }
  control.send(1);
  std::uint64_t received = 0;
  std::uint64_t last = 0;
  for (Note note = receive(); note.kind != Note::Kind::end; note = receive()) {
    if (note.kind != Note::Kind::data) continue;
    if (note.number <= last) throw std::runtime_error("a message came out of order");
    last = note.number;
    ++received;
  }
  const std::uint64_t end = now();
  control.send(received);
  control.send(end);
  control.receive();  // stays until all have been heard
}

/// Publishes that again and again until each subscriber has answered; its answers.
std::vector<std::uint64_t> until_all_answer(std::vector<Process>& subscribers, const Library::Publish& publish,
                                            Note::Kind kind) {
  std::vector<std::uint64_t> answers;
  for (Process& subscriber : subscribers) {
    while (!subscriber.control().readable(std::chrono::milliseconds(1))) publish({.kind = kind, .number = 0});
    answers.push_back(subscriber.control().receive());
  }
  return answers;
}

}  // namespace

double fan_out(const Library& library, unsigned subscribers, std::chrono::nanoseconds duration) {
  std::vector<Process> processes;
  processes.reserve(subscribers);
  for (unsigned i = 0; i < subscribers; ++i)
    processes.emplace_back("subscriber", [&library](Control& control) { subscribe(library, control); });
  Address address{};
  const Library::Publish publish = library.publisher(address);
  for (Process& process : processes) process.control().send_bytes(address.data(), address.size());
  until_all_answer(processes, publish, Note::Kind::hello);

  const auto start = SteadyClock::now();
  const std::uint64_t begin = now();
  std::uint64_t number = 0;
  while (SteadyClock::now() - start < duration) {
    for (unsigned i = 0; i < between_looks_at_the_clock; ++i) {
      publish({.kind = Note::Kind::data, .number = ++number});
    }
  }
  std::uint64_t received = 0;
  for (const std::uint64_t count : until_all_answer(processes, publish, Note::Kind::end)) received += count;
  std::uint64_t end = begin + 1;
  for (Process& process : processes) end = std::max(end, process.control().receive());
  for (Process& process : processes) process.control().send(0);
  return static_cast<double>(received) * 1e3 / static_cast<double>(end - begin);
}

std::vector<pool_bench::Work> fan_out_works(Library local, Library tcp) {
  const auto work = [](const char* name, Library library) {
    return pool_bench::Work{.name = name, .unit = "M/s", .measure = [library = std::move(library)](const auto& load) {
                              return std::optional(fan_out(library, load.threads, load.duration));
                            }};
  };
  return {work("publish ipc", std::move(local)), work("publish tcp", std::move(tcp))};
}

}  // namespace patterns_bench
