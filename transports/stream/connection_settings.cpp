#include <psyne/core/config/known_options.hpp>
#include <psyne/transports/stream/connection_settings.hpp>

#include <limits>

namespace psyne::inline v0::stream {

namespace {

constexpr std::size_t largest_buffer = std::numeric_limits<int>::max() / 2;  // the kernel takes an int, and doubles it

Error wrong(const Option& option, std::string reason, std::string advice) {
  return Error(Code::invalid_argument, "cannot use " + std::string(option.name))
      .because(std::move(reason))
      .mend(std::move(advice));
}

}  // namespace

Result<ConnectionSettings> ConnectionSettings::read(const Config& config) {
  ConnectionSettings settings;
  settings.token = config.text(option::tcp_token);
  settings.insecure = config.boolean(option::tcp_insecure);
  settings.interface_name = config.text(option::tcp_iface);
  if (const std::string advertised = config.text(option::tcp_advertise); !advertised.empty()) {
    auto endpoint = Endpoint::parse(advertised);
    if (!endpoint) return wrong(option::tcp_advertise, endpoint.error().text(), "Write host or host:port.");
    if (endpoint->any_host()) {
      return wrong(option::tcp_advertise, "nobody can connect to *", "Write the host that others know this one by.");
    }
    settings.advertise = std::move(*endpoint);
  }
  const auto patience = config.duration(option::tcp_unreachable_after);
  if (patience < std::chrono::seconds(1) || patience > std::chrono::hours(24)) {
    return wrong(option::tcp_unreachable_after, "it is less than a second or more than a day", "Write 15s, or 5m.");
  }
  settings.unreachable_after = std::chrono::duration_cast<std::chrono::milliseconds>(patience);
  settings.reconnect = config.duration(option::tcp_reconnect);
  if (settings.reconnect < std::chrono::seconds(0) || settings.reconnect > std::chrono::hours(24)) {
    return wrong(option::tcp_reconnect, "it is more than a day", "Write 30s, or 5m.");
  }
  settings.send_buffer = config.bytes(option::tcp_send_buffer);
  settings.receive_buffer = config.bytes(option::tcp_receive_buffer);
  for (const auto& [option, bytes] : {std::pair(&option::tcp_send_buffer, settings.send_buffer),
                                      {&option::tcp_receive_buffer, settings.receive_buffer}}) {
    if (bytes > largest_buffer) return wrong(*option, "it is more than a socket can have", "Write 4M, or less.");
  }
  return settings;
}

}  // namespace psyne::inline v0::stream
