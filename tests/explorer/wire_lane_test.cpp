#include <psyne/core/channel/gate.hpp>
#include <psyne/core/channel/wire_credit.hpp>
#include <psyne/core/channel/wire_news.hpp>

#include <gtest/gtest.h>

#include <array>
#include <optional>

#include <explorer/checked.hpp>
#include <explorer/expectations.hpp>
#include <explorer/explored_wire.hpp>
#include <explorer/mutants.hpp>

namespace {

using psyne::FixedRecords;
using psyne::LaneReader;
using psyne::LaneSource;
using psyne::LaneWire;
using psyne::LaneWriter;
using psyne::Look;
using psyne::Put;
using psyne::Signal;
using psyne::WireCounter;
using namespace psyne::explorer;

using Fixed = FixedRecords<8, 8>;
using Lock = psyne::ShortLock<ExplorerAtomics, 0>;
using End = ExploredWire::End;

constexpr std::uint64_t capacity = 32;  // one record at a time

/// What may be wrong with the ends.
enum class Bug : std::uint8_t {
  none,
  service_looks_at_nothing,  ///< the service thread does not answer the sender's bell
  asks_for_too_much,         ///< a credit that its reader can never give
  asks_for_nothing,
};

/// The sender's end, as SenderEnd and ReaderPeer make it of their parts: a writer inside a gate, its news, its bells.
class Sending final : public LaneWire {
 public:
  Sending(End& link, Bell& service, Bug bug) : link_(link), service_(service), bug_(bug), news_(link) {
    link.attach_bell(&bell_);
    link.attach_service_bell(&service);
    news_.begin(writer_.oldest());
    writer_.add_reader(nullptr, *this, writer_.oldest());
  }

  void send(int number) {
    gate_.enter();
    std::byte* place = nullptr;
    sleep_until([&] { return (place = writer_.try_reserve(8)) != nullptr; });
    ExploredLane<Fixed, ExplorerAtomics, capacity>::fill(place, 8, number);
    writer_.commit(8);
    gate_.leave();
  }
  /// Returns when all is told and credited.
  void close() {
    gate_.enter();
    writer_.close();
    news_.close(writer_.position());
    carry();
    sleep_until([&] { return news_.carried(writer_.position()) && writer_.released() == writer_.position(); });
    gate_.leave();
  }
  /// The service thread, when its bell rang.
  void answer() {
    gate_.visit([this] { carry(); });
  }

 private:
  void wake() noexcept override {}
  void flush(std::uint64_t /*position*/) noexcept override { carry(); }
  std::uint64_t credit(std::uint64_t needed) noexcept override {
    const std::uint64_t asked = bug_ == Bug::asks_for_nothing    ? 0
                                : bug_ == Bug::asks_for_too_much ? needed + Fixed::stride
                                                                 : needed;
    const std::uint64_t cursor = news_.credit(asked, true);
    carry();
    return cursor;
  }
  void carry() noexcept {
    news_.carry(writer_.position(), [this](std::uint64_t from, std::uint64_t to, const Signal& arrived) {
      const std::uint64_t begin = from & (capacity - 1), first = std::min(to - from, capacity - begin);
      const std::array<Put, 2> puts{Put{.local = {ring_.data() + begin, first}, .offset = begin},
                                    Put{.local = {ring_.data(), to - from - first}, .offset = 0}};
      return link_.post(std::span(puts).first(first == to - from ? 1 : 2), arrived).has_value();
    });
  }
  template <class Ready>
  void sleep_until(Ready&& ready) {
    while (!ready()) {
      writer_.announce_sleep();
      if (!ready()) {
        link_.attach_service_bell(&bell_);
        gate_.leave();
        bell_.sleep();
        gate_.enter();
        link_.attach_service_bell(&service_);
        carry();
      }
      writer_.end_sleep();
    }
  }

  End& link_;
  Bell& service_;
  const Bug bug_;
  Bell bell_;
  psyne::Gate<ExplorerAtomics, Lock> gate_;
  psyne::ProducerBlock<ExplorerAtomics> block_;
  alignas(64) std::array<std::byte, capacity> ring_{};
  psyne::WireNews<End> news_;
  LaneWriter<Fixed, ExplorerAtomics> writer_{block_, ring_.data(), capacity};
};

/// The receiver's end, as ReceiverEnd and IncomingLane make it. Gathers credit until it is asked for, or finds nothing.
class Receiving final : public LaneSource {
 public:
  Receiving(End& link, Bell& service) : link_(link) {
    credit_.connect(link);
    link.attach_bell(&bell_);
    link.attach_service_bell(&service);
    link.expose(ring_, Fixed::stride);
  }

