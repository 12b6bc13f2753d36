// A sender that says of its compressed messages whatever it likes: its receiver tells, reads nothing from elsewhere,
// and goes on with others.
#include <psyne/core/channel/lane_offer.hpp>
#include <psyne/core/compression/packed_record.hpp>
#include <psyne/core/compression/packer.hpp>
#include <psyne/core/lane/blocks.hpp>
#include <psyne/core/lane/record.hpp>

#include "bytes.hpp"
#include "channel/process.hpp"
#include "channel/schemes.hpp"
#include "eventually.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace {

using namespace std::chrono_literals;
using psyne::ByteVector;
using psyne::Code;
using psyne::Compress;
using psyne::Link;
using psyne::PackedRecord;
using psyne::ProducerBlock;
using psyne::Receiver;
using psyne::Record;
using psyne::Result;
using psyne::Sender;
using psyne::VariableRecords;
using psyne_test::Bytes;
using psyne_test::words;

constexpr std::uint64_t ring_bytes = 16'384;
constexpr std::uint64_t first = psyne::first_word<VariableRecords>;

/// Meets like a sender of ByteVectors over shared memory, then writes what the test says.
class Stranger final : public psyne::Host {
 public:
  explicit Stranger(const std::string& uri, Compress codec = Compress::lz4)
      : codec_(codec),
        memory_(std::make_shared<psyne::Region>(
            psyne::Region::allocate(ProducerBlock<>::ring_offset + ring_bytes, "stranger", {.shareable = true})
                .value())) {
    new (&block()) ProducerBlock<>;
    const auto parsed = psyne::Uri::parse(uri).value();
    presence_ = psyne::transport_for(parsed.scheme()).value()->appear(parsed, psyne::Side::offering, *this, {}).value();
  }
  ~Stranger() override { presence_.reset(); }

  std::byte* ring() { return memory_->bytes().data() + ProducerBlock<>::ring_offset; }
  /// A record of `length` as the word tells it, with `content` as far as there is some; returns where the next begins.
  std::uint64_t write(std::uint64_t position, std::uint32_t length, const Bytes& content) {
    std::ranges::copy(content, ring() + position + Record::word_bytes);
    const std::uint64_t word = Record::word(position, length);
    std::atomic_ref(*reinterpret_cast<std::uint64_t*>(ring() + position)).store(word, std::memory_order_release);
    return VariableRecords::next(position, length & ~Record::packed);
  }
  bool alive() const {
    return !admitted_.load(std::memory_order_acquire) || link_->peer_state() == psyne::PeerState::alive;
  }

  Result<psyne::Greeting> offer(Link& link) override {
    psyne::LaneOffer offer;
    offer.type = {.schema = psyne::Message<ByteVector>::schema,
                  .description = psyne::Message<ByteVector>::describe(),
                  .payload = 0,
                  .alignment = 64};
    offer.compress = codec_;
    offer.capacity = ring_bytes;
    offer.pid = getpid();
    offer.sender = {1};
    offer.delivery = psyne::Delivery::all;
    offer.name = "stranger";
    psyne::Greeting greeting{.bytes = offer.encode(), .spans = {}};
    auto span = link.expose(*memory_, psyne::Access::read);
    if (!span) return span.error();
    span->owner = memory_;
    greeting.spans.push_back(std::move(*span));
    return greeting;
  }
  Result<void> admit(std::unique_ptr<Link>& link, psyne::Greeting /*answer*/) override {
    link_ = std::move(link);
    admitted_.store(true, std::memory_order_release);
    block().joined_at[0].store(first + 1, std::memory_order_release);
    link_->wake();
    return {};
  }
  Result<psyne::Greeting> answer(Link& /*link*/, psyne::Greeting /*offer*/) override { return Code::incompatible; }
  void welcome(std::unique_ptr<Link> /*link*/) override {}
  void missed(const Link* /*link*/, const psyne::Error& /*error*/) override {}

 private:
  ProducerBlock<>& block() { return *reinterpret_cast<ProducerBlock<>*>(memory_->bytes().data()); }

  const Compress codec_;
  const std::shared_ptr<psyne::Region> memory_;
  std::unique_ptr<Link> link_;
  std::atomic<bool> admitted_{false};  // by the service thread
  std::unique_ptr<psyne::Presence> presence_;
};

