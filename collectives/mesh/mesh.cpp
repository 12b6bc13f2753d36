#include <psyne/collectives/mesh/mesh.hpp>
#include <psyne/collectives/mesh/this_process.hpp>
#include <psyne/core/log/log.hpp>
#include <psyne/core/stop/stop_callback.hpp>
#include <psyne/core/topology/cgroup.hpp>

#include <algorithm>
#include <cstring>
#include <set>
#include <utility>

namespace psyne::inline v0 {

namespace {

// What a rank says of itself to another that it meets; the same machine type on both sides, which transports check.
struct Card {
  static constexpr std::uint32_t current_version = 1;
  std::uint32_t version = current_version;
  Rank rank = 0;
  Rank size = 0;
  std::uint32_t unused = 0;
  std::uint64_t window_bytes = 0;
};

// As the value of a URI's parameter.
std::string percent_encoded(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string encoded;
  for (const char character : text) {
    const auto byte = static_cast<unsigned char>(character);
    encoded += '%';
    encoded += digits[byte >> 4U];
    encoded += digits[byte & 15U];
  }
  return encoded;
}

std::string rank_text(Rank rank) { return "rank " + std::to_string(rank); }

}  // namespace

Mesh::Mesh(MeshOptions options, std::shared_ptr<const Region> window)
    : options_(std::move(options)),
      window_(std::move(window)),
      peers_(static_cast<std::size_t>(options_.size)),
      missing_(options_.size - 1),
      here_(static_cast<std::size_t>(options_.size)) {}

Mesh::~Mesh() { presences_.clear(); }

Result<std::unique_ptr<Mesh>> Mesh::open(MeshOptions options, std::shared_ptr<const Region> window, const Wait& wait) {
  std::unique_ptr<Mesh> mesh(new Mesh(std::move(options), std::move(window)));
  auto mine = whereabouts_of_process(mesh->options_.rank);
  if (!mine) return mine.error();
  if (auto listening = mesh->listen(*mine); !listening) return listening.error();
  auto texts = mesh->options_.exchange(mine->text(), wait);
  if (!texts) return texts.error();
  if (auto called = mesh->call(*texts, *mine); !called) return called.error();
  if (auto joined = mesh->await_all(wait); !joined) return joined.error();
  mesh->presences_.clear();
  return mesh;
}

Result<void> Mesh::appear(const std::string& text, Side side) {
  const bool proves = text.starts_with("tcp:") && !options_.token.empty();
  auto uri = Uri::parse(proves ? text + "?token=" + percent_encoded(options_.token) : text);
  if (!uri) return uri.error();
  auto transport = transport_for(uri->scheme());
  if (!transport) return transport.error();
  auto presence = (*transport)->appear(*uri, side, *this, {});
  if (!presence) return presence.error();
  presences_.push_back(std::move(*presence));
  return {};
}

// At a name of this rank for each transport; higher ranks come there.
Result<void> Mesh::listen(Whereabouts& mine) {
  const std::string name = options_.job + "." + std::to_string(options_.rank);
  for (const std::string& scheme : options_.transports) {
    std::string uri = scheme;
    uri += scheme == "tcp" ? "://*:0/" : "://";
    uri += name;
    if (auto appeared = appear(uri, Side::answering); !appeared) return appeared;
    const std::string where = presences_.back()->where();
    mine.uris.push_back(where.substr(0, where.find(' ')));
  }
  return {};
}

Result<void> Mesh::call(const std::vector<std::string>& texts, const Whereabouts& mine) {
  std::size_t ranks_here = 0;
  std::set<unsigned> cpus;
  for (Rank rank = 0; rank < options_.size; ++rank) {
    Peer& peer = peers_[static_cast<std::size_t>(rank)];
    auto theirs = Whereabouts::parse(texts[static_cast<std::size_t>(rank)]);
    if (!theirs) return theirs.error();
    peer.name = theirs->name;
    if (theirs->host == mine.host) {
      ++ranks_here;
      cpus.insert(theirs->cpus.begin(), theirs->cpus.end());
    }
    if (rank == options_.rank) continue;
    auto route = rank < options_.rank ? choose_route(*theirs, mine) : choose_route(mine, *theirs);
    if (!route) return route.error();
    {
      const std::lock_guard lock(mutex_);
      peer.route = *route;
    }
    logging::write(logging::Level::info, "collectives", mine.name, " reaches ", peer.name, " by ", route->scheme, ": ",
                   route->reason);
    if (rank < options_.rank) {
      const std::string_view uri = theirs->uri(route->scheme);
      if (auto appeared = appear(std::string(uri), Side::offering); !appeared) return appeared;
    }
  }
  const double at_once =
      std::min(static_cast<double>(cpus.size()), cpu_quota().value_or(static_cast<double>(cpus.size())));
  crowded_ = static_cast<double>(ranks_here) > at_once;
  return {};
}

Result<void> Mesh::await_all(const Wait& wait) {
  const StopCallback wake(wait.stop, [this] {
    const std::lock_guard waking(mutex_);
    joined_.notify_all();
  });
  std::unique_lock lock(mutex_);
  const auto over = [&] { return missing_ == 0 || wait.stop.stop_requested(); };
  if (wait.deadline == no_deadline) {
    joined_.wait(lock, over);
  } else {
    joined_.wait_until(lock, wait.deadline, over);
  }
  if (missing_ == 0) return {};
  std::string missing;
  for (Rank rank = 0; rank < options_.size; ++rank) {
    if (rank == options_.rank || here_[static_cast<std::size_t>(rank)]) continue;
    missing += (missing.empty() ? "" : ", ") + peers_[static_cast<std::size_t>(rank)].name;
  }
  Error error = Error(wait.stop.stop_requested() ? Code::stopped : Code::timed_out,
                      "cannot join the job as " + rank_text(options_.rank))
                    .because("no link came about with " + missing +
                             (missed_.empty() ? std::string() : " (" + missed_.back().text() + ")"));
  return error;
}

Result<Greeting> Mesh::greet(Link& link) {
  auto span = link.expose(*window_, Access::write);
  if (!span) return span.error();
  span->owner = window_;
  const Card card{.rank = options_.rank, .size = options_.size, .window_bytes = window_->bytes().size()};
  Greeting greeting;
  greeting.bytes.resize(sizeof card);
  std::memcpy(greeting.bytes.data(), &card, sizeof card);
  greeting.spans.push_back(std::move(*span));
  return greeting;
}

Result<Mesh::Guest> Mesh::read(Link& link, Greeting greeting) {
  const auto refusal = [&](std::string why) {
    return Error(Code::refused, "cannot join " + link.peer().name).because(std::move(why));
  };
  Card card;
  if (greeting.bytes.size() != sizeof card || greeting.spans.size() != 1) {
    return refusal("it is no rank of a communicator of this version");
  }
  std::memcpy(&card, greeting.bytes.data(), sizeof card);
  if (card.version != Card::current_version) {
    return refusal("its version of the protocol between ranks is " + std::to_string(card.version) + ", ours " +
                   std::to_string(Card::current_version));
  }
  if (card.rank < 0 || card.rank >= options_.size || card.rank == options_.rank || card.size != options_.size) {
    return refusal("it says that it is rank " + std::to_string(card.rank) + " of " + std::to_string(card.size) +
                   ", and this one is rank " + std::to_string(options_.rank) + " of " + std::to_string(options_.size));
  }
  if (card.window_bytes != window_->bytes().size() || greeting.spans.front().length < card.window_bytes) {
    return refusal("its windows have " + std::to_string(card.window_bytes) + " bytes, ours " +
                   std::to_string(window_->bytes().size()));
  }
  auto window = link.attach(std::move(greeting.spans.front()));
  if (!window) return window.error();
  const std::lock_guard lock(mutex_);
  if (here_[static_cast<std::size_t>(card.rank)]) return refusal(rank_text(card.rank) + " is here already");
  return Guest{card.rank, std::move(*window)};
}

void Mesh::join(Guest guest, std::unique_ptr<Link> link) {
  const std::lock_guard lock(mutex_);
  const auto index = static_cast<std::size_t>(guest.rank);
  if (here_[index]) return;
  Peer& peer = peers_[index];
  peer.link = std::move(link);
  peer.window = std::move(guest.window);
  peer.mapped = peer.window.map_writable();
  here_[index] = true;
  --missing_;
  joined_.notify_all();
}

Result<Greeting> Mesh::offer(Link& link) { return greet(link); }

Result<Greeting> Mesh::answer(Link& link, Greeting offer) {
  auto guest = read(link, std::move(offer));
  if (!guest) return guest.error();
  auto greeting = greet(link);
  if (!greeting) return greeting;
  const std::lock_guard lock(mutex_);
  guests_[&link] = std::move(*guest);
  return greeting;
}

Result<void> Mesh::admit(std::unique_ptr<Link>& link, Greeting answer) {
  auto guest = read(*link, std::move(answer));
  if (!guest) return guest.error();
  join(std::move(*guest), std::move(link));
  return {};
}

void Mesh::welcome(std::unique_ptr<Link> link) {
  Guest guest;
  {
    const std::lock_guard lock(mutex_);
    const auto found = guests_.find(link.get());
    if (found == guests_.end()) return;
    guest = std::move(found->second);
    guests_.erase(found);
  }
  join(std::move(guest), std::move(link));
}

void Mesh::missed(const Link* link, const Error& error) {
  const std::lock_guard lock(mutex_);
  guests_.erase(link);
  missed_.assign(1, error);
}

}  // namespace psyne::inline v0
