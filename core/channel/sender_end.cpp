#include <psyne/core/channel/channel_patience.hpp>
#include <psyne/core/channel/sender_end.hpp>
#include <psyne/core/config/config.hpp>
#include <psyne/core/config/known_options.hpp>
#include <psyne/core/lane/record.hpp>
#include <psyne/core/log/log.hpp>

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <utility>

namespace psyne::inline v0 {

namespace {

SenderSettings settle(const Config& config, const Uri& uri, const SenderOptions& given) {
  // The query is stronger than the program's own options, which are stronger than file and environment.
  const auto asked = [&](std::string_view key) { return uri.find(key).has_value(); };
  SenderSettings settings;
  settings.given = given;
  settings.capacity =
      given.capacity_bytes && !asked("capacity") ? *given.capacity_bytes : config.bytes(option::channel_capacity);
  settings.delivery =
      given.delivery && !asked("delivery") ? *given.delivery : config.choice<Delivery>(option::channel_delivery);
  settings.when_full =
      given.when_full && !asked("when_full") ? *given.when_full : config.choice<WhenFull>(option::channel_when_full);
  settings.linger = given.linger && !asked("linger") ? *given.linger : config.duration(option::channel_linger);
  settings.patience = channel_patience(config, given.patience);
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
    auto service_bell = ServiceBell::make([raw = end.get()] { raw->gate_.visit([raw] { raw->carry(); }); });
    if (!service_bell) return service_bell.error();
    end->service_bell_ = std::move(*service_bell);
  }
  if (end->settings_.delivery != Delivery::any) {
    auto outlet = end->new_outlet();
    if (!outlet) return outlet.error();
    end->outlets_.push_back(std::move(*outlet));
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
  auto region = Region::allocate(ProducerBlock<>::ring_offset + settings_.capacity, "ring of " + uri_,
                                 {.shareable = transport_.needs_shareable(), .huge_pages = settings_.huge_pages});
  if (!region) return region.error();
  auto outlet = make_outlet_(std::make_shared<const Region>(std::move(*region)), settings_.capacity);
  outlet->measure(metrics_.high_water());
  return outlet;
}

Result<Greeting> SenderEnd::offer(Link& link) {
  Invited invited;
  if (settings_.delivery == Delivery::any) {
    auto outlet = new_outlet();
    if (!outlet) return outlet.error();
    invited.outlet = std::move(*outlet);
  }
  const Outlet& outlet = invited.outlet ? *invited.outlet : *outlets_.front();
  const std::uint32_t* number = nullptr;
  {
    const std::lock_guard lock(mutex_);
    invited.number = static_cast<std::uint32_t>(std::countr_one(numbers_in_use_));
    if (invited.number >= ProducerBlock<>::most_readers) {
      return Error(Code::exhausted, "cannot let another receiver in to " + uri_)
          .because("it has " + std::to_string(ProducerBlock<>::most_readers) + " already");
    }
    numbers_in_use_ |= std::uint64_t{1} << invited.number;
    number = &(invited_[&link] = std::move(invited)).number;  // from here on missed() gives it back
  }

  LaneOffer offer{.type = type_,
                  .delivery = settings_.delivery,
                  .lossy = settings_.when_full == WhenFull::drop_oldest,
                  .capacity = settings_.capacity,
                  .reader = *number,
                  .pid = getpid(),
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
    if (settings_.delivery == Delivery::single) {
      const auto alive = std::ranges::find_if(
          peers_, [](const auto& other) { return other->link().peer_state() == PeerState::alive; });
      if (alive != peers_.end()) {
        detach(*link);
        return Error(Code::in_use, "cannot receive from " + uri_)
            .peer((*alive)->who())
            .because("it has its one receiver already")
            .mend("Open its senders and receivers with delivery=all or delivery=any.");
      }
    }
    Invited invited = std::move(invited_.at(link.get()));
    invited_.erase(link.get());
    own_outlet = std::move(invited.outlet);
    Outlet& outlet = own_outlet ? *own_outlet : *outlets_.front();
    peer = std::make_shared<ReaderPeer>(std::move(link), std::move(*remote), outlet, settings_.capacity, invited.number,
                                        std::move(*told));
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
    if (*shared_outlet) outlets_.push_back(std::move(*shared_outlet));
    peer->join();
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
  numbers_in_use_ &= ~(std::uint64_t{1} << found->second.number);
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
      const bool alive = peer->link().peer_state() == PeerState::alive && peer->outlet().bad_reader() != peer.get();
      if (!alive) gone.push_back(peer);
      return !alive;
    });
  }
  for (const auto& peer : gone) remove(*peer);
  if (!gone.empty()) show_lanes();
  if (settings_.delivery == Delivery::any && !gone.empty()) drop_deserted();
  const std::lock_guard lock(mutex_);
  // Only now: who gets such a number next reads where it begins at a place that was the other's.
  for (const auto& peer : gone) numbers_in_use_ &= ~(std::uint64_t{1} << peer->number());
  return !gone.empty();
}

