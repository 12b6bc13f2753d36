#include <psyne/transports/stream/link/stream_link.hpp>
#include <psyne/transports/stream/place/interfaces.hpp>
#include <psyne/transports/stream/stream_presence.hpp>
#include <psyne/transports/stream/stream_transport.hpp>

#include <utility>

namespace psyne::inline v0 {

namespace {

/// How this host would be told of to others, and what else it could be.
Result<std::string> known_by() {
  const auto all = stream::interface_addresses();
  if (!all) return all.error();
  const auto* best = stream::best_known_by(*all);
  if (best == nullptr) return std::string("no network interface is up");
  std::string others;
  for (const auto& each : *all) {
    if (&each != best) others += (others.empty() ? "" : ", ") + each.address.host() + " (" + each.interface_name + ")";
  }
  return "a listening end is known by " + best->address.host() + " (" + best->interface_name +
         "), the first address that others may reach" +
         (others.empty() ? "" : "; tcp.iface or tcp.advertise may say another: " + others);
}

Result<stream::NewLink> make_stream_link(const stream::Caller& caller, const stream::Attendant& /*attendant*/,
                                         Identity peer) {
  auto link = std::make_unique<StreamLink>(caller.line, caller.stream, std::move(peer), StreamSettings());
  auto start = [raw = link.get()](std::vector<std::byte> first) { return raw->start(std::move(first)); };
  stream::Resumable* const resumable = link.get();
  return stream::NewLink{.link = std::move(link), .start = std::move(start), .resumable = resumable};
}

class StreamTransport final : public Transport {
 public:
  explicit StreamTransport(std::string_view scheme) : scheme_(scheme) {}

  std::string_view scheme() const override { return scheme_; }
  bool maps() const override { return false; }
  bool needs_shareable() const override { return false; }
  bool huge_pages(const Config& /*config*/) const override { return false; }

  Result<std::string> available() const override {
    if (scheme_ == "unix") return std::string("between processes of this machine, by copies through a socket");
    auto known = known_by();
    if (!known) return known.error();
    return (scheme_ == "tls" ? "between hosts, encrypted by TLS 1.3; " : "between hosts; ") + *known;
  }

  Result<std::unique_ptr<Presence>> appear(const Uri& uri, Side side, Host& host,
                                           const PresenceOptions& options) override {
    return stream::StreamPresence::appear(uri, side, host, options, make_stream_link);
  }

 private:
  const std::string_view scheme_;
};

}  // namespace

Transport& tcp_transport() {
  static StreamTransport transport("tcp");
  return transport;
}

Transport& tls_transport() {
  static StreamTransport transport("tls");
  return transport;
}

Transport& unix_transport() {
  static StreamTransport transport("unix");
  return transport;
}

}  // namespace psyne::inline v0
