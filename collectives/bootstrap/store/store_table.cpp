#include <psyne/collectives/bootstrap/store/store_table.hpp>
#include <psyne/core/uri/quantity.hpp>
#include <psyne/core/uri/quoted.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <utility>

namespace psyne::inline v0 {

namespace {

Result<void> check_key(std::string_view key) {
  if (key.empty()) return Error(Code::invalid_argument, "cannot use a key of the store").because("it is empty");
  if (key.size() <= StoreLimits::key_bytes) return {};
  return Error(Code::too_large, "cannot use the key " + quoted(key, 40))
      .because("it has " + std::to_string(key.size()) + " bytes, and a key may have " +
               std::to_string(StoreLimits::key_bytes));
}

Error closed_store() { return Error(Code::closed, "cannot use the store").because("it was closed"); }

std::optional<std::int64_t> number_in(std::span<const std::byte> value) {
  const std::string_view text(reinterpret_cast<const char*>(value.data()), value.size());
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

StoreTable::Value value_of(std::span<const std::byte> bytes) {
  return std::make_shared<const std::vector<std::byte>>(bytes.begin(), bytes.end());
}

}  // namespace

Result<void> StoreTable::set(std::string_view key, std::span<const std::byte> value) {
  if (auto checked = check_key(key); !checked) return checked;
  if (value.size() > StoreLimits::value_bytes) {
    return Error(Code::too_large, "cannot set " + quoted(key))
        .because("its value has " + std::to_string(value.size()) + " bytes, and a value may have " +
                 std::to_string(StoreLimits::value_bytes))
        .mend("The store is for addresses: send data by a channel.");
  }
  std::vector<Ready> ready;
  {
    const Lock lock(mutex_);
    if (auto done = put(std::string(key), value_of(value), ready); !done) return done;
  }
  tell(ready);
  return {};
}

Result<std::int64_t> StoreTable::add(std::string_view key, std::int64_t delta) {
  if (auto checked = check_key(key); !checked) return checked.error();
  std::vector<Ready> ready;
  std::int64_t sum = 0;
  {
    const Lock lock(mutex_);
    const auto entry = entries_.find(std::string(key));
    const auto before = entry == entries_.end() ? 0 : number_in(*entry->second);
    const auto cannot = [&](std::string why) {
      return Error(Code::invalid_argument, "cannot add to " + quoted(key)).because(std::move(why));
    };
    if (!before) return cannot("its value is no number");
    if (__builtin_add_overflow(*before, delta, &sum)) return cannot("the sum is out of range");
    const std::string text = std::to_string(sum);
    if (auto done = put(std::string(key), value_of(std::as_bytes(std::span(text))), ready); !done) return done.error();
  }
  tell(ready);
  return sum;
}

Result<void> StoreTable::wait(Client client, std::vector<std::string> keys, Told told) {
  forget(client);
  for (const std::string& key : keys) {
    if (auto checked = check_key(key); !checked) return checked;
  }
  Waiting waiting{.keys = std::move(keys), .told = std::move(told)};
  Value last;
  {
    const Lock lock(mutex_);
    if (closed_) return closed_store();
    last = advance(waiting);
    if (waiting.next < waiting.keys.size()) {
      watched_.emplace(waiting.keys[waiting.next], client);
      waiting_.insert_or_assign(client, std::move(waiting));
      return {};
    }
  }
  waiting.told(std::move(last));
  return {};
}

std::vector<std::uint32_t> StoreTable::missing(std::span<const std::string> keys) const {
  const Lock lock(mutex_);
  std::vector<std::uint32_t> absent;
  for (std::uint32_t place = 0; place < keys.size(); ++place) {
    if (!entries_.contains(keys[place])) absent.push_back(place);
  }
  return absent;
}

void StoreTable::forget(Client client) {
  Told told;
  {
    const Lock lock(mutex_);
    const auto found = waiting_.find(client);
    if (found == waiting_.end()) return;
    unwatch(found->second, client);
    told = std::move(found->second.told);
    waiting_.erase(found);
  }
  told(Error(Code::cancelled, "cannot wait for a key").because("the same client asked for something else"));
}

void StoreTable::close() {
  std::unordered_map<Client, Waiting> waiting;
  {
    const Lock lock(mutex_);
    closed_ = true;
    waiting = std::exchange(waiting_, {});
    watched_.clear();
  }
  for (auto& [client, one] : waiting) one.told(closed_store());
}

std::size_t StoreTable::waiting() const {
  const Lock lock(mutex_);
  return waiting_.size();
}

Result<void> StoreTable::put(const std::string& key, Value value, std::vector<Ready>& ready) {
  if (closed_) return closed_store();
  const auto found = entries_.find(key);
  const std::size_t before = found == entries_.end() ? 0 : found->second->size();
  const std::size_t more = value->size() + (found == entries_.end() ? key.size() + StoreLimits::entry_bytes : 0);
  if (bytes_ - before + more > StoreLimits::total_bytes) {
    return Error(Code::too_large, "cannot set " + quoted(key))
        .because("the store is full: all keys and values may take " + bytes_text(StoreLimits::total_bytes));
  }
  bytes_ = bytes_ - before + more;
  entries_.insert_or_assign(key, std::move(value));
  const auto [first, last] = watched_.equal_range(key);
  std::vector<Client> clients;
  for (auto each = first; each != last; ++each) clients.push_back(each->second);
  watched_.erase(first, last);
  for (const Client client : clients) {
    const auto waiter = waiting_.find(client);
    Value last_value = advance(waiter->second);
    if (waiter->second.next < waiter->second.keys.size()) {
      watched_.emplace(waiter->second.keys[waiter->second.next], client);
    } else {
      ready.push_back({std::move(waiter->second.told), std::move(last_value)});
      waiting_.erase(waiter);
    }
  }
  return {};
}

// Keys never go, so those that were there once are not looked for again. Gives the value of the last that was.
StoreTable::Value StoreTable::advance(Waiting& waiting) const {
  Value last;
  for (; waiting.next < waiting.keys.size(); ++waiting.next) {
    const auto entry = entries_.find(waiting.keys[waiting.next]);
    if (entry == entries_.end()) break;
    last = entry->second;
  }
  return last;
}

void StoreTable::unwatch(const Waiting& waiting, Client client) {
  const auto [first, last] = watched_.equal_range(waiting.keys[waiting.next]);
  const auto own = std::find_if(first, last, [&](const auto& watch) { return watch.second == client; });
  if (own != last) watched_.erase(own);
}

void StoreTable::tell(std::vector<Ready>& ready) {
  for (Ready& one : ready) one.told(std::move(one.value));
}

}  // namespace psyne::inline v0
