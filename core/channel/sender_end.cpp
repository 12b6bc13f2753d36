#include <psyne/core/channel/broken.hpp>
#include <psyne/core/channel/channel_patience.hpp>
#include <psyne/core/channel/sender_end.hpp>
#include <psyne/core/channel/unless_asked.hpp>
#include <psyne/core/config/config.hpp>
#include <psyne/core/config/known_options.hpp>
#include <psyne/core/lane/record.hpp>
#include <psyne/core/log/log.hpp>

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <chrono>
#include <utility>

namespace psyne::inline v0 {

namespace {

/// How long a receiver whose connection broke has its place for itself: several tries to come back.
constexpr auto coming_back = std::chrono::seconds(1);

SenderSettings settle(const Config& config, const Uri& uri, const SenderOptions& given) {
  SenderSettings settings;
  settings.given = given;
  settings.capacity =
      unless_asked(uri, "capacity", given.capacity_bytes).value_or(config.bytes(option::channel_capacity));
  settings.delivery =
      unless_asked(uri, "delivery", given.delivery).value_or(config.choice<Delivery>(option::channel_delivery));
  settings.when_full =
      unless_asked(uri, "when_full", given.when_full).value_or(config.choice<WhenFull>(option::channel_when_full));
  settings.linger = unless_asked(uri, "linger", given.linger).value_or(config.duration(option::channel_linger));
  settings.patience = channel_patience(config, uri, given.patience);
  return settings;
}

}  // namespace

SenderEnd::SenderEnd(std::string uri, Transport& transport, SenderSettings settings, LaneType type,
                     MakeOutlet make_outlet)
    : uri_(std::move(uri)),
      transport_(transport),
      settings_(std::move(settings)),
      type_(std::move(type)),
      make_outlet_(make_outlet),
      outlets_(settings_.delivery),
      metrics_(uri_, ChannelMetrics::Role::sender, settings_.given.name) {
  metrics_.show(ChannelColumn::ring, settings_.capacity);
}

Result<std::unique_ptr<SenderEnd>> SenderEnd::open(std::string_view text, const SenderOptions& options, LaneType type,
                                                   MakeOutlet make_outlet) {
  auto uri = Uri::parse(text);
  if (!uri) return uri.error();
  auto transport = transport_for(uri->scheme());
  if (!transport) return transport.error();
  auto config = Config::process().with(*uri);
  if (!config) return config.error();
  SenderSettings settings = settle(*config, *uri, options);
  settings.huge_pages = (*transport)->huge_pages(*config);
  if (settings.capacity > Record::largest_ring) {
    return Error(Code::too_large, "cannot open " + std::string(uri->address()))
        .because("capacity_bytes is " + std::to_string(settings.capacity) + ", more than " +
                 std::to_string(Record::largest_ring))
        .mend("Ask for a smaller capacity_bytes.");
  }
  settings.capacity = ring_capacity(std::max<std::uint64_t>(settings.capacity, 4 * std::uint64_t{type.payload}));
  auto compression = CompressionSettings::settle(*config, *uri, options, type, settings.capacity);
  if (!compression) return compression.error();
  settings.compression = *compression;
  auto id = options.id ? Result<EndId>(options.id) : EndId::random();
  if (!id) return id.error();
  settings.id = *id;
  if (settings.when_full == WhenFull::drop_oldest && (settings.delivery != Delivery::single || !(*transport)->maps())) {
    return Error(Code::unsupported, "cannot open " + std::string(uri->address()))
        .because(
            settings.delivery != Delivery::single
                ? "drop_oldest needs one receiver, and delivery is not single"
                : "drop_oldest needs a receiver that shares memory with its sender: what is across cannot be taken "
                  "back")
        .mend("Use when_full=drop_newest, or delivery=single over memory:// or ipc://.");
  }

  StandardAtomics::join_barriers();
  std::unique_ptr<SenderEnd> end(
      new SenderEnd(std::string(uri->address()), **transport, std::move(settings), std::move(type), make_outlet));
  auto bell = Bell::make();
  if (!bell) return bell.error();
  end->bell_ = std::move(*bell);
  if (!(*transport)->maps()) {
    auto service_bell = ServiceBell::make([raw = end.get()] { raw->answer_service_bell(); },
                                          [raw = end.get()] { raw->look_after_gathered(); });
    if (!service_bell) return service_bell.error();
    end->service_bell_ = std::move(*service_bell);
  }
  if (!own_rings(end->settings_.delivery)) {
    auto outlet = end->new_outlet();
    if (!outlet) return outlet.error();
    end->outlets_.add(std::move(*outlet), {});
  }
  auto presence = (*transport)->appear(*uri, Side::offering, *end, {});
  if (!presence) return presence.error();
  end->presence_ = std::move(*presence);
  logging::write(logging::Level::debug, "channel", end->metrics_.label(), ": present at ", end->presence_->where(),
                 ", ring of ", end->settings_.capacity, " bytes", end->settings_.huge_pages ? " in huge pages" : "");
  return end;
}

SenderEnd::~SenderEnd() { static_cast<void>(close(settings_.linger)); }

Result<std::unique_ptr<Outlet>> SenderEnd::new_outlet() const {
  auto region = Region::allocate(
      ProducerBlock<>::ring_offset + settings_.capacity, "ring of " + uri_,
      {.shareable = transport_.needs_shareable(), .huge_pages = settings_.huge_pages, .populated = transport_.maps()});
  if (!region) return region.error();
  auto outlet = make_outlet_(std::make_shared<const Region>(std::move(*region)), settings_.capacity);
  outlet->measure(metrics_.high_water());
  return outlet;
}

Result<Greeting> SenderEnd::offer(Link& link) {
  if (leaving_.load(std::memory_order_relaxed)) {
    return Error(Code::not_found, "cannot send on " + uri_).because("this sender is closing");
  }
  Invited invited;
  if (own_rings(settings_.delivery)) {
    auto outlet = new_outlet();
    if (!outlet) return outlet.error();
    invited.outlet = std::move(*outlet);
  }
  const Outlet* ring = nullptr;
  std::uint32_t number = 0;  // in a ring of its own it is the only one
  {
    const std::lock_guard lock(mutex_);
    if (!invited.outlet) {
      number = static_cast<std::uint32_t>(std::countr_one(numbers_in_use_));
      if (number >= ProducerBlock<>::most_readers) {
        return Error(Code::exhausted, "cannot let another receiver in to " + uri_)
            .because("it has " + std::to_string(ProducerBlock<>::most_readers) + " already");
      }
      numbers_in_use_ |= std::uint64_t{1} << number;
    }
    invited.number = number;
    ring = (invited_[&link] = std::move(invited)).outlet.get();  // from here on missed() gives it back
  }
  const Outlet& outlet = ring != nullptr ? *ring : outlets_.shared();

  LaneOffer offer{.type = type_,
                  .delivery = settings_.delivery,
                  .lossy = settings_.when_full == WhenFull::drop_oldest,
                  .compress = settings_.compression.codec,
                  .capacity = settings_.capacity,
                  .reader = number,
                  .pid = getpid(),
                  .sender = settings_.id,
                  .name = settings_.given.name};
  Greeting greeting{.bytes = offer.encode(), .spans = {}};
  if (link.capabilities().mapped) {
    auto span = link.expose(*outlet.region(), Access::read);
    if (!span) return span.error();
    span->owner = outlet.region();
    greeting.spans.push_back(std::move(*span));
  }
  return greeting;
}

Result<RemoteRegion> SenderEnd::attach(Link& link, Greeting& answer) const {
  const bool mapped = link.capabilities().mapped;
  const std::uint64_t needed = mapped ? sizeof(ConsumerBlock<>) : settings_.capacity;
  if (answer.spans.size() != 1 || answer.spans.front().length < needed) {
    return Error(Code::corrupted, "cannot let a receiver in to " + uri_)
        .because("it offered no memory for its cursor, or too little");
  }
  auto region = link.attach(std::move(answer.spans.front()));
  if (region && mapped && region->map().size() < needed) return Code::corrupted;
  return region;
}

// Under mutex_. Whether the newcomer's place is free, or another one has to leave it who has had no connection for
// longer than it takes to come back: that one is gone then, and hears why if it comes.
Result<void> SenderEnd::make_way(const LaneAnswer& newcomer, const Identity& peer) {
  const bool single = settings_.delivery == Delivery::single;
  if (!single && settings_.delivery != Delivery::routed) return {};
  const auto has_it = [&](const auto& other) {
    return (single || other->id() == newcomer.receiver) && other->link().peer_state() == PeerState::alive;
  };
  const auto found = std::ranges::find_if(peers_, has_it);
  if (found == peers_.end()) return {};
  const ReaderPeer& other = **found;
  const std::string who = other.who() + broken(other.link()), newcomers = ReaderPeer::who(newcomer, peer);
  const auto since = other.link().broken_since();
  if (since && Clock::now() - *since >= coming_back && other.link().refuse("replaced by " + newcomers)) {
    logging::write(logging::Level::info, "channel", metrics_.label(), ": ", newcomers, " replaces ", who);
    return {};
  }
  return Error(Code::in_use, "cannot receive from " + uri_)
      .peer(who)
      .because(single ? "it has its one receiver already" : "it has the id that this receiver has")
      .mend(since    ? "Wait: where that one does not come back soon, this one replaces it."
            : single ? "Open its senders and receivers with delivery=all or delivery=any."
                     : "Give each receiver an id of its own, or none: it then draws one.");
}

Result<void> SenderEnd::admit(std::unique_ptr<Link>& link, Greeting answer) {
  auto told = LaneAnswer::decode(answer.bytes);
  if (!told) return told.error();
  auto remote = attach(*link, answer);
  if (!remote) return remote.error();
  if (auto attached = link->attach_bell(bell_.get()); !attached) return attached.error();
  if (service_bell_) {
    if (auto attached = link->attach_service_bell(&service_bell_->bell()); !attached) return attached.error();
  }

  std::shared_ptr<ReaderPeer> peer;
  std::unique_ptr<Outlet> own_outlet;
  {
    const std::lock_guard lock(mutex_);
    if (auto free = make_way(*told, link->peer()); !free) {
      detach(*link);
      return free;
    }
    Invited invited = std::move(invited_.at(link.get()));
    invited_.erase(link.get());
    own_outlet = std::move(invited.outlet);
    Outlet& outlet = own_outlet ? *own_outlet : outlets_.shared();
    peer = std::make_shared<ReaderPeer>(std::move(link), std::move(*remote), outlet, settings_.capacity, invited.number,
                                        std::move(*told), gathering_, service_bell_.get());
    peers_.push_back(peer);
  }
  join(peer, std::move(own_outlet));
  return {};
}

void SenderEnd::join(const std::shared_ptr<ReaderPeer>& peer, std::unique_ptr<Outlet> outlet) {
  const auto shared_outlet = std::make_shared<std::unique_ptr<Outlet>>(std::move(outlet));
  gate_.visit([this, peer, shared_outlet] {
    drop_lost_receivers();  // a successor begins where its predecessor ended
    if (!here(peer)) return;
    if (*shared_outlet) outlets_.add(std::move(*shared_outlet), peer->id());
    if (peer->link().capabilities().post_cost_ns > 0) gathering_.begin();
    peer->join();
    turnover_.fetch_add(1, std::memory_order_release);
    show_lanes();
    logging::write(logging::Level::info, "channel", metrics_.label(), ": met ", peer->who(),
                   peer->mapped() ? "" : ", which gets copies");
    if (closed_) peer->close();
  });
  bell_->ring();
}

// Inside the gate.
void SenderEnd::show_lanes() {
  const std::lock_guard lock(mutex_);
  metrics_.show(ChannelColumn::lanes, peers_.size());
}

// Whether it was not lost again since it was admitted.
bool SenderEnd::here(const std::shared_ptr<ReaderPeer>& peer) const {
  const std::lock_guard lock(mutex_);
  return std::ranges::find(peers_, peer) != peers_.end();
}

void SenderEnd::missed(const Link* link, const Error& error) {
  if (error != Code::closed) {
    logging::write(logging::Level::warn, "channel", metrics_.label(), ": no lane to ",
                   link != nullptr ? link->peer().name : "a peer", ": ", error);
    gate_.visit([this] { metrics_.add(ChannelColumn::refused); });
  }
  const std::lock_guard lock(mutex_);
  const auto found = invited_.find(link);
  if (found == invited_.end()) return;
  if (!found->second.outlet) numbers_in_use_ &= ~(std::uint64_t{1} << found->second.number);
  invited_.erase(found);
}

Result<Greeting> SenderEnd::answer(Link& /*link*/, Greeting /*offer*/) {
  return Error(Code::incompatible, "cannot share a lane").because("both ends are senders");
}
void SenderEnd::welcome(std::unique_ptr<Link> /*link*/) {}

bool SenderEnd::drop_lost_receivers() {
  std::vector<std::shared_ptr<ReaderPeer>> gone;
  {
    const std::lock_guard lock(mutex_);
    // Each is asked once: another thread may end a link at any time.
    std::erase_if(peers_, [&](const auto& peer) {
      const bool alive = peer->link().peer_state() == PeerState::alive && !lied(*peer);
      if (!alive) gone.push_back(peer);
      return !alive;
    });
  }
  for (const auto& peer : gone) remove(*peer);
  if (!gone.empty()) show_lanes();
  if (own_rings(settings_.delivery) && !gone.empty()) give_up(outlets_.drop_deserted());
  if (own_rings(settings_.delivery)) return !gone.empty();
  const std::lock_guard lock(mutex_);
  // Only now: who gets such a number next reads where it begins at a place that was the other's.
  for (const auto& peer : gone) numbers_in_use_ &= ~(std::uint64_t{1} << peer->number());
  return !gone.empty();
}

bool SenderEnd::lied(const ReaderPeer& peer) { return peer.outlet().bad_reader() == &peer || peer.lied(); }

void SenderEnd::remove(ReaderPeer& peer) {
  const bool lied = SenderEnd::lied(peer);
  const bool parted = !lied && peer.parted();
  if (!parted && (lied || peer.link().peer_state() != PeerState::closed)) {
    last_lost_ = {.who = peer.who(), .lied = lied, .how = peer.link().peer_state()};
    metrics_.add(ChannelColumn::peers_lost);
  }
  const bool again = settings_.given.held_by_dead == Held::again && settings_.delivery != Delivery::routed;
  const std::uint64_t given_up = peer.leave(!parted && again);
  turnover_.fetch_add(1, std::memory_order_release);
  if (settings_.delivery == Delivery::routed) {
    outlets_.forget(peer.id());
    last_lost_ = {.who = peer.who(),
                  .lied = lied,
                  .how = peer.link().peer_state(),
                  .id = peer.id(),
                  .messages = parted ? 0 : given_up};
  }
  if (!parted) metrics_.add(ChannelColumn::lost, given_up);  // who parted had what it took
  detach(peer.link());
  if (parted) {
    logging::write(logging::Level::info, "channel", metrics_.label(), ": ", peer.who(), " closed");
  } else if (lied) {
    logging::write(logging::Level::warn, "channel", metrics_.label(), ": took out ", peer.who(),
                   ", which gave back what it cannot have read");
  } else {
    logging::write(logging::Level::warn, "channel", metrics_.label(), ": lost ", peer.who(), "; of what it held, ",
                   given_up, " messages are given up");
  }
}

// Routed: of the receivers that have gone, the last.
void SenderEnd::give_up(std::uint64_t messages) {
  if (messages == 0) return;
  last_lost_.messages += messages;
  metrics_.add(ChannelColumn::lost, messages);
  logging::write(logging::Level::warn, "channel", metrics_.label(), ": ", messages,
                 " messages that their receiver had not taken are given up");
}

void SenderEnd::settle_orphans() {
  const std::uint64_t messages = outlets_.settle();
  if (settings_.delivery == Delivery::routed) return give_up(messages);
  if (messages == 0) return;
  logging::write(logging::Level::info, "channel", metrics_.label(), ": handed ", messages,
                 " messages that receivers left behind over to others");
}

Error SenderEnd::not_here(EndId receiver) const {
  const std::string what = "cannot send on " + uri_;
  if (!receiver) {
    return Error(Code::invalid_state, what)
        .because("with delivery=routed each message has a receiver, and none was named")
        .mend("Use send_to() or reserve_to().");
  }
  if (receiver != last_lost_.id) return Error(Code::not_found, what).because("no receiver of that id is here");
  const std::string messages = std::to_string(last_lost_.messages);
  return Error(Code::not_found, what)
      .peer(last_lost_.who)
      .because("it is gone" +
               (last_lost_.messages == 0 ? "" : ", and with it " + messages + " messages that it had not taken"));
}

void SenderEnd::detach(Link& link) {
  static_cast<void>(link.attach_bell(nullptr));
  static_cast<void>(link.attach_service_bell(nullptr));
}

// On the service thread.
void SenderEnd::answer_service_bell() {
  gate_.visit([this] { carry(); });
}

// On the service thread, at the time that it was asked for.
void SenderEnd::look_after_gathered() {
  if (const auto pause = gathering_.goes_on(gate_.busy())) return service_bell_->look_after(*pause);
  gate_.visit([this] {
    gathering_.rest();
    carry();
  });
}

void SenderEnd::carry() noexcept {
  const std::lock_guard lock(mutex_);
  for (const auto& peer : peers_) {
    static_cast<void>(peer->link().progress());
    if (peer->mapped()) continue;
    peer->carry();
    note_resumptions(*peer);
  }
}

void SenderEnd::note_resumptions(ReaderPeer& peer) {
  const auto [times, bytes] = peer.take_resumptions();
  if (times == 0) return;
  metrics_.add(ChannelColumn::resumed, times);
  logging::write(logging::Level::info, "channel", metrics_.label(), ": goes on with ", peer.who(), ", sends ", bytes,
                 " bytes again");
}

// A thread that waits drives its own links itself.
void SenderEnd::attend_at(Bell& bell) {
  const std::lock_guard lock(mutex_);
  for (const auto& peer : peers_) static_cast<void>(peer->link().attach_service_bell(&bell));
}

// What was seen ends no sleep.
void SenderEnd::settle_links() {
  const std::lock_guard lock(mutex_);
  for (const auto& peer : peers_) peer->link().settle();
}

std::size_t SenderEnd::receivers() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::ranges::count_if(peers_, [](const auto& peer) { return peer->link().peer_state() == PeerState::alive; }));
}

// Inside the gate.
std::vector<EndId> SenderEnd::receiver_ids() const {
  const std::lock_guard lock(mutex_);
  std::vector<EndId> ids;
  for (const auto& peer : peers_) {
    if (!peer->joined() || peer->link().peer_state() != PeerState::alive) continue;
    const bool closed_to = settings_.delivery == Delivery::routed && outlets_.find(peer->id()) != &peer->outlet();
    if (!closed_to) ids.push_back(peer->id());
  }
  return ids;
}

bool SenderEnd::close_to(EndId receiver) {
  Outlet* const outlet = outlets_.find(receiver);
  if (outlet == nullptr) return false;
  outlets_.forget(receiver);
  outlet->close();
  turnover_.fetch_add(1, std::memory_order_release);
  const std::lock_guard lock(mutex_);
  for (const auto& peer : peers_) {
    if (&peer->outlet() != outlet) continue;
    peer->close();
    logging::write(logging::Level::info, "channel", metrics_.label(), ": closed to ", peer->who());
  }
  return true;
}

}  // namespace psyne::inline v0