/// As a sender would write it, but for the length that is said.
Bytes packed(const Bytes& message, std::uint64_t said, Compress codec = Compress::lz4) {
  Bytes content(PackedRecord::header_bytes + 2 * message.size() + 100);
  PackedRecord::write_length(content.data(), said);
  psyne::Packer packer(codec, 1);
  content.resize(PackedRecord::header_bytes +
                 packer.pack(message, std::span(content).subspan(PackedRecord::header_bytes)));
  return content;
}

class HostileCompression : public psyne_test::OverEveryScheme {};
INSTANTIATE_TEST_SUITE_P(Mapped, HostileCompression, testing::Values("memory", "ipc"), psyne_test::scheme_name);

using Receive = std::function<psyne::Error(Receiver<ByteVector>&)>;

/// Every way to receive, each until an error or a good end.
std::vector<Receive> ways() {
  return {[](Receiver<ByteVector>& from) { return from.receive(20s).error(); },
          [](Receiver<ByteVector>& from) {
            Bytes buffer(ring_bytes);
            const auto got = from.receive_into(std::span(buffer), 20s);
            return got ? psyne::Error(Code::invalid_state) : got.error();
          },
          [](Receiver<ByteVector>& from) { return from.receive_batch(8, 20s).error(); },
          [](Receiver<ByteVector>& from) { return from.receive_async(20s).result().error(); },
          [](Receiver<ByteVector>& from) -> psyne::Error {
            for (const auto& message : from) return psyne::Error(message.empty() ? Code::closed : Code::invalid_state);
            return from.status().error();
          }};
}

struct Lie {
  std::string what;
  std::uint32_t length;
  Bytes content;
};

std::vector<Lie> lies() {
  const Bytes message = words(4000);
  const Bytes good = packed(message, 4000);
  const auto length = [](const Bytes& content) { return static_cast<std::uint32_t>(content.size()) | Record::packed; };
  std::vector<Lie> all;
  const auto say = [&](std::string what, Bytes content) {
    const std::uint32_t its_length = length(content);
    all.push_back({std::move(what), its_length, std::move(content)});
  };
  say("becomes less than it says", packed(message, 4001));
  say("becomes more than it says", packed(message, 3999));
  say("a bomb", packed(message, std::uint64_t{1} << 40));
  say("just more than the ring takes", packed(message, ring_bytes / 2 + 1));
  say("no shorter than it was", packed(message, good.size()));
  say("says nothing", packed(message, 0));
  say("wraps around", packed(message, ~std::uint64_t{0}));
  say("truncated", Bytes(good.begin(), good.end() - 1));
  say("a header alone", Bytes(good.begin(), good.begin() + 8));
  say("half a header", Bytes(good.begin(), good.begin() + 4));
  say("nothing at all", {});
  say("of another codec", packed(message, 4000, Compress::zstd));
  Bytes garbage = psyne_test::noise(good.size());
  PackedRecord::write_length(garbage.data(), 4000);
  say("garbage", std::move(garbage));
  all.push_back({"longer than the ring", (std::uint32_t{ring_bytes} + 100) | Record::packed, good});
  return all;
}

