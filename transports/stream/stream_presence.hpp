#pragma once

#include <psyne/core/service/service.hpp>
#include <psyne/core/transport/transport.hpp>
#include <psyne/transports/stream/connector/connector.hpp>
#include <psyne/transports/stream/meeting/attendant.hpp>
#include <psyne/transports/stream/meeting/new_link.hpp>
#include <psyne/transports/stream/place/place.hpp>
#include <psyne/transports/stream/port/port.hpp>

#include <memory>
#include <string>

namespace psyne::inline v0::stream {

/// Presence at a tcp://, tls:// or unix:// address: a seat at a port of this process, or a connector.
class StreamPresence final : public Presence {
 public:
  /// `make_link` makes the links. Errors: those of Transport::appear.
  static Result<std::unique_ptr<Presence>> appear(const Uri& uri, Side side, Host& host, const PresenceOptions& options,
                                                  MakeLink make_link);
  ~StreamPresence() override;

  /// "tcp://10.0.0.3:40112/ticks (listens at *:40112)", what stands before the space being the URI for those who
  /// connect.
  std::string where() const override;

 private:
  StreamPresence(Service& service, Place place) : service_(service), place_(std::move(place)) {}
  Result<void> start(const MakeLink& make_link);

  Service& service_;
  const Place place_;
  LifeLine epoch_;
  Attendant attendant_;
  std::shared_ptr<Port> port_;
  std::unique_ptr<Connector> connector_;
};

}  // namespace psyne::inline v0::stream
