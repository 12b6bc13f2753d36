#include <psyne/core/channel/lane_offer.hpp>
#include <psyne/core/lane/blocks.hpp>
#include <psyne/core/lane/record.hpp>

#include <algorithm>
#include <bit>
#include <cstring>
#include <type_traits>
#include <utility>

namespace psyne::inline v0 {

namespace {

constexpr std::size_t longest_text = 512;

class Writer {
 public:
  template <class Number>
  void number(Number value) {
    static_assert(std::is_trivially_copyable_v<Number> && std::endian::native == std::endian::little);
    const auto* begin = reinterpret_cast<const std::byte*>(&value);
    bytes_.insert(bytes_.end(), begin, begin + sizeof value);
  }
  void text(const std::string& value) {
    const std::size_t length = std::min(value.size(), longest_text);
    number(static_cast<std::uint16_t>(length));
    const auto* begin = reinterpret_cast<const std::byte*>(value.data());
    bytes_.insert(bytes_.end(), begin, begin + length);
  }
  std::vector<std::byte> take() { return std::move(bytes_); }

 private:
  std::vector<std::byte> bytes_;
};

class Reader {
 public:
  explicit Reader(std::span<const std::byte> bytes) : left_(bytes) {}
  template <class Number>
  Number number() {
    Number value{};
    if (left_.size() < sizeof value) {
      good_ = false;
      return value;
    }
    std::memcpy(&value, left_.data(), sizeof value);
    left_ = left_.subspan(sizeof value);
    return value;
  }
  std::string text() {
    const std::size_t length = number<std::uint16_t>();
    if (length > longest_text || left_.size() < length) {
      good_ = false;
      return {};
    }
    std::string value(reinterpret_cast<const char*>(left_.data()), length);
    left_ = left_.subspan(length);
    // It will be shown to people: a peer does not get to move their cursor.
    std::ranges::replace_if(
        value, [](char letter) { return static_cast<unsigned char>(letter) < ' '; }, '?');
    return value;
  }
  bool finished() const { return good_ && left_.empty(); }
  bool good() const { return good_; }

 private:
  std::span<const std::byte> left_;
  bool good_ = true;
};

Result<void> check_version(Reader& reader, const char* whose) {
  const auto version = reader.number<std::uint32_t>();
  if (!reader.good()) return Error(Code::corrupted, "cannot read what the peer told of its lane");
  if (version == lane_layout_version) return {};
  return Error(Code::incompatible, "cannot share a lane")
      .because("the " + std::string(whose) + " uses lane layout " + std::to_string(version) +
               " and this program layout " + std::to_string(lane_layout_version))
      .mend("Rebuild one of them with the other's psyne.");
}

bool may_compress(const LaneOffer& offer) {
  return offer.type.payload == 0 && offer.capacity <= Record::largest_packing_ring;
}

}  // namespace

std::vector<std::byte> LaneOffer::encode() const {
  Writer writer;
  writer.number(lane_layout_version);
  writer.number(type.schema);
  writer.number(type.payload);
  writer.number(type.alignment);
  writer.number(static_cast<std::uint8_t>(delivery));
  writer.number(static_cast<std::uint8_t>(lossy));
  writer.number(static_cast<std::uint8_t>(compress));
  writer.number(capacity);
  writer.number(reader);
  writer.number(pid);
  writer.number(sender.value);
  writer.text(type.description);
  writer.text(name);
  return writer.take();
}

Result<LaneOffer> LaneOffer::decode(std::span<const std::byte> bytes) {
  Reader reader(bytes);
  if (auto version = check_version(reader, "sender"); !version) return version.error();
  LaneOffer offer;
  offer.type.schema = reader.number<std::uint64_t>();
  offer.type.payload = reader.number<std::uint32_t>();
  offer.type.alignment = reader.number<std::uint32_t>();
  const auto delivery = reader.number<std::uint8_t>();
  const auto lossy = reader.number<std::uint8_t>();
  const auto compress = reader.number<std::uint8_t>();
  offer.capacity = reader.number<std::uint64_t>();
  offer.reader = reader.number<std::uint32_t>();
  offer.pid = reader.number<std::int64_t>();
  offer.sender.value = reader.number<std::uint64_t>();
  offer.type.description = reader.text();
  offer.name = reader.text();
  const bool sound = reader.finished() && delivery <= static_cast<std::uint8_t>(Delivery::routed) && lossy <= 1 &&
                     std::has_single_bit(offer.capacity) && offer.capacity >= 4096 &&
                     offer.capacity <= Record::largest_ring && offer.reader < ProducerBlock<>::most_readers &&
                     offer.sender && (compress == 0 || may_compress(offer));
  if (!sound) {
    return Error(Code::corrupted, "cannot read what the sender told of its lane")
        .because("it is not what a sender of this version tells");
  }
  if (compress > static_cast<std::uint8_t>(Compress::zstd)) {
    return Error(Code::incompatible, "cannot receive from " + (offer.name.empty() ? "a sender" : offer.name))
        .because("it compresses by codec " + std::to_string(compress) + ", which this program's psyne does not have")
        .mend("Open the sender with compress=lz4 or compress=none, or rebuild the receiver with the sender's psyne.");
  }
  offer.compress = static_cast<Compress>(compress);
  offer.delivery = static_cast<Delivery>(delivery);
  offer.lossy = lossy == 1;
  return offer;
}

std::vector<std::byte> LaneAnswer::encode() const {
  Writer writer;
  writer.number(lane_layout_version);
  writer.number(pid);
  writer.number(receiver.value);
  writer.text(name);
  return writer.take();
}

Result<LaneAnswer> LaneAnswer::decode(std::span<const std::byte> bytes) {
  Reader reader(bytes);
  if (auto version = check_version(reader, "receiver"); !version) return version.error();
  LaneAnswer answer;
  answer.pid = reader.number<std::int64_t>();
  answer.receiver.value = reader.number<std::uint64_t>();
  answer.name = reader.text();
  if (!reader.finished() || !answer.receiver) {
    return Error(Code::corrupted, "cannot read what the receiver told of itself")
        .because("it is not what a receiver of this version tells");
  }
  return answer;
}

}  // namespace psyne::inline v0
