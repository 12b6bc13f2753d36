// A producer that writes anything into every word it owns, between the calls of a reader: the reader stays inside the
// ring, comes back from every call, and reads whatever it finds as messages without leaving them.
#include <psyne/core/channel/unpacking.hpp>
#include <psyne/core/lane/lane_reader.hpp>

#include "../core/message/look.hpp"
#include "input.hpp"

#include <cstdlib>
#include <memory>
#include <new>
#include <vector>

namespace {

using psyne::ConsumerBlock;
using psyne::FixedRecords;
using psyne::LaneReader;
using psyne::Look;
using psyne::ProducerBlock;
using psyne::Record;
using psyne::VariableRecords;
using psyne_fuzz::Input;

constexpr std::uint64_t capacity = 4096;
constexpr std::size_t most_held = 8;

void check(bool promise) {
  if (!promise) std::abort();
}

/// Exactly a ring, so that a sanitizer sees the first byte beyond it.
std::byte* ring() {
  static std::byte* const memory = new (std::align_val_t(64)) std::byte[capacity];
  return memory;
}

/// The producer's other end is also a wire, which tells what it likes.
struct Liar final : psyne::LaneSource {
  explicit Liar(Input& from) : input(&from) {}
  std::uint64_t arrived() noexcept override { return at = input->position(at); }
  std::uint64_t closed_at() noexcept override { return input->position(at); }
  void credit(std::uint64_t) noexcept override {}
  void wake() noexcept override {}
  Input* input;
  std::uint64_t at = 0;
};

volatile std::uint64_t seen = 0;

void look_at(std::span<const std::byte> bytes) { seen = seen + psyne_test::look(bytes); }

template <class T>
void read_as(std::span<const std::byte> payload) {
  const auto message = psyne::Message<T>::read(payload);
  if (message) seen = seen + psyne_test::look(*message);
}

using Read = void (*)(std::span<const std::byte>);
constexpr Read readers[] = {look_at,
                            read_as<psyne::Tensor>,
                            read_as<psyne::CsrMatrix>,
                            read_as<psyne::CooMatrix>,
                            read_as<psyne::Gradient>,
                            read_as<psyne::Batch<psyne::FloatVector>>};

template <class Records>
class Lane {
 public:
  Lane(Input& input, bool lossy, bool mapped, bool packs)
      : input_(input),
        source_(input),
        reader_(mapped ? &producer_ : nullptr, ring(), capacity, consumer_, source_,
                {.from = begin(input), .most_held = most_held, .lossy = lossy && mapped, .packs = packs}) {}

  void run() {
    for (int step = 0; step < 512 && !input_.empty(); ++step) {
      source_.at = reader_.position();
      input_.take<std::uint8_t>() % 2 == 0 ? lie() : read();
    }
    bool over = reader_.retire();
    for (const std::uint32_t view : held_) {
      check(!over);
      over = reader_.release(view);
    }
    check(over);
  }

 private:
  // What the handshake, or the block, told; the lane's own check is in the first look.
  static std::uint64_t begin(Input& input) {
    return input.take<std::uint8_t>() % 8 == 0 ? input.take<std::uint64_t>() : psyne::first_word<Records>;
  }

  void store(std::uint64_t offset, std::uint64_t word) { std::memcpy(ring() + offset % (capacity - 7), &word, 8); }

  void lie() {
    const std::uint64_t position = reader_.position();
    switch (input_.take<std::uint8_t>() % 11) {
      case 0: return store(input_.take<std::uint16_t>(), input_.take<std::uint64_t>());
      // What the reader takes for committed, of any length.
      case 1: return store(position & (capacity - 1), Record::word(position, input_.take<std::uint32_t>()));
      case 2: return store(position & (capacity - 1), Record::word(position, input_.take<std::uint8_t>()));
      case 3: return store(position & (capacity - 1), Record::word(position, Record::padding));
      case 9:
        return store(position & (capacity - 1), Record::word(position, Record::packed | input_.take<std::uint8_t>()));
      case 4: return producer_.closed_at.store(input_.position(position));
      case 5: return producer_.floor.store(input_.position(position));
      case 6: return producer_.asleep.store(input_.take<std::uint32_t>());
      case 7: return producer_.under_way.store(Record::word(position, input_.take<std::uint32_t>()));
      case 8: return producer_.filled.store(input_.position(position));
      default: return producer_.under_way.store(input_.take<std::uint64_t>());
    }
  }

  void read() {
    const auto how = input_.take<std::uint8_t>();
    switch (how % 4) {
      case 0: return look_at(reader_.under_way().filled);
      case 1: return release(how);
      case 2: return how < 128 ? reader_.announce_sleep() : reader_.end_sleep();
      default: break;
    }
    const Look look = reader_.look();
    const std::uint64_t position = reader_.position();
    if (look != Look::record) return;
    if (!look_at_packed()) readers[how / 4 % std::size(readers)](reader_.front());
    if (how < 96) {
      reader_.pop();
    } else if (how < 160 && reader_.can_hold()) {
      reader_.step();
      held_.push_back(reader_.hold());
    } else {
      reader_.step();
    }
    check(reader_.position() > position || position > ~std::uint64_t{0} - 2 * capacity);
  }

  // As TypedLane does; the producer may have written anything there since the look.
  bool look_at_packed() {
    if constexpr (Records::fixed) {
      return false;
    } else {
      if (!reader_.packed()) return false;
      check(reader_.unpacked_bytes() <= psyne::longest_payload(capacity));
      check(reader_.front().size() > psyne::PackedRecord::header_bytes);
      const auto room = unpacking_.room(reader_.unpacked_bytes(), reader_.front_end(), reader_.given_back());
      const auto packed = reader_.front().subspan(psyne::PackedRecord::header_bytes);
      if (!room.empty() && unpacking_.unpack(packed, room)) look_at(room);
      return true;
    }
  }

  void release(std::uint8_t which) {
    if (held_.empty()) return;
    const std::size_t index = which % held_.size();
    check(!reader_.release(held_[index]));
    held_.erase(held_.begin() + static_cast<std::ptrdiff_t>(index));
  }

  Input& input_;
  Liar source_;
  ProducerBlock<> producer_;
  ConsumerBlock<> consumer_;
  LaneReader<Records> reader_;
  psyne::Unpacking unpacking_{psyne::Compress::lz4, capacity};
  std::vector<std::uint32_t> held_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Input input(data, size);
  std::memset(ring(), 0, capacity);
  const auto mode = input.take<std::uint8_t>();
  const bool lossy = (mode & 4) != 0, mapped = (mode & 8) == 0, packs = (mode & 16) != 0;
  switch (mode % 4) {
    case 0: Lane<FixedRecords<8, 8>>(input, lossy, mapped, packs).run(); break;
    case 1: Lane<FixedRecords<24, 8>>(input, lossy, mapped, packs).run(); break;
    case 2: Lane<FixedRecords<100, 64>>(input, lossy, mapped, packs).run(); break;
    default: Lane<VariableRecords>(input, lossy, mapped, packs).run(); break;
  }
  return 0;
}
