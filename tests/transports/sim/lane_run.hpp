#pragma once

#include <psyne/core/channel/gathering.hpp>
#include <psyne/core/channel/incoming_lane.hpp>
#include <psyne/core/channel/outlet.hpp>
#include <psyne/core/channel/reader_peer.hpp>
#include <psyne/core/transport/bell.hpp>
#include <psyne/transports/sim/sim_link.hpp>
#include <psyne/transports/sim/virtual_time.hpp>

#include "trace.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <memory>
#include <optional>
#include <random>

namespace simulated {

using namespace psyne;

using Records = VariableRecords;
constexpr std::uint64_t capacity = 4096;
constexpr std::uint64_t messages = 150;

inline std::shared_ptr<const Region> region(std::size_t bytes) {
  return std::make_shared<const Region>(Region::allocate(bytes, "simulated lane").value());
}

/// Message `number` is the same whoever makes it: its length and every byte follow from it.
inline std::uint64_t length_of(std::uint64_t number) { return 8 + number * 2654435761U % 1200; }
inline std::byte byte_of(std::uint64_t number, std::uint64_t at) { return static_cast<std::byte>(number * 7 + at * 3); }

/// One of the two programs: it looks for as long as there is something, then sleeps until its bell rings. Its service
/// thread answers the service bell, and nobody else does anything.
struct Program {
  std::unique_ptr<Bell> bell = Bell::make().value();
  std::unique_ptr<Bell> service_bell = Bell::make().value();
  bool awake = true;

  void attach(Link& link) {
    link.attach_bell(bell.get()).value();
    link.attach_service_bell(service_bell.get()).value();
    awake = true;
  }
  bool wake_up() { return awake = rung(*bell) || awake; }
  static bool rung(Bell& bell) { return bell.sleep(Clock::now()) == Sleep::woken; }
};

/// Lanes over simulated links, writer and reader in one thread and in virtual time: each seed is another run, and the
/// same one each time. Both sleep until they are woken, so what nobody tells is a run that is stuck.
struct Simulation {
  VirtualTime time;
  std::mt19937_64 random;
  SimSettings settings;
  std::shared_ptr<const Region> memory = region(ProducerBlock<>::ring_offset + capacity);
  TypedOutlet<Records> outlet{memory, capacity};
  Program writing, reading;
  Gathering gathering{capacity};  // by nothing: a post costs nothing here
  std::unique_ptr<ReaderPeer> peer;
  TypedLane<Records>* lane = nullptr;
  std::uint64_t sent = 0;
  bool closed = false;
  bool ended = false;                 // the reader was told of the end
  std::uint64_t read = 0;             // the next number to be read
  std::uint64_t most_read = 0;        // all before it were seen by someone
  std::optional<std::uint64_t> held;  // a view that is out
  std::uint64_t held_from = 0;        // where it begins
  int deaths = 0;
  int severed = 0;
  std::uint32_t resumed = 0;
  psyne_test::Trace trace;

  explicit Simulation(std::uint64_t seed) : random(seed) {
    settings.seed = seed;
    settings.longest = settings.shortest + std::chrono::microseconds(random() % 100);
    settings.queue = 1 + random() % 8;
    settings.cuts = static_cast<double>(random() % 10) / 100;
    settings.breaks = random() % 2 == 0 ? static_cast<double>(random() % 8) / 100 : 0;
    settings.death = random() % 3 == 0 ? 0.005 : 0;
    settings.severs = random() % 3 == 0 ? 0.005 : 0;
    connect();
  }
  ~Simulation() { disconnect(); }
  Simulation(const Simulation&) = delete;
  Simulation& operator=(const Simulation&) = delete;

  void connect() {
    settings.seed += 1000003;
    auto [sending, receiving] = SimLink::make_pair(settings, time, "sim://run").value();
    writing.attach(*sending);
    reading.attach(*receiving);
    LaneOffer offer;
    offer.capacity = capacity;
    const auto mirror = region(capacity);
    auto span = receiving->expose(*mirror, Access::write).value();
    auto remote = sending->attach(std::move(span)).value();
    lane = new TypedLane<Records>({.offer = std::move(offer),
                                   .producer = {},
                                   .own = region(sizeof(ConsumerBlock<>)),
                                   .mirror = mirror,
                                   .most_held = 16});
    lane->connect(std::move(receiving));
    peer = std::make_unique<ReaderPeer>(std::move(sending), std::move(remote), outlet, capacity, 0, LaneAnswer{},
                                        gathering, nullptr);
    peer->join();
    if (closed) peer->close();
  }
  void disconnect() {
    if (lane == nullptr) return;
    release();
    lane->retire();
    lane = nullptr;
    peer->leave(true);
    peer.reset();
  }
  bool release() {
    if (!held) return false;
    lane->release(static_cast<std::uint32_t>(*held));
    held.reset();
    return true;
  }

  /// Writes while there is room, or until the program turns to something else.
  void write() {
    while (sent < messages) {
      if (random() % 4 == 0) return;
      const std::uint64_t length = length_of(sent);
      std::byte* place = outlet.writer.try_reserve(length);
      if (place == nullptr) {
        writing.awake = false;
        return;
      }
      std::memcpy(place, &sent, sizeof sent);
      for (std::uint64_t i = sizeof sent; i < length; ++i) place[i] = byte_of(sent, i);
      outlet.writer.commit(length);
      note(Event::sent, sent++);
    }
    writing.awake = false;
    if (closed) return;
    closed = true;
    outlet.close();
    peer->close();
  }

