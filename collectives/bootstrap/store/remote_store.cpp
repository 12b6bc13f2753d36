#include <psyne/collectives/bootstrap/store/remote_store.hpp>
#include <psyne/core/uri/quoted.hpp>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cstring>
#include <utility>

namespace psyne::inline v0 {

namespace {

template <class T>
Result<T> only(const Result<std::vector<std::byte>>& answer) {
  if (!answer) return answer.error();
  T value{};
  if (answer->size() != sizeof value) {
    return Error(Code::corrupted, "cannot read an answer of the store").because("it has another size");
  }
  std::memcpy(&value, answer->data(), sizeof value);
  return value;
}

std::string address(const std::string& uri) { return uri.substr(0, uri.find('?')); }  // a query may hold secrets

}  // namespace

RemoteStore::RemoteStore(const JobRank& job, Asking requester)
    : requester_(std::move(requester)),
      what_("cannot use the store of the job " + quoted(job.id) + " at " + address(job.store)) {}

Result<std::unique_ptr<RemoteStore>> RemoteStore::open(const JobRank& job, const Wait& wait) {
  auto requester = Asking::open(job.store, {.capacity_bytes = std::bit_ceil(2 * StoreQuery::longest),
                                            .name = "rank " + std::to_string(job.rank)});
  if (!requester) return requester.error();
  std::unique_ptr<RemoteStore> store(new RemoteStore(job, *std::move(requester)));
  const auto number =
      only<std::uint64_t>(store->ask({.kind = StoreQuery::Kind::join, .delta = job.size, .keys = {job.id}}, wait));
  if (!number) return number.error();
  store->number_ = *number;
  return store;
}

Result<void> RemoteStore::set(std::string_view key, std::span<const std::byte> value, const Wait& wait) {
  auto answer = ask({.kind = StoreQuery::Kind::set, .keys = {std::string(key)}, .value = value}, wait);
  if (!answer) return answer.error();
  return {};
}

Result<std::vector<std::byte>> RemoteStore::get(const std::string& key, const Wait& wait) {
  return ask({.kind = StoreQuery::Kind::get, .keys = {key}}, wait);
}

Result<std::int64_t> RemoteStore::add(std::string_view key, std::int64_t delta, const Wait& wait) {
  return only<std::int64_t>(ask({.kind = StoreQuery::Kind::add, .delta = delta, .keys = {std::string(key)}}, wait));
}

Result<void> RemoteStore::wait(std::span<const std::string> keys, const Wait& wait) {
  auto answer = ask({.kind = StoreQuery::Kind::wait, .keys = {keys.begin(), keys.end()}}, wait);
  if (!answer) return answer.error();
  return {};
}

Result<std::vector<std::uint32_t>> RemoteStore::missing(std::span<const std::string> keys, const Wait& wait) {
  const auto answer = ask({.kind = StoreQuery::Kind::missing, .keys = {keys.begin(), keys.end()}}, wait);
  if (!answer) return answer.error();
  std::vector<std::uint32_t> places(answer->size() / sizeof(std::uint32_t));
  if (!places.empty()) std::memcpy(places.data(), answer->data(), places.size() * sizeof(std::uint32_t));
  std::erase_if(places, [&](std::uint32_t place) { return place >= keys.size(); });
  return places;
}

Result<std::vector<std::byte>> RemoteStore::ask(StoreQuery query, const Wait& wait) {
  if (lost_) return *lost_;
  query.store = number_;
  auto room = room_for(query, wait);
  if (!room) return failed(room.error());
  query.write(**room);
  const auto answer = requester_.ask(*std::move(room), wait);
  if (!answer) return failed(answer.error());
  return std::vector<std::byte>(answer->begin(), answer->end());
}

// Who has joined waits for no other store: so it looks, now and then, whether the one it knows is still there.
Result<QueryDraft<StoreMessage>> RemoteStore::room_for(const StoreQuery& query, const Wait& wait) {
  constexpr std::chrono::milliseconds now_and_then{500};
  for (;;) {
    if (number_ != 0 && requester_.responders() == 0) return Error(Code::peer_lost);
    auto room = requester_.reserve(query.bytes(),
                                   Wait(std::min<Deadline>(wait.deadline, Clock::now() + now_and_then), wait.stop));
    const bool again = !room && room.error() == Code::timed_out && Clock::now() < wait.stop.sooner(wait.deadline);
    if (!again) return room;
  }
}

Error RemoteStore::failed(const Error& error) {
  switch (error.code()) {
    case Code::closed: return lost(error.code(), "it has closed it");
    case Code::peer_lost: return lost(error.code(), "its process has ended");
    case Code::peer_unreachable: return lost(error.code(), "nothing is heard of its host any more");
    case Code::stopped: return error;
    default: break;
  }
  if (number_ == 0 && error == Code::timed_out) {
    return Error(Code::timed_out, what_)
        .peer("rank 0, which is to serve it")
        .because("nobody answered there in time")
        .mend("Look whether rank 0 runs and has come so far, and whether all ranks have the same PSYNE_STORE.");
  }
  return Error(error.code(), what_)
      .because(std::string(error.reason().empty() ? name(error.code()) : error.reason()))
      .mend(std::string(error.advice()));
}

Error RemoteStore::lost(Code code, std::string why) {
  lost_ = Error(code, what_)
              .peer("rank 0, which served it")
              .because(std::move(why))
              .mend("See why rank 0 ended, and start the job again.");
  return *lost_;
}

}  // namespace psyne::inline v0
