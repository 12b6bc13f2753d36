// Consumers that write anything into every word they own, between the calls of a writer: the writer stays inside its
// ring and comes back from every call, and whoever reads after them finds whole records up to the last one.
#include <psyne/core/lane/lane_reader.hpp>
#include <psyne/core/lane/lane_writer.hpp>

#include "input.hpp"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

namespace {

using psyne::ConsumerBlock;
using psyne::FixedRecords;
using psyne::LaneReader;
using psyne::LaneWriter;
using psyne::Look;
using psyne::ProducerBlock;
using psyne::VariableRecords;
using psyne_fuzz::Input;

constexpr std::uint64_t capacity = 4096;

void check(bool promise) {
  if (!promise) std::abort();
}

/// Exactly a ring, so that a sanitizer sees the first byte beyond it.
std::byte* ring() {
  static std::byte* const memory = new (std::align_val_t(64)) std::byte[capacity];
  return memory;
}

/// A receiver over a wire, which tells what it likes.
struct Liar final : psyne::LaneWire {
  void wake() noexcept override {}
  std::uint64_t credit(std::uint64_t) noexcept override { return told; }
  std::uint64_t reached() noexcept override { return told; }
  std::uint64_t told = 0;
  bool there = false;
  ConsumerBlock<> block;
};

struct Quiet final : psyne::LaneSource {
  std::uint64_t arrived() noexcept override { return 0; }
  std::uint64_t closed_at() noexcept override { return ProducerBlock<>::open; }
  void credit(std::uint64_t) noexcept override {}
  void wake() noexcept override {}
};

template <class Records>
class Lane {
 public:
  explicit Lane(Input& input) : input_(input), writer_(producer_, ring(), capacity) {}

  void run() {
    for (int step = 0; step < 512 && !input_.empty(); ++step) {
      input_.take<std::uint8_t>() % 3 == 0 ? lie() : write();
      check(writer_.oldest() <= writer_.position() || writer_.readers() > 0);
    }
    for (Liar& liar : liars_) leave(liar, true);
    check(writer_.oldest() <= writer_.position() && writer_.position() - writer_.oldest() <= capacity);
    read_all();
    std::uint64_t kept = 0;
    while (const auto record = writer_.oldest_kept()) {
      check(record->size() <= capacity && ++kept <= capacity / 8);
      writer_.forget_oldest();
    }
    check(writer_.oldest() == writer_.position());
  }

 private:
  std::uint64_t longest() const { return psyne::longest_payload(capacity); }
  std::uint64_t bytes() {
    if constexpr (std::is_same_v<Records, FixedRecords<8, 8>>) return 8;
    if constexpr (std::is_same_v<Records, FixedRecords<100, 64>>) return 100;
    return input_.take<std::uint16_t>() % (longest() + 1);
  }

  void join(Liar& liar, bool mapped) {
    if (liar.there) return;
    liar.there = true;
    liar.told = 0;
    for (auto* word : {&liar.block.cursor, &liar.block.taken, &liar.block.claim}) word->store(0);
    writer_.add_reader(mapped ? &liar.block : nullptr, liar, writer_.oldest());
  }
  void leave(Liar& liar, bool again) {
    if (!liar.there) return;
    liar.there = false;
    check(writer_.remove_reader(liar, again) <= capacity / 8);
  }

  void lie() {
    const auto how = input_.take<std::uint8_t>();
    Liar& liar = liars_[how % liars_.size()];
    switch (how / 4 % 7) {
      case 0: return liar.block.cursor.store(input_.position(writer_.position()));
      case 1: return liar.block.taken.store(input_.position(writer_.position()));
      case 2: return liar.block.claim.store(input_.position(writer_.position()));
      case 3: return liar.block.asleep.store(input_.take<std::uint32_t>());
      case 4: liar.told = input_.position(writer_.position()); return;
      case 5: return join(liar, how < 192);
      default: return leave(liar, how < 128);
    }
  }

  // Nothing that a payload holds looks like a word.
  static void fill(std::byte* place, std::uint64_t count) { std::fill_n(place, count, std::byte{0x54}); }

  void write() {
    const auto how = input_.take<std::uint8_t>();
    switch (how % 6) {
      case 0: return static_cast<void>(writer_.drop_oldest(bytes()));
      case 1: return how < 128 ? writer_.announce_sleep() : writer_.end_sleep();
      case 2: return static_cast<void>(writer_.released());
      case 3: return write_many(how);
      default: break;
    }
    const std::uint64_t count = bytes();
    std::byte* place = writer_.try_reserve(count);
    if (place == nullptr) return;
    fill(place, count);
    if (how < 224) writer_.commit(count);
  }

  void write_many(std::uint8_t how) {
    if constexpr (Records::fixed) {
      const std::size_t count = writer_.try_reserve_many(how, bytes());
      for (std::size_t i = 0; i < count; ++i) fill(writer_.reserved(i), bytes());
      writer_.commit_many(count, bytes());
    } else {
      const std::vector<std::byte> payload(bytes(), std::byte{0x54});
      if (writer_.try_reserve(payload.size()) == nullptr) return;
      writer_.fill(payload);
      writer_.commit(payload.size());
    }
  }

  // What an honest successor sees.
  void read_all() {
    Quiet source;
    ConsumerBlock<> block;
    LaneReader<Records> reader(&producer_, ring(), capacity, block, source,
                               {.from = writer_.oldest(), .most_held = 2, .lossy = false});
    Look look = reader.look();
    for (std::uint64_t records = 0; look == Look::record && records <= capacity / 8; ++records) {
      for (const std::byte byte : reader.front()) check(byte == std::byte{0x54});
      reader.pop();
      look = reader.look();
    }
    check(look == Look::empty && reader.position() == writer_.position());
    check(reader.retire());
  }

  Input& input_;
  ProducerBlock<> producer_;
  std::array<Liar, 3> liars_;
  LaneWriter<Records> writer_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  std::memset(ring(), 0, capacity);
  switch (input.take<std::uint8_t>() % 3) {
    case 0: Lane<FixedRecords<8, 8>>(input).run(); break;
    case 1: Lane<FixedRecords<100, 64>>(input).run(); break;
    default: Lane<VariableRecords>(input).run(); break;
  }
  return 0;
}