TEST_P(HostileCompression, ALieEndsItsLaneAndOthersGoOn) {
  for (const Lie& lie : lies()) {
    int number = 0;
    for (const Receive& receive : ways()) {
      const std::string name = uri();
      auto receiver = Receiver<ByteVector>::open(name, {.delivery = psyne::Delivery::all}).value();
      Stranger stranger(name);
      stranger.write(first, lie.length, lie.content);
      const psyne::Error told = receive(receiver);
      EXPECT_EQ(told, Code::corrupted) << lie.what << ", way " << number << ": " << told.text();
      EXPECT_NE(told.text().find("stranger"), std::string::npos) << told.text();
      EXPECT_EQ(receiver.senders(), 0U);
      auto honest =
          Sender<ByteVector>::open(name, {.delivery = psyne::Delivery::all, .compress = Compress::lz4}).value();
      honest.send(words(50'000), 20s).value();
      auto good = receiver.receive(20s);
      while (good.error() == Code::closed) good = receiver.receive(20s);  // until the honest one was taken in
      ASSERT_TRUE(good) << good.error().text();
      EXPECT_TRUE(std::ranges::equal(*good, words(50'000)));
      ++number;
    }
  }
}

TEST_P(HostileCompression, ALaneThatSaidNothingOfACodecHasNoCompressedRecords) {
  const std::string name = uri();
  auto receiver = Receiver<ByteVector>::open(name, {.delivery = psyne::Delivery::all}).value();
  Stranger stranger(name, Compress::none);
  const Bytes content = packed(words(4000), 4000);
  stranger.write(first, static_cast<std::uint32_t>(content.size()) | Record::packed, content);
  EXPECT_EQ(receiver.receive(20s).error(), Code::corrupted);
}

// What was taken before a lie stays good.
TEST_P(HostileCompression, ViewsOfBeforeALieStay) {
  const std::string name = uri();
  auto receiver = Receiver<ByteVector>::open(name, {.delivery = psyne::Delivery::all}).value();
  std::optional<Stranger> stranger(std::in_place, name);
  const Bytes good = packed(words(4000), 4000);
  const auto length = static_cast<std::uint32_t>(good.size()) | Record::packed;
  // The last first: they are seen together.
  const std::uint64_t second = VariableRecords::next(first, good.size());
  const std::uint64_t third = VariableRecords::next(second, good.size());
  stranger->write(third, length, packed(words(4000), 4001));
  stranger->write(second, length, good);
  stranger->write(first, length, good);
  auto batch = receiver.receive_batch(8, 20s);
  ASSERT_TRUE(batch) << batch.error().text();
  EXPECT_EQ(batch.size(), 2U);
  EXPECT_EQ(receiver.receive(20s).error(), Code::corrupted);
  stranger.reset();
  for (const auto view : batch) EXPECT_TRUE(std::ranges::equal(view, words(4000)));
}

// Between a look at a record and its unpacking, and while it is unpacked, another process may write there what it
// likes.
TEST(HostileCompressionOfProcesses, ARecordThatChangesWhileItIsReadHurtsNobody) {
  const std::string name = psyne_test::fresh_uri();
  const psyne_test::Process scribbling([&] {
    std::mt19937 random(7);
    for (;;) {
      Stranger stranger(name, random() % 2 == 0 ? Compress::lz4 : Compress::zstd);
      const Bytes good = packed(words(1500), 1500);
      const Bytes other = packed(words(1500), 1500, Compress::zstd);
      const auto write_all = [&] {
        for (std::uint64_t position = first; position + 2048 < ring_bytes;) {
          const Bytes& content = random() % 2 == 0 ? good : other;
          const std::uint32_t flag = random() % 16 == 0 ? 0 : Record::packed;
          position = stranger.write(position, static_cast<std::uint32_t>(content.size()) | flag, content);
        }
      };
      write_all();
      for (int change = 0; change < 20'000 && stranger.alive(); ++change) {
        const std::uint64_t at = random() % (ring_bytes - 8);
        if (change % 64 == 0) write_all();
        if (change % 2 == 0) {
          stranger.ring()[at] = static_cast<std::byte>(random());
        } else {
          const std::uint64_t word = first + at / 64 * 64;
          if (word + 8 <= ring_bytes) stranger.write(word, random() % 4 < 2 ? 3 : 40 | Record::packed, {});
        }
      }
    }
    return 0;
  });
  auto receiver =
      Receiver<ByteVector>::open(name, {.delivery = psyne::Delivery::all, .wait_for_senders = true}).value();
  Bytes buffer(ring_bytes);
  int messages = 0, lies = 0;
  for (int round = 0; round < 100'000 && (messages < 200 || lies < 20); ++round) {
    psyne::Error error(Code::invalid_state);
    if (round % 3 == 0) {
      const auto got = receiver.receive_into(std::span(buffer), 20s);
      if (!got) error = got.error();
    } else if (round % 3 == 1) {
      const auto got = receiver.receive_batch(4, 20s);
      if (!got) error = got.error();
    } else {
      const auto got = receiver.receive(20s);
      if (!got) error = got.error();
    }
    ASSERT_NE(error, Code::timed_out) << messages << " messages, " << lies << " lies";
    messages += error == Code::invalid_state ? 1 : 0;
    lies += error == Code::corrupted ? 1 : 0;
  }
  EXPECT_GE(lies, 1);
  EXPECT_GE(messages, 1);
}

}  // namespace
