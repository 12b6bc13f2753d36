#include <psyne/collectives/bootstrap/store/store_server.hpp>
#include <psyne/core/uri/quoted.hpp>
#include <psyne/core/uri/uri.hpp>

#include <bit>
#include <chrono>
#include <utility>

namespace psyne::inline v0 {

namespace {

template <class T>
std::span<const std::byte> bytes_of(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}

// Who does not take what it asked for loses it, and keeps the others waiting no longer.
constexpr std::chrono::milliseconds answered_within{200};

bool is_loopback(std::string_view host) { return host == "localhost" || host == "::1" || host.starts_with("127."); }

}  // namespace

Result<std::string> serving_uri(const std::string& store) {
  const auto uri = Uri::parse(store);
  if (!uri) return uri.error();
  if (uri->scheme() != "tcp" && uri->scheme() != "tls") return store;
  const std::string& place = uri->place();
  const auto slash = place.find('/');
  auto endpoint = Endpoint::parse(std::string_view(place).substr(0, slash));
  if (!endpoint) return endpoint.error();
  std::string query = store.substr(uri->address().size());
  if (is_loopback(endpoint->host) && !uri->find("iface"))
    query += (query.empty() ? "?" : "&") + std::string("iface=lo");
  endpoint->host = "*";
  return uri->scheme() + "://" + endpoint->text() + (slash == std::string::npos ? "" : place.substr(slash)) + query;
}

StoreServer::StoreServer(const JobRank& job, StoreTable& table, std::uint64_t number,
                         Responder<StoreMessage, StoreMessage> responder)
    : job_(job), table_(table), number_(number), responder_(std::move(responder)) {}

StoreServer::~StoreServer() {
  subscription_.reset();
  table_.close();  // lets go of the questions that wait, before the responder that they are answered by
}

Result<std::unique_ptr<StoreServer>> StoreServer::open(const JobRank& job, StoreTable& table) {
  const auto uri = serving_uri(job.store);
  if (!uri) return uri.error();
  const auto number = EndId::random();
  if (!number) return number.error();
  auto responder = Responder<StoreMessage, StoreMessage>::open(
      *uri,
      {.capacity_bytes = std::bit_ceil(2 * StoreQuery::longest), .name = "store", .reply_within = answered_within});
  if (!responder) return responder.error();
  std::unique_ptr<StoreServer> server(new StoreServer(job, table, number->value, *std::move(responder)));
  auto subscription =
      server->responder_.on_request([self = server.get()](Question question) { self->take(std::move(question)); });
  if (!subscription) return subscription.error();
  server->subscription_.emplace(*std::move(subscription));
  return server;
}

void StoreServer::take(Question question) {
  table_.forget(question.requester().value);  // it asks one thing at a time, so it has given up what it waited for
  const auto query = StoreQuery::read(*question);
  auto may = query ? joins(*query) : Result<void>(query.error());
  if (may) {
    answer(std::move(question), *query);
  } else {
    static_cast<void>(question.fail(may.error()));
  }
}

// That the question is for this store, and not for one that was here before, or will be.
Result<void> StoreServer::joins(const StoreQuery& query) const {
  const std::string ours = "the store of the job " + quoted(job_.id) + " of " + std::to_string(job_.size) + " ranks";
  if (query.kind != StoreQuery::Kind::join) {
    if (query.store == number_) return {};
    return Error(Code::refused, "cannot use this store").because("it is another than the one that was joined");
  }
  const auto size = static_cast<std::int64_t>(job_.size);
  if (query.keys.size() == 1 && query.keys[0] == job_.id && query.delta == size) return {};
  const std::string theirs = query.keys.empty() ? "no job" : "the job " + quoted(query.keys[0]);
  return Error(Code::refused, "cannot join")
      .because("here is " + ours + ", and who asks is of " + theirs + " of " + std::to_string(query.delta))
      .mend("Give each job a PSYNE_STORE of its own, and all ranks of a job the same.");
}

void StoreServer::answer(Question question, const StoreQuery& query) {
  const auto tell = [&](const Result<void>& done, std::span<const std::byte> bytes) {
    static_cast<void>(done ? question.reply(bytes) : question.fail(done.error()));
  };
  switch (query.kind) {
    case StoreQuery::Kind::join: return tell({}, bytes_of(number_));
    case StoreQuery::Kind::set: return tell(table_.set(query.keys[0], query.value), {});
    case StoreQuery::Kind::add: {
      const auto sum = table_.add(query.keys[0], query.delta);
      return tell(sum ? Result<void>() : sum.error(), sum ? bytes_of(*sum) : std::span<const std::byte>());
    }
    case StoreQuery::Kind::missing: {
      const auto places = table_.missing(query.keys);
      return tell({}, std::as_bytes(std::span(places)));
    }
    case StoreQuery::Kind::get:
    case StoreQuery::Kind::wait: return wait(std::move(question), query);
  }
}

void StoreServer::wait(Question question, const StoreQuery& query) {
  const auto client = question.requester().value;
  const auto kept = std::make_shared<Question>(std::move(question));
  const bool wants_value = query.kind == StoreQuery::Kind::get;
  auto waits = table_.wait(client, query.keys, [kept, wants_value](const Result<StoreTable::Value>& value) {
    if (!value) {
      static_cast<void>(kept->fail(value.error()));
    } else {
      static_cast<void>(kept->reply(wants_value ? std::span(**value) : std::span<const std::byte>()));
    }
  });
  if (!waits) static_cast<void>(kept->fail(waits.error()));
}

}  // namespace psyne::inline v0
