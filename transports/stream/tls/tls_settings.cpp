#include <psyne/core/config/known_options.hpp>
#include <psyne/transports/stream/tls/tls_settings.hpp>

#include <utility>

namespace psyne::inline v0::stream {

namespace {

constexpr const char* both_ways =
    "Give both sides the same PSYNE_TOKEN; or tls.certificate and tls.key to the end that listens, and tls.authority "
    "to "
    "the one that connects.";

Error incomplete(const std::string& uri, std::string reason, std::string advice) {
  return Error(Code::invalid_argument, "cannot open " + uri).because(std::move(reason)).mend(std::move(advice));
}

/// Without the interface, which is behind the address where it means only one network.
std::string without_zone(const std::string& host) { return host.substr(0, host.find('%')); }

}  // namespace

Result<TlsSettings> TlsSettings::read(const Config& config, Role role, const std::string& host,
                                      const std::string& uri) {
  TlsSettings settings;
  settings.certificate = config.text(option::tls_certificate);
  settings.key = config.text(option::tls_key);
  settings.authority = config.text(option::tls_authority);
  if (settings.certificate.empty() && !settings.key.empty()) {
    return incomplete(uri, "tls.key is set and tls.certificate is not",
                      "Set tls.certificate to the file of the certificate that the key belongs to.");
  }
  if (!settings.by_certificates()) {
    settings.token = config.text(option::tcp_token);
    if (settings.token.empty())
      return incomplete(uri, "neither a token nor a certificate says who may come", both_ways);
    return settings;
  }
  if (role == Role::listening && settings.certificate.empty()) {
    return incomplete(uri, "tls.authority is set, and this end, which listens, has no certificate to show",
                      "Set tls.certificate and tls.key.");
  }
  if (role == Role::connecting && settings.authority.empty()) {
    return incomplete(uri, "tls.certificate is set, and nothing says whose certificate the other end may show",
                      "Set tls.authority to a file of those who sign them, or to \"system\".");
  }
  if (settings.key.empty()) settings.key = settings.certificate;
  if (role == Role::connecting) {
    settings.name = config.text(option::tls_name);
    if (settings.name.empty()) settings.name = without_zone(host);
  }
  return settings;
}

}  // namespace psyne::inline v0::stream
