#include <psyne/collectives/bootstrap/store/store_query.hpp>

#include <algorithm>
#include <cstring>

namespace psyne::inline v0 {

namespace {

struct QueryHeader {
  std::uint64_t store = 0;
  std::int64_t delta = 0;
  std::uint32_t keys = 0;
  std::uint8_t kind = 0;
  std::uint8_t zero[3] = {};
};

using KeyLength = std::uint16_t;

Error nonsense(const char* why) { return Error(Code::corrupted, "cannot read a question to the store").because(why); }

}  // namespace

std::size_t StoreQuery::bytes() const noexcept {
  std::size_t sum = sizeof(QueryHeader) + value.size();
  for (const std::string& key : keys) sum += sizeof(KeyLength) + key.size();
  return sum;
}

void StoreQuery::write(std::span<std::byte> room) const {
  const auto put = [&](const void* from, std::size_t size) {
    if (size > 0) std::memcpy(room.data(), from, size);
    room = room.subspan(size);
  };
  const QueryHeader header{.store = store,
                           .delta = delta,
                           .keys = static_cast<std::uint32_t>(keys.size()),
                           .kind = static_cast<std::uint8_t>(kind)};
  put(&header, sizeof header);
  for (const std::string& key : keys) {
    const auto length = static_cast<KeyLength>(key.size());
    put(&length, sizeof length);
    put(key.data(), key.size());
  }
  put(value.data(), value.size());
}

Result<StoreQuery> StoreQuery::read(std::span<const std::byte> bytes) {
  QueryHeader header;
  if (bytes.size() < sizeof header) return nonsense("it is too short");
  std::memcpy(&header, bytes.data(), sizeof header);
  bytes = bytes.subspan(sizeof header);
  if (header.kind > static_cast<std::uint8_t>(Kind::missing)) return nonsense("it asks for what there is not");
  if (header.keys > most_keys) return nonsense("it has too many keys");
  StoreQuery query{.kind = static_cast<Kind>(header.kind), .store = header.store, .delta = header.delta};
  for (std::uint32_t i = 0; i < header.keys; ++i) {
    KeyLength length = 0;
    if (bytes.size() < sizeof length) return nonsense("a key is cut off");
    std::memcpy(&length, bytes.data(), sizeof length);
    bytes = bytes.subspan(sizeof length);
    if (bytes.size() < length) return nonsense("a key is cut off");
    query.keys.emplace_back(reinterpret_cast<const char*>(bytes.data()), length);
    bytes = bytes.subspan(length);
  }
  const bool needs_one = query.kind == Kind::set || query.kind == Kind::get || query.kind == Kind::add;
  if (needs_one && query.keys.size() != 1) return nonsense("it has not one key");
  query.value = bytes;
  return query;
}

}  // namespace psyne::inline v0