  Look look() {
    if (!reader_) {
      const std::uint64_t joined = told(WireCounter::joined_at);
      if (joined == 0) return Look::empty;
      reader_.emplace(nullptr, ring_.data(), capacity, block_, *this,
                      LaneReader<Fixed, ExplorerAtomics>::Options{.from = joined - 1, .most_held = 4});
    }
    return reader_->look();
  }
  Look wait() {
    for (;;) {
      if (const Look found = look(); found != Look::empty) return found;
      bell_.sleep();
    }
  }
  int front() const { return ExploredLane<Fixed, ExplorerAtomics, capacity>::number_in(reader_->front()); }
  LaneReader<Fixed, ExplorerAtomics>& reader() { return *reader_; }
  void finish() { static_cast<void>(credit_.finish(reader_->position())); }
  /// The service thread, when its bell rang.
  void answer() { credit_.settle(); }

 private:
  std::uint64_t told(WireCounter counter) const { return link_.counter(psyne::counter_index(counter)); }
  std::uint64_t arrived() noexcept override {
    credit_.progress();
    const std::uint64_t plus_one = told(WireCounter::arrived);
    return plus_one == 0 ? told(WireCounter::joined_at) - 1 : plus_one - 1;
  }
  std::uint64_t closed_at() noexcept override {
    const std::uint64_t plus_one = told(WireCounter::closed_at);
    return plus_one == 0 ? psyne::ProducerBlock<ExplorerAtomics>::open : plus_one - 1;
  }
  void credit(std::uint64_t cursor) noexcept override { credit_.release(cursor); }
  void wake() noexcept override {}

  End& link_;
  Bell bell_;
  psyne::ConsumerBlock<ExplorerAtomics> block_;
  alignas(64) std::array<std::byte, capacity> ring_{};
  psyne::WireCredit<End, Lock, ExplorerAtomics> credit_{~std::uint64_t{0}};
  std::optional<LaneReader<Fixed, ExplorerAtomics>> reader_;
};

/// Both ends, the network between them, and the service thread of their process.
class WireLane {
 public:
  explicit WireLane(WireBug wire_bug = WireBug::none, Bug bug = Bug::none)
      : wire_(wire_bug), sending(wire_.end(0), service_, bug), receiving(wire_.end(1), service_), bug_(bug) {
    network_ = ExplorerAtomics::Thread([this] { wire_.run(); });
    serving_ = ExplorerAtomics::Thread([this] {
      for (;;) {
        service_.sleep();
        if (over_.load(std::memory_order_acquire)) return;
        if (bug_ != Bug::service_looks_at_nothing) sending.answer();
        receiving.answer();
      }
    });
  }
  void over() {
    wire_.over();
    over_.store(true, std::memory_order_release);
    service_.ring();
    network_.join(), serving_.join();
  }

 private:
  Bell service_;
  ExploredWire wire_;
  ExplorerAtomics::Atomic<bool> over_{false};

 public:
  Sending sending;
  Receiving receiving;

