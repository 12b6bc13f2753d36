// A peer over a wire that says of its lane whatever it likes: the other side tells, stays inside its memory, and goes
// on with others.
#include <psyne/core/channel/lane_offer.hpp>
#include <psyne/core/channel/wire_counters.hpp>
#include <psyne/core/lane/record.hpp>

#include "schemes.hpp"
#include "virtual_simulation.hpp"

#include <chrono>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Link;
using psyne::Receiver;
using psyne::Result;
using psyne::Sender;
using psyne::WireCounter;
using psyne_test::Tick;
using psyne_test::VirtualSimulation;

constexpr std::uint64_t ring_bytes = 4096;
constexpr std::uint64_t stride = 24;  // of a Tick

std::string wire_uri() {
  static int names = 0;
  return "sim://hostile-" + std::to_string(++names);
}

/// Meets like a sender or a receiver of Ticks, then does as the test says.
class Stranger final : public psyne::Host {
 public:
  Stranger(const std::string& uri, psyne::Side side, std::size_t exposes = ring_bytes)
      : memory_(std::make_shared<psyne::Region>(psyne::Region::allocate(exposes, "stranger").value())) {
    presence_ = psyne::transport_for("sim").value()->appear(psyne::Uri::parse(uri).value(), side, *this, {}).value();
  }

  void disappear() { presence_.reset(); }
  bool met() const { return link_ != nullptr; }
  /// Tells `value` (plus one, as is usual), again while the queue is full.
  void tell(VirtualSimulation& simulation, WireCounter counter, std::uint64_t value, bool attend = false) {
    ASSERT_TRUE(simulation.pass_until([&] {
      return link_->peer_state() != psyne::PeerState::alive ||
             link_->post({}, {.counter = counter_index(counter), .value = value + 1, .wake = true, .attend = attend});
    }));
  }
  void put(VirtualSimulation& simulation, std::span<const std::byte> bytes, std::uint64_t offset) {
    const psyne::Put put{.local = bytes, .remote = &remote_, .offset = offset};
    ASSERT_TRUE(simulation.pass_until([&] {
      return link_->peer_state() != psyne::PeerState::alive || link_->post({&put, 1}, {});
    }));
  }

  Result<psyne::Greeting> offer(Link& /*link*/) override {
    psyne::LaneOffer offer;
    offer.type = {.schema = psyne::Message<Tick>::schema,
                  .description = psyne::Message<Tick>::describe(),
                  .payload = sizeof(Tick),
                  .alignment = 8};
    offer.capacity = ring_bytes;
    offer.sender = {1};
    offer.name = "stranger";
    return psyne::Greeting{.bytes = offer.encode(), .spans = {}};
  }
  Result<void> admit(std::unique_ptr<Link>& link, psyne::Greeting answer) override {
    remote_ = link->attach(std::move(answer.spans.at(0))).value();
    link_ = std::move(link);
    return {};
  }
  Result<psyne::Greeting> answer(Link& link, psyne::Greeting /*offer*/) override {
    psyne::Greeting answer{.bytes = psyne::LaneAnswer{.pid = 1, .receiver = {1}, .name = "stranger"}.encode(),
                           .spans = {}};
    answer.spans.push_back(link.expose(*memory_, psyne::Access::write).value());
    return answer;
  }
  void welcome(std::unique_ptr<Link> link) override { link_ = std::move(link); }
  void missed(const Link* /*link*/, const psyne::Error& error) override { refused = error; }

  std::optional<psyne::Error> refused;

 private:
  std::shared_ptr<psyne::Region> memory_;
  psyne::RemoteRegion remote_;
  std::unique_ptr<Link> link_;
  std::unique_ptr<psyne::Presence> presence_;
};

class HostileWire : public testing::Test {
 protected:
  /// What the receiver says next, messages left aside.
  std::optional<psyne::Error> next_error(Receiver<Tick>& receiver) {
    std::optional<psyne::Error> told;
    simulation.pass_until([&] {
      auto tick = receiver.try_receive();
      if (!tick && tick.error() != Code::would_block) told = tick.error();
      return told.has_value();
    });
    return told;
  }

  VirtualSimulation simulation;
};

struct Lie {
  const char* what;
  std::uint64_t joined_at;
  std::vector<std::uint64_t> arrived;
};

TEST_F(HostileWire, ASenderThatLiesIsToldAndOthersGoOn) {
  for (const auto& [what, joined_at, arrived] :
       {Lie{"begins between two places", 3, {3 + stride}},
        {"begins between two places at the end of the ring", ring_bytes - 1, {}},
        {"more than a ring has arrived", 0, {ring_bytes + 8}},
        {"far more", 0, {std::uint64_t{1} << 62}},
        {"less than before", 8 * stride, {7 * stride}}}) {
    const std::string name = wire_uri();
    auto receiver = Receiver<Tick>::open(name).value();
    Stranger stranger(name, psyne::Side::offering);
    ASSERT_TRUE(stranger.met());
    auto honest = Sender<Tick>::open(name, {.linger = 0s}).value();
    stranger.tell(simulation, WireCounter::joined_at, joined_at);
    for (const std::uint64_t position : arrived) stranger.tell(simulation, WireCounter::arrived, position);
    const auto told = next_error(receiver);
    ASSERT_TRUE(told) << what;
    EXPECT_EQ(*told, Code::corrupted) << what << ": " << told->text();
    EXPECT_NE(told->text().find("stranger"), std::string::npos) << told->text();
    ASSERT_TRUE(honest.send({7, 0}));
    EXPECT_TRUE(simulation.pass_until([&] { return static_cast<bool>(receiver.try_receive()); })) << what;
  }
}

