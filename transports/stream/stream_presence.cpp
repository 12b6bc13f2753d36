#include <psyne/transports/stream/port/ports.hpp>
#include <psyne/transports/stream/stream_presence.hpp>
#include <psyne/transports/stream/tls/tls_context.hpp>

#include <chrono>
#include <new>
#include <thread>
#include <utility>

namespace psyne::inline v0::stream {

namespace {

/// Others hold the lock of a directory for microseconds.
constexpr int most_tries = 200;
constexpr auto between_tries = std::chrono::milliseconds(5);

}  // namespace

Result<std::unique_ptr<Presence>> StreamPresence::appear(const Uri& uri, Side side, Host& host,
                                                         const PresenceOptions& options, MakeLink make_link) {
  auto place = Place::of(uri);
  if (!place) return place.error();
  auto config = Config::process().with(uri);
  if (!config) return config.error();
  auto settings = ConnectionSettings::read(*config);
  if (!settings) return settings.error();
  std::shared_ptr<const TlsContext> tls;
  if (place->tls) {
    const Role role = place->listens ? Role::listening : Role::connecting;
    auto terms = TlsSettings::read(*config, role, place->endpoint.host, place->uri);
    if (!terms) return terms.error();
    auto context = TlsContext::make(std::move(*terms), role, place->uri);
    if (!context) return context.error();
    tls = std::move(*context);
  }
  auto number = random_number();
  if (!number) return number.error();
  auto service = Service::process();
  if (!service) return service.error();

  std::unique_ptr<StreamPresence> presence(new StreamPresence(**service, std::move(*place)));
  presence->attendant_ = {.host = &host,
                          .side = side,
                          .exclusive = options.exclusive,
                          .uri = presence->place_.uri,
                          .name = presence->place_.name,
                          .presence = *number,
                          .settings = std::move(*settings),
                          .tls = std::move(tls)};
  if (presence->attendant_.settings.reconnect > std::chrono::seconds(0)) {
    presence->attendant_.sessions = std::make_shared<Sessions>();
  }
  Result<void> started;
  for (int i = 0; i < most_tries; ++i) {
    (*service)->run([&] { started = presence->start(make_link); });
    if (started || started.error() != Code::would_block) break;
    std::this_thread::sleep_for(between_tries);
  }
  if (started) return presence;
  if (started.error() != Code::would_block) return started.error();
  return Error(Code::in_use, "cannot open " + presence->place_.uri)
      .because("another process holds the lock of the socket's directory")
      .mend("Use a directory of your own.");
}

Result<void> StreamPresence::start(const MakeLink& make_link) {
  if (place_.listens) {
    auto port = Ports::process().enter(place_, attendant_, make_link);
    if (!port) return port.error();
    port_ = std::move(*port);
  } else {
    auto connector = Connector::start(place_, attendant_, make_link);
    if (!connector) return connector.error();
    connector_ = std::move(*connector);
  }
  return {};
}

StreamPresence::~StreamPresence() {
  if (epoch_.forked()) {
    // The parent's threads may have been in the middle of these: nothing of them can be used, not even to end them.
    // Their descriptors are closed.
    static_cast<void>(connector_.release());
    static_cast<void>(new (std::nothrow) std::shared_ptr<Port>(std::move(port_)));
    static_cast<void>(new (std::nothrow) std::shared_ptr<Sessions>(std::move(attendant_.sessions)));
    return;
  }
  service_.run([this] {
    connector_.reset();
    if (port_) port_->remove(attendant_);
    port_.reset();
    if (attendant_.sessions) attendant_.sessions->close();
  });
}

std::string StreamPresence::where() const {
  if (!port_) return place_.uri + " (connects)";
  if (!place_.tcp) return place_.uri_of_path() + " (listens)";
  const std::uint16_t number = port_->number();
  const std::string& interface_name = attendant_.settings.interface_name;
  return place_.uri_of(advertised(attendant_.settings, number)) + " (listens at " +
         (interface_name.empty() ? "*" : interface_name) + ":" + std::to_string(number) + ")";
}

}  // namespace psyne::inline v0::stream