void SenderEnd::remove(ReaderPeer& peer) {
  const bool lied = peer.outlet().bad_reader() == &peer;
  const bool parted = !lied && peer.parted();
  if (lied || peer.link().peer_state() != PeerState::closed) {
    last_lost_ = {.who = peer.who(), .lied = lied, .how = peer.link().peer_state()};
    metrics_.add(ChannelColumn::peers_lost);
  }
  const std::uint64_t given_up = peer.leave(!parted && settings_.given.held_by_dead == Held::again);
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

// While a draft may be open in a ring it stays: the draft will be committed into it.
void SenderEnd::drop_deserted() {
  std::erase_if(outlets_, [&](const auto& outlet) { return outlet.get() != in_use_ && outlet->deserted(); });
  orphans_ = std::ranges::any_of(outlets_, [](const auto& outlet) { return outlet->readers() == 0; });
}

void SenderEnd::hand_over_orphans() {
  in_use_ = nullptr;
  for (bool moved = true; moved;) {
    moved = false;
    for (const auto& from : outlets_) {
      for (const auto& to : outlets_) {
        if (from->readers() != 0 || to->readers() == 0 || !from->hand_over(*to)) continue;
        moved = true;
        ++handed_over_;
      }
    }
  }
  drop_deserted();
  if (orphans_ || handed_over_ == 0) return;
  logging::write(logging::Level::info, "channel", metrics_.label(), ": handed ", std::exchange(handed_over_, 0),
                 " messages that receivers left behind over to others");
}

void SenderEnd::detach(Link& link) {
  static_cast<void>(link.attach_bell(nullptr));
  static_cast<void>(link.attach_service_bell(nullptr));
}

void SenderEnd::carry() noexcept {
  const std::lock_guard lock(mutex_);
  for (const auto& peer : peers_) {
    static_cast<void>(peer->link().progress());
    if (!peer->mapped()) peer->carry();
  }
}

// A thread that waits drives its own links itself.
void SenderEnd::attend_at(Bell& bell) {
  const std::lock_guard lock(mutex_);
  for (const auto& peer : peers_) static_cast<void>(peer->link().attach_service_bell(&bell));
}

std::size_t SenderEnd::receivers() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::ranges::count_if(peers_, [](const auto& peer) { return peer->link().peer_state() == PeerState::alive; }));
}

Error SenderEnd::error(Code code, std::string_view what) const {
  return Error(code, "cannot " + std::string(what) + " " + uri_);
}