 private:
  const Bug bug_;
  ExplorerAtomics::Thread network_;
  ExplorerAtomics::Thread serving_;
};

Search deep() {
  Search search;
  search.bounds.preemptions = 2;
  search.systematic = 15'000;
  search.random = 15'000;
  return search;
}

constexpr int records = 3;

/// Each record waits for the room of the one before, and all queues for the network; then both ends close.
template <WireBug wire_bug = WireBug::none>
void stream() {
  WireLane lane(wire_bug);
  ExplorerAtomics::Thread producer([&] {
    for (int number = 0; number < records; ++number) lane.sending.send(number);
    lane.sending.close();
  });
  for (int number = 0;; ++number) {
    const Look look = lane.receiving.wait();
    if (look == Look::ended) {
      require(number == records, "all records before the end");
      break;
    }
    require(look == Look::record, "nothing corrupted");
    require(lane.receiving.front() == number, "the next record");
    lane.receiving.reader().pop();
  }
  lane.receiving.finish();
  producer.join();
  lane.over();
}

TEST(WireLaneExplored, CarriesRecordsBothWaysAroundFullQueues) {
  expect_sound("wire lane", stream<>, deep());
  expect_found("wire lane, its link rings before the counter", stream<WireBug::rings_before_the_counter>, "sleeps",
               by_chance());
  expect_found("wire lane, its link forgets who met a full queue", stream<WireBug::forgets_who_met_a_full_queue>,
               "sleeps", by_chance());
  expect_found(
      "wire lane, a record given back before it is read",
      [] {
        WireLane lane;
        ExplorerAtomics::Thread producer([&] {
          for (int number = 0; number < records; ++number) lane.sending.send(number);
        });
        lane.receiving.wait();
        const auto front = lane.receiving.reader().front();
        lane.receiving.reader().pop();
        lane.receiving.wait();
        lane.receiving.reader().pop();
        while (lane.receiving.look() == Look::empty) ExplorerAtomics::pause();
        require(ExploredLane<Fixed, ExplorerAtomics, capacity>::number_in(front) == 0, "the first record");
        producer.join();
        lane.over();
      },
      "the first record");
}

/// A reader that took a record and turned to other work, while another thread releases it, still makes room for the
/// next: the writer asks for it.
template <Bug bug = Bug::none>
void take_one_and_turn_away() {
  WireLane lane(WireBug::none, bug);
  ExplorerAtomics::Atomic<bool> sent{false};
  ExplorerAtomics::Thread producer([&] {
    lane.sending.send(0);
    lane.sending.send(1);
    sent.store(true, std::memory_order_release);
  });
  require(lane.receiving.wait() == Look::record && lane.receiving.front() == 0, "the first");
  lane.receiving.reader().step();
  const std::uint32_t view = lane.receiving.reader().hold();
  ExplorerAtomics::Thread elsewhere([&] { static_cast<void>(lane.receiving.reader().release(view)); });
  while (!sent.load(std::memory_order_acquire)) ExplorerAtomics::pause();
  require(lane.receiving.wait() == Look::record && lane.receiving.front() == 1, "the second");
  producer.join(), elsewhere.join();
  lane.over();
}

TEST(WireLaneExplored, CreditThatIsAskedForComesThoughItsReaderIsAway) {
  expect_sound("wire lane, its reader is away", take_one_and_turn_away<>, deep());
  expect_found("wire lane, credit is not asked for", take_one_and_turn_away<Bug::asks_for_nothing>, "", by_chance());
  expect_found("wire lane, too much credit is asked for", take_one_and_turn_away<Bug::asks_for_too_much>, "",
               by_chance());
}

/// A link by which the sender asks, and which keeps what it is told.
struct AskingLink {
  ExplorerAtomics::Atomic<std::uint64_t> asked{0};
  ExplorerAtomics::Atomic<std::uint64_t> told{0};

  std::uint64_t counter(std::uint32_t /*asked*/) const { return asked.load(std::memory_order_acquire); }
  psyne::Result<psyne::Token> post(std::span<const Put> /*none*/, const Signal& signal) {
    told.store(signal.value, std::memory_order_relaxed);
    return psyne::Token{1};
  }
};

/// One thread releases just when the service thread has been rung by the question.
template <class Atomics>
void release_while_asked() {
  AskingLink link;
  psyne::WireCredit<AskingLink, Lock, Atomics> credit{~std::uint64_t{0}};
  credit.connect(link);
  ExplorerAtomics::Thread elsewhere([&] { credit.release(8); });
  link.asked.store(9, std::memory_order_release);
  credit.settle();
  elsewhere.join();
  require(link.told.load(std::memory_order_relaxed) == 9, "who asked is told");
}

TEST(WireLaneExplored, AReleaseAndTheQuestionDoNotMissEachOther) {
  expect_sound("wire credit", release_while_asked<ExplorerAtomics>, deep());
  expect_found("wire credit, without its heavy barrier", release_while_asked<HeavyBarrierMissing>, "who asked is told");
  expect_found("wire credit, without its light barrier", release_while_asked<LightBarrierMissing>, "who asked is told");
}

/// What a full queue turned away arrives though the sender's thread never calls again.
template <Bug bug = Bug::none>
void send_and_turn_away() {
  WireLane lane(WireBug::none, bug);
  lane.sending.send(0);
  require(lane.receiving.wait() == Look::record && lane.receiving.front() == 0, "it arrives");
  lane.receiving.reader().pop();
  require(lane.receiving.look() == Look::empty, "and no other");
  lane.over();
}

TEST(WireLaneExplored, ALastRecordArrivesThoughItsSenderIsAway) {
  expect_sound("wire lane, its sender is away", send_and_turn_away<>, deep());
  expect_found("wire lane, its service thread does not carry", send_and_turn_away<Bug::service_looks_at_nothing>,
               "sleeps");
}

}  // namespace