  /// The writer goes nowhere that the reader has not given back.
  bool keeps_credit() const {
    if (!lane->begun()) return true;
    const std::uint64_t given_back = held ? held_from : lane->reader().position();
    return outlet.writer.position() <= given_back + capacity;
  }

  testing::AssertionResult read_some() {
    if (!lane->begun() && !lane->begin()) {
      reading.awake = false;
      return testing::AssertionSuccess();
    }
    while (random() % 8 != 0) {
      const Look look = lane->reader().look();
      if (look == Look::corrupted) return testing::AssertionFailure() << "corrupted at " << read;
      if (look == Look::ended) ended = true;
      if (look != Look::record) {
        reading.awake = false;
        return testing::AssertionSuccess();
      }
      if (auto good = take(); !good) return good;
    }
    return testing::AssertionSuccess();
  }

  testing::AssertionResult take() {
    if (random() % 2 == 0) release();
    const auto front = lane->reader().front();
    std::uint64_t number = 0;
    if (front.size() < sizeof number) return testing::AssertionFailure() << "short at " << read;
    std::memcpy(&number, front.data(), sizeof number);
    // A successor begins at what its predecessor may have read but not given back as far as the writer knows.
    const bool first = fresh_;
    fresh_ = false;
    if (first ? number > most_read : number != read) {
      return testing::AssertionFailure() << "got " << number << " after " << read;
    }
    if (front.size() != length_of(number)) return testing::AssertionFailure() << number << " has another length";
    for (std::uint64_t i = sizeof number; i < front.size(); ++i) {
      if (front[i] != byte_of(number, i)) return testing::AssertionFailure() << number << " is torn at " << i;
    }
    note(Event::read, number);
    read = number + 1;
    most_read = std::max(most_read, read);
    if (!held && lane->reader().can_hold() && random() % 4 == 0) {
      held_from = lane->reader().position();
      lane->reader().step();
      held = lane->reader().hold();
    } else {
      lane->reader().pop();
    }
    return testing::AssertionSuccess();
  }

  /// Both ends know, and know the same: that the other is dead, or that nothing is heard of it.
  testing::AssertionResult both_know() {
    const PeerState state = peer->link().peer_state();
    if (lane->link().peer_state() != state) return testing::AssertionFailure() << "the ends say different things";
    const Code told = state == PeerState::lost ? Code::peer_lost : Code::peer_unreachable;
    if (state != PeerState::lost && state != PeerState::unreachable) {
      return testing::AssertionFailure() << "an end that nobody closed is closed";
    }
    for (Link* link : {&peer->link(), &lane->link()}) {
      if (auto posted = link->post({}, {.counter = 0, .value = 1}); posted || posted.error() != told) {
        return testing::AssertionFailure() << "an end that knows posts all the same";
      }
    }
    return testing::AssertionSuccess();
  }

  void survive() {
    const bool lost = peer->link().peer_state() == PeerState::lost;
    note(Event::parted, lost ? 1 : 2);
    disconnect();
    fresh_ = true;
    ended = false;
    ++(lost ? deaths : severed);
    if (deaths + severed > 5) settings.death = settings.severs = 0;
    connect();
  }

  bool serve() {
    const bool sender = Program::rung(*writing.service_bell), receiver = Program::rung(*reading.service_bell);
    if (sender) peer->carry();
    resumed += peer->take_resumptions().times;
    if (receiver) lane->settle();
    return sender || receiver;
  }

  bool done() const {
    return closed && !peer->lied() && ended && read == messages && most_read == messages && peer->carried();
  }

  /// All messages reach a reader in order, and then the end, whoever dies; says what went wrong.
  testing::AssertionResult go() {
    for (int steps = 0; steps < 200'000; ++steps) {
      if (peer->link().peer_state() != PeerState::alive) {
        if (auto know = both_know(); !know) return know;
        survive();
      }
      if (!keeps_credit()) return testing::AssertionFailure() << "wrote over what is not given back, after " << sent;
      const bool writer = writing.wake_up(), reader = reading.wake_up();
      if (writer) {
        static_cast<void>(peer->link().progress());
        write();
      }
      if (reader) {
        lane->progress();
        if (auto good = read_some(); !good) return good;
      }
      if (done()) return testing::AssertionSuccess();
      if (serve() || writer || reader) continue;
      if (time.step() || release()) continue;
      return testing::AssertionFailure() << "stuck: sent " << sent << ", read " << read << ", ended " << ended;
    }
    return testing::AssertionFailure() << "no end: sent " << sent << ", read " << read;
  }

 private:
  enum class Event : std::uint8_t { sent, read, parted };
  void note(Event event, std::uint64_t number) {
    trace.note(static_cast<std::uint64_t>(time.now().time_since_epoch().count()));
    trace.note(static_cast<std::uint64_t>(event));
    trace.note(number);
  }

  bool fresh_ = true;
};

}  // namespace simulated