Result<void> SenderEnd::may_wait(const Wait& wait, std::string_view what) {
  drop_lost_receivers();
  if (wait.stop.stop_requested()) return wait.stop.error("cannot " + std::string(what) + " " + uri_);
  std::string waited_for;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& peer : peers_) waited_for += (waited_for.empty() ? "" : ", ") + peer->who();
  }
  if (waited_for.empty() && last_lost_.lied) {
    return error(Code::corrupted, what)
        .peer(last_lost_.who)
        .because("the ring is full, and its receiver was taken out: it gave back what it cannot have read")
        .mend("Start a receiver: it will be given what is still in the ring.");
  }
  if (waited_for.empty() && !last_lost_.who.empty()) {
    const bool gone = last_lost_.how != PeerState::unreachable;
    return error(gone ? Code::peer_lost : Code::peer_unreachable, what)
        .peer(last_lost_.who)
        .because(gone ? "the ring is full and its receiver is gone"
                      : "the ring is full and nothing is heard of its receiver any more")
        .mend("Start a receiver: it will be given what is still in the ring.");
  }
  if (Clock::now() >= wait.deadline) {
    return error(Code::timed_out, what)
        .peer(waited_for.empty() ? "no receiver has come" : waited_for)
        .because("the deadline passed while the ring was full")
        .mend("Receive faster, raise capacity_bytes, or choose what to drop with when_full.");
  }
  return {};
}

void SenderEnd::sleep(Deadline until) {
  metrics_.add(ChannelColumn::waits);
  if (service_bell_) attend_at(*bell_);
  gate_.leave();
  bell_->sleep(until);
  gate_.enter();
  metrics_.add(ChannelColumn::wakes);
  if (service_bell_) attend_at(service_bell_->bell());
  carry();
}

// Any: whether something lies where nobody reads.
bool SenderEnd::orphaned() {
  drop_lost_receivers();
  if (orphans_) hand_over_orphans();
  return orphans_;
}

// Whether something that was committed has nobody who has it, or will have it after this end is gone.
bool SenderEnd::undelivered() {
  drop_lost_receivers();
  const bool mapped = transport_.maps();
  if (!mapped) {
    const std::lock_guard lock(mutex_);
    if (std::ranges::any_of(peers_, [](const auto& peer) { return !peer->carried(); })) return true;
  }
  return std::ranges::any_of(outlets_, [&](const auto& outlet) {
    if (mapped && outlet->readers() > 0) return false;  // they hold the memory: it stays as long as they need it
    return outlet->released() != outlet->position();
  });
}

// Inside the gate. Whether it still holds at the deadline.
template <class Condition>
bool SenderEnd::linger_while(Condition condition, Deadline deadline) {
  bool holds = condition();
  while (holds && Clock::now() < deadline) {
    for (const auto& outlet : outlets_) outlet->announce_sleep();
    if (condition()) sleep(deadline);
    for (const auto& outlet : outlets_) outlet->end_sleep();
    holds = condition();
  }
  return holds;
}

Result<void> SenderEnd::close(std::chrono::nanoseconds linger) {
  if (closed_ || !presence_) return {};
  const Wait wait(linger);
  gate_.enter();
  linger_while([this] { return orphaned(); }, wait.deadline);  // a closed ring takes no more
  closed_ = true;
  for (const auto& outlet : outlets_) outlet->close();
  {
    const std::lock_guard lock(mutex_);
    for (const auto& peer : peers_) peer->close();
  }
  Result<void> delivered;
  if (linger_while([this] { return undelivered(); }, wait.deadline)) {
    delivered = error(Code::timed_out, "deliver all that was sent on")
                    .because("no receiver took it while close waited")
                    .mend("Start receivers earlier, or raise linger.");
  }
  gate_.leave();
  if (delivered) {
    logging::write(logging::Level::debug, "channel", metrics_.label(), ": closed");
  } else {
    logging::write(logging::Level::warn, "channel", metrics_.label(), ": closed: ", delivered.error());
  }
  presence_.reset();
  {
    const std::lock_guard lock(mutex_);
    for (const auto& peer : peers_) detach(peer->link());
  }
  service_bell_.reset();
  gate_.close();
  {
    const std::lock_guard lock(mutex_);
    peers_.clear();
  }
  show_lanes();
  return delivered;
}

}  // namespace psyne::inline v0
