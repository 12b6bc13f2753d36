#include "messages/psyne_idle.hpp"

#include "messages/psyne_channel.hpp"
#include "pair/process_usage.hpp"
#include "pair/samples.hpp"

#include <sys/resource.h>
#include <sys/types.h>

#include <chrono>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace psyne::bench {
namespace {

using Word = Fixed<1>;

void receive_one(Receiver<Word>& receiver) {
  if (auto message = receiver.receive(); !message) throw std::runtime_error(message.error().text());
}

/// Each side has come here before either goes on; returns what the other said.
std::uint64_t together(Control& control, std::uint64_t word = 0) {
  control.send(word);
  return control.receive();
}

void allow_many_descriptors() {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  limit.rlim_cur = limit.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &limit);
}

/// One end of many links: the leader's senders, or the receiver of the follower to which they send.
class Links {
 public:
  Links(const std::string& scheme, Side side, Control& control) : control_(control), place_(scheme, side, control) {
    allow_many_descriptors();
    if (side == Side::follower) receiver_.emplace(Receiver<Word>::open(place_.for_receiver()).value());
  }

  /// One sender after the other sends a message, so that its link stands.
  void add(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i) {
      if (receiver_) {
        receive_one(*receiver_);
      } else {
        senders_.push_back(Sender<Word>::open(place_.for_sender()).value());
        require(senders_.back().send(Word{}));
      }
      together(control_);
    }
  }

  void sleep_until_one_comes() { receive_one(*receiver_); }
  void wake_receiver() { require(senders_.front().send(Word{})); }

 private:
  Control& control_;
  Place place_;
  std::optional<Receiver<Word>> receiver_;
  std::vector<Sender<Word>> senders_;
};

/// Until it has used no CPU for 100 ms; at most 2 s, for one that never rests.
void wait_until_asleep(pid_t process) {
  double used = usage_of(process).cpu_seconds;
  for (int look = 0; look < 20; ++look) {
    std::this_thread::sleep_for(std::chrono::milliseconds(100));
    const double before = std::exchange(used, usage_of(process).cpu_seconds);
    if (used == before) return;
  }
}

}  // namespace

double measure_idle(const std::string& scheme, std::size_t links, const Cell& cell, Side side, Control& control) {
  Links ends(scheme, side, control);
  ends.add(links);
  const auto follower = static_cast<pid_t>(together(control, static_cast<std::uint64_t>(::getpid())));
  if (side == Side::follower) {
    ends.sleep_until_one_comes();
    return 0;
  }
  wait_until_asleep(follower);
  const std::uint64_t start = now();
  const ProcessUsage before = usage_of(follower);
  std::this_thread::sleep_for(std::chrono::milliseconds(cell.milliseconds));
  const ProcessUsage after = usage_of(follower);
  const double seconds = 1e-9 * static_cast<double>(now() - start);
  ends.wake_receiver();
  if (cell.work == Work::idle_wakes) return static_cast<double>(after.sleeps - before.sleeps) / seconds;
  return 100 * (after.cpu_seconds - before.cpu_seconds) / seconds;
}

double measure_memory_of_links(const std::string& scheme, std::size_t links, Side side, Control& control) {
  Links ends(scheme, side, control);
  ends.add(1);  // what the process pays once
  together(control);
  const std::uint64_t before = resident_memory();
  together(control);
  ends.add(links);
  together(control);
  const std::uint64_t grown = resident_memory() - before;
  const std::uint64_t both = grown + together(control, grown);
  return static_cast<double>(both) / static_cast<double>(links * KiB);
}

double measure_memory_of_lanes(const std::string& scheme, Side side, Control& control) {
  constexpr std::size_t lanes = 32;
  constexpr std::size_t capacity = 64 * KiB;
  std::vector<Sender<Word>> senders;
  std::vector<Receiver<Word>> receivers;
  const auto use_one_more = [&] {
    const Place place(scheme, side, control);
    if (side == Side::leader) {
      senders.push_back(Sender<Word>::open(place.for_sender(), {.capacity_bytes = capacity}).value());
    } else {
      receivers.push_back(Receiver<Word>::open(place.for_receiver()).value());
    }
    for (std::size_t i = 0; i < 2 * capacity / sizeof(Word); ++i) {
      if (side == Side::leader) {
        require(senders.back().send(Word{{i}}));
      } else {
        receive_one(receivers.back());
      }
    }
  };
  use_one_more();  // what the process pays once
  together(control);
  const std::uint64_t before = proportional_memory();
  together(control);
  for (std::size_t lane = 0; lane < lanes; ++lane) use_one_more();
  together(control);
  const std::uint64_t grown = proportional_memory() - before;
  const std::uint64_t both = grown + together(control, grown);
  return static_cast<double>(both) / static_cast<double>(lanes * KiB) - static_cast<double>(capacity / KiB);
}

}  // namespace psyne::bench