// Garbage in every counter and all over the ring: errors or messages, but never a byte from elsewhere.
TEST_F(HostileWire, GarbageFromASenderHurtsNobody) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 300; ++round) {
    const std::string name = wire_uri();
    auto receiver = Receiver<Tick>::open(name).value();
    Stranger stranger(name, psyne::Side::offering);
    const auto number = [&] { return random() % 4 == 0 ? random() : random() % (3 * ring_bytes) / 8 * 8; };
    stranger.tell(simulation, WireCounter::joined_at, random() % 4 == 0 ? number() : 0);
    std::vector<std::uint64_t> words(ring_bytes / 8);
    for (std::size_t i = 0; i < words.size(); ++i) {
      words[i] = random() % 8 == 0 ? random() : psyne::Record::word(i * 8, random() % 8 == 0 ? 0xffffffffU : 16U);
    }
    stranger.put(simulation, std::as_bytes(std::span(words)), 0);
    for (int i = 0; i < 10; ++i) {
      const auto counter = static_cast<WireCounter>(random() % 6);
      stranger.tell(simulation, counter, number(), random() % 2 == 0);
      for (int looks = 0; looks < 300; ++looks) {
        const auto tick = receiver.try_receive();
        if (!tick && tick.error() != Code::corrupted) break;
      }
    }
  }
}

TEST_F(HostileWire, AReceiverThatLiesIsTakenOutAndItsSuccessorGetsAll) {
  for (const std::vector<std::uint64_t>& credits :
       {std::vector<std::uint64_t>{std::uint64_t{1} << 40}, {ring_bytes + stride}, {2 * stride, stride}, {~1ULL}}) {
    const std::string name = wire_uri();
    auto sender = Sender<Tick>::open(name, {.capacity_bytes = ring_bytes, .linger = 0s}).value();
    Stranger stranger(name, psyne::Side::answering);
    ASSERT_TRUE(stranger.met());
    std::uint64_t sent = 0;
    while (sender.try_send({sent, 0})) ++sent;
    for (const std::uint64_t credit : credits) {
      stranger.tell(simulation, WireCounter::credit, credit);
      simulation.pass();
      while (sender.try_send({sent, 0})) ++sent;
    }
    const auto refused = sender.send({sent, 0}, 1ms);
    ASSERT_EQ(refused.error(), Code::corrupted) << refused.error().text();
    EXPECT_NE(refused.error().text().find("stranger"), std::string::npos);
    EXPECT_EQ(sender.receivers(), 0U);

    stranger.disappear();
    auto receiver = Receiver<Tick>::open(name).value();
    std::optional<std::uint64_t> next;
    EXPECT_TRUE(simulation.pass_until([&] {
      while (auto tick = receiver.try_receive()) {
        EXPECT_EQ(tick->number, next.value_or(credits.size() > 1 ? 2 : 0));  // two were rightly given back
        next = tick->number + 1;
      }
      return next == sent;
    }));
  }
}

TEST_F(HostileWire, GarbageFromAReceiverHurtsNobody) {
  std::mt19937_64 random(2);
  for (int round = 0; round < 300; ++round) {
    const std::string name = wire_uri();
    auto sender = Sender<Tick>::open(name, {.capacity_bytes = ring_bytes, .linger = 0s}).value();
    Stranger stranger(name, psyne::Side::answering);
    std::uint64_t sent = 0;
    for (int i = 0; i < 10; ++i) {
      while (sent < 2000 && sender.try_send({sent, 0})) ++sent;
      const auto counter = static_cast<WireCounter>(random() % 6);
      stranger.tell(simulation, counter, random() % 4 == 0 ? random() : random() % (2 * ring_bytes), random() % 2 == 0);
      simulation.pass();
    }
    EXPECT_GE(sent, ring_bytes / stride - 2);
    static_cast<void>(sender.close(0s).has_value());
  }
}

TEST_F(HostileWire, AReceiverThatExposesTooLittleIsNotLetIn) {
  const std::string name = wire_uri();
  auto sender = Sender<Tick>::open(name, {.capacity_bytes = 2 * ring_bytes, .linger = 0s}).value();
  Stranger stranger(name, psyne::Side::answering, ring_bytes);
  EXPECT_FALSE(stranger.met());
  ASSERT_TRUE(stranger.refused);
  EXPECT_EQ(sender.receivers(), 0U);
}

}  // namespace
