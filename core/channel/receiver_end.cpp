#include <psyne/core/channel/channel_patience.hpp>
#include <psyne/core/channel/receiver_end.hpp>
#include <psyne/core/channel/unless_asked.hpp>
#include <psyne/core/config/config.hpp>
#include <psyne/core/config/known_options.hpp>
#include <psyne/core/log/log.hpp>

#include <unistd.h>

#include <algorithm>
#include <bit>
#include <string_view>
#include <utility>

namespace psyne::inline v0 {

namespace {

constexpr std::size_t most_refusals =
    64;  // kept for the receiving thread; a peer that comes again and again fills no memory

std::string_view name(Delivery delivery) {
  switch (delivery) {
    case Delivery::single: return "single";
    case Delivery::all: return "all";
    case Delivery::any: return "any";
    case Delivery::routed: return "routed";
  }
  return "unknown";
}

}  // namespace

ReceiverEnd::ReceiverEnd(std::string uri, Transport& transport, ReceiverSettings settings, LaneType type,
                         MakeLane make_lane)
    : uri_(std::move(uri)),
      transport_(transport),
      settings_(std::move(settings)),
      type_(std::move(type)),
      make_lane_(make_lane),
      metrics_(uri_, ChannelMetrics::Role::receiver, settings_.given.name) {}

Result<std::unique_ptr<ReceiverEnd>> ReceiverEnd::open(std::string_view text, const ReceiverOptions& options,
                                                       LaneType type, MakeLane make_lane) {
  auto uri = Uri::parse(text);
  if (!uri) return uri.error();
  auto transport = transport_for(uri->scheme());
  if (!transport) return transport.error();
  auto config = Config::process().with(*uri);
  if (!config) return config.error();

  ReceiverSettings settings;
  settings.given = options;
  settings.given.most_held = std::bit_ceil(std::max<std::size_t>(options.most_held, 2));
  settings.delivery =
      unless_asked(*uri, "delivery", options.delivery).value_or(config->choice<Delivery>(option::channel_delivery));
  settings.patience = channel_patience(*config, *uri, options.patience);
  settings.linger = config->duration(option::channel_linger);
  auto id = options.id ? Result<EndId>(options.id) : EndId::random();
  if (!id) return id.error();
  settings.id = *id;

  StandardAtomics::join_barriers();
  const bool alone = settings.delivery == Delivery::single;
  std::unique_ptr<ReceiverEnd> end(
      new ReceiverEnd(std::string(uri->address()), **transport, std::move(settings), std::move(type), make_lane));
  auto bell = Bell::make();
  if (!bell) return bell.error();
  end->bell_ = std::move(*bell);
  if (!(*transport)->maps()) {
    auto service_bell =
        ServiceBell::make([raw = end.get()] { raw->settle_wired(); }, [raw = end.get()] { raw->settle_goodbyes(); });
    if (!service_bell) return service_bell.error();
    end->service_bell_ = std::move(*service_bell);
  }
  auto presence = (*transport)->appear(*uri, Side::answering, *end, {.exclusive = alone});
  if (!presence) return presence.error();
  end->presence_ = std::move(*presence);
  logging::write(logging::Level::debug, "channel", end->metrics_.label(), ": present at ", end->presence_->where());
  return end;
}

ReceiverEnd::~ReceiverEnd() { leave(); }

void ReceiverEnd::leave() {
  if (presence_) logging::write(logging::Level::debug, "channel", metrics_.label(), ": closed");
  presence_.reset();
  {
    const std::lock_guard lock(mutex_);
    for (IncomingLane* lane : wired_) static_cast<void>(lane->link().attach_service_bell(nullptr));
  }
  if (service_bell_) service_bell_->end();
}

void ReceiverEnd::part_from(IncomingLane& lane, std::uint64_t taken, Deadline until) {
  if (!lane.mapped()) {
    {
      const std::lock_guard lock(mutex_);
      std::erase(wired_, &lane);
    }
    static_cast<void>(lane.link().attach_service_bell(bell_.get()));
    while (!lane.leave(taken) && Clock::now() < until) {
      lane.link().settle();
      bell_->sleep(until);
    }
    static_cast<void>(lane.link().attach_service_bell(&service_bell_->bell()));
    // Views that are held lie in our copy of the ring, and need no link.
    goodbyes_.say(lane.shared_link(), lane.copy(), until);
    settle_goodbyes();
  }
  static_cast<void>(lane.link().attach_bell(nullptr));
}

void ReceiverEnd::await_goodbyes(Deadline until) {
  if (forked()) return;
  while (!goodbyes_.empty() && Clock::now() < until) bell_->sleep(until);
  goodbyes_.close();
}

// The service thread, or who has just said one. The bell is for who waits for the last.
void ReceiverEnd::settle_goodbyes() {
  if (goodbyes_.empty()) return;
  const auto next = goodbyes_.settle();
  if (!next) return bell_->ring();
  service_bell_->look_after(std::max<Clock::duration>(*next - Clock::now(), Clock::duration(0)));
}

void ReceiverEnd::settle_wired() {
  settle_goodbyes();
  const std::lock_guard lock(mutex_);
  for (IncomingLane* lane : wired_) {
    lane->settle();
    if (!lane->resumed()) continue;
    metrics_.add(ChannelColumn::resumed);
    logging::write(logging::Level::info, "channel", metrics_.label(), ": goes on with ", lane->who());
  }
}

Result<void> ReceiverEnd::fits(const LaneOffer& offer) const {
  if (offer.type.schema != type_.schema || offer.type.payload != type_.payload ||
      offer.type.alignment != type_.alignment) {
    return Error(Code::incompatible, "cannot receive from " + uri_)
        .because("its sender sends " + offer.type.description + " and this receiver takes " + type_.description)
        .mend("Open both with the same message type.");
  }
  if (offer.delivery != settings_.delivery) {
    return Error(Code::incompatible, "cannot receive from " + uri_)
        .because("its sender says delivery=" + std::string(name(offer.delivery)) +
                 " and this receiver delivery=" + std::string(name(settings_.delivery)))
        .mend("Open both with the same delivery.");
  }
  return {};
}

Result<Greeting> ReceiverEnd::answer(Link& link, Greeting greeting) {
  if (leaving_.load(std::memory_order_relaxed)) {
    return Error(Code::not_found, "cannot receive from " + uri_).because("this receiver is closing");
  }
  auto offer = LaneOffer::decode(greeting.bytes);
  if (!offer) return offer.error();
  if (auto fit = fits(*offer); !fit) return fit.error();

  IncomingLane::Parts parts{.offer = std::move(*offer),
                            .producer = {},
                            .own = nullptr,
                            .mirror = nullptr,
                            .most_held = settings_.given.most_held};
  const bool mapped = link.capabilities().mapped;
  const bool shareable = transport_.needs_shareable();
  auto own = Region::allocate(sizeof(ConsumerBlock<>), "cursor of " + uri_, {.shareable = mapped && shareable});
  if (!own) return own.error();
  parts.own = std::make_shared<const Region>(std::move(*own));
  if (mapped) {
    const std::uint64_t needed = ProducerBlock<>::ring_offset + parts.offer.capacity;
    if (greeting.spans.size() != 1 || greeting.spans.front().length < needed) {
      return Error(Code::corrupted, "cannot receive from " + uri_).because("its sender's ring is shorter than it says");
    }
    auto producer = link.attach(std::move(greeting.spans.front()));
    if (!producer) return producer.error();
    if (producer->map().size() < needed) return Code::corrupted;
    parts.producer = std::move(*producer);
  } else {
    if (parts.offer.capacity > settings_.given.most_copied) {
      return Error(Code::too_large, "cannot receive from " + uri_)
          .because("its sender's ring has " + std::to_string(parts.offer.capacity) +
                   " bytes, and this receiver copies " + std::to_string(settings_.given.most_copied))
          .mend("Lower the sender's capacity_bytes, or raise ReceiverOptions::most_copied.");
    }
    auto mirror = Region::allocate(parts.offer.capacity, "copy of the ring of " + uri_, {.populated = false});
    if (!mirror) return mirror.error();
    parts.mirror = std::make_shared<const Region>(std::move(*mirror));
  }

  const std::shared_ptr<const Region>& exposed = mapped ? parts.own : parts.mirror;
  auto span = link.expose(*exposed, mapped ? Access::read : Access::write);
  if (!span) return span.error();
  span->owner = exposed;
  OwnedLane lane(make_lane_(std::move(parts)));
  lane->exposed(span->generation);
  Greeting answer{.bytes = {}, .spans = {}};
  answer.bytes = LaneAnswer{.pid = getpid(), .receiver = settings_.id, .name = settings_.given.name}.encode();
  answer.spans.push_back(std::move(*span));
  const std::lock_guard lock(mutex_);
  answered_[&link] = std::move(lane);
  return answer;
}

void ReceiverEnd::parted(const IncomingLane& lane, const std::optional<Error>& why) const {
  if (why) {
    logging::write(logging::Level::warn, "channel", metrics_.label(), ": lost ", lane.who(), ": ", *why);
  } else {
    logging::write(logging::Level::info, "channel", metrics_.label(), ": ", lane.who(), " closed");
  }
}

void ReceiverEnd::welcome(std::unique_ptr<Link> link) {
  const std::string peer = link->peer().name;
  Result<void> connected;
  std::string met;
  {
    const std::lock_guard lock(mutex_);
    const auto found = answered_.find(link.get());
    if (found == answered_.end()) return;
    OwnedLane lane = std::move(found->second);
    answered_.erase(found);
    const IncomingLane& its_lane = *lane;
    connected = connect(std::move(lane), std::move(link));
    if (connected) {
      met = its_lane.who() + ", ring of " + std::to_string(its_lane.offer().capacity) + " bytes" +
            (its_lane.mapped() ? "" : ", copied");
    } else {
      refusals_.push_back(connected.error());
    }
    arrivals_.store(true, std::memory_order_release);
  }
  bell_->ring();
  if (connected) {
    logging::write(logging::Level::info, "channel", metrics_.label(), ": met ", met);
  } else {
    logging::write(logging::Level::warn, "channel", metrics_.label(), ": no lane from ", peer, ": ", connected.error());
  }
}

// Under mutex_.
Result<void> ReceiverEnd::connect(OwnedLane lane, std::unique_ptr<Link> link) {
  if (auto attached = link->attach_bell(bell_.get()); !attached) return attached;
  if (!lane->mapped()) {
    if (auto attached = link->attach_service_bell(&service_bell_->bell()); !attached) return attached;
  }
  lane->connect(std::move(link));
  if (!lane->mapped()) wired_.push_back(lane.get());
  arrived_.push_back(std::move(lane));
  return {};
}

void ReceiverEnd::missed(const Link* link, const Error& error) {
  if (error != Code::closed) {
    logging::write(logging::Level::warn, "channel", metrics_.label(), ": no lane from ",
                   link != nullptr ? link->peer().name : "a peer", ": ", error);
  }
  {
    const std::lock_guard lock(mutex_);
    answered_.erase(link);
    if (refusals_.size() < most_refusals) refusals_.push_back(error);
    arrivals_.store(true, std::memory_order_release);
  }
  bell_->ring();
}

bool ReceiverEnd::expects() const {
  const std::lock_guard lock(mutex_);
  return !answered_.empty() || !arrived_.empty();
}

std::vector<IncomingLane*> ReceiverEnd::take_arrivals() {
  const std::lock_guard lock(mutex_);
  arrivals_.store(!refusals_.empty(), std::memory_order_relaxed);
  std::vector<IncomingLane*> lanes;
  lanes.reserve(arrived_.size());
  for (OwnedLane& lane : arrived_) lanes.push_back(lane.release());
  arrived_.clear();
  return lanes;
}

std::optional<Error> ReceiverEnd::take_refusal() {
  const std::lock_guard lock(mutex_);
  if (refusals_.empty()) return std::nullopt;
  Error refusal = std::move(refusals_.front());
  refusals_.pop_front();
  arrivals_.store(!refusals_.empty() || !arrived_.empty(), std::memory_order_relaxed);
  return refusal;
}

Result<Greeting> ReceiverEnd::offer(Link& /*link*/) {
  return Error(Code::incompatible, "cannot share a lane").because("both ends are receivers");
}
Result<void> ReceiverEnd::admit(std::unique_ptr<Link>& /*link*/, Greeting /*answer*/) { return Code::incompatible; }

}  // namespace psyne::inline v0
