#include <psyne/core/uri/endpoint.hpp>
#include <psyne/core/uri/quoted.hpp>

#include <charconv>
#include <system_error>

namespace psyne::inline v0 {

namespace {

constexpr std::string_view name_letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";
constexpr std::string_view ipv6_letters = "ABCDEFabcdef0123456789:.";
constexpr std::size_t longest_host = 253;  // of a DNS name, RFC 1035

bool consists_of(std::string_view text, std::string_view letters) {
  return !text.empty() && text.find_first_not_of(letters) == std::string_view::npos;
}

bool is_ipv6_form(std::string_view text) {
  const auto zone = text.find('%');
  if (zone != std::string_view::npos && !consists_of(text.substr(zone + 1), name_letters)) return false;
  const std::string_view address = text.substr(0, zone);
  return consists_of(address, ipv6_letters) && address.find(':') != std::string_view::npos;
}

Error refused(std::string_view text, std::string reason) {
  return Error(Code::invalid_argument, quoted(text) + " is not a host and a port")
      .because(std::move(reason))
      .mend("Write host:port, [IPv6]:port, or *:port to listen on every interface.");
}

}  // namespace

Result<Endpoint> Endpoint::parse(std::string_view text) {
  Endpoint endpoint;
  std::string_view rest;
  if (text.starts_with('[')) {
    const auto close = text.find(']');
    if (close == std::string_view::npos) return refused(text, "the bracket is not closed");
    endpoint.host = text.substr(1, close - 1);
    rest = text.substr(close + 1);
    if (!is_ipv6_form(endpoint.host)) return refused(text, quoted(endpoint.host) + " is not an IPv6 address");
  } else {
    const auto colon = text.find(':');
    endpoint.host = text.substr(0, colon);
    rest = text.substr(endpoint.host.size());
    if (endpoint.host.empty()) return refused(text, "the host is missing");
    if (rest.find(':', 1) != std::string_view::npos) {
      return refused(text, "it has several colons, and an IPv6 address stands in brackets");
    }
    if (endpoint.host != "*" && !consists_of(endpoint.host, name_letters)) {
      return refused(text, quoted(endpoint.host) + " is not the name of a host");
    }
  }
  if (endpoint.host.size() > longest_host) return refused(text, "the host is longer than 253 characters");
  if (rest.empty()) return endpoint;
  if (rest.front() != ':') return refused(text, quoted(rest) + " follows the bracket");

  rest.remove_prefix(1);
  std::uint16_t port = 0;
  const auto [end, problem] = std::from_chars(rest.data(), rest.data() + rest.size(), port);
  if (problem != std::errc() || end != rest.data() + rest.size()) {
    return refused(text, "the port " + quoted(rest) + " is not a number from 0 to 65535");
  }
  endpoint.port = port;
  return endpoint;
}

std::string Endpoint::text() const {
  std::string text = host.find(':') == std::string::npos ? host : '[' + host + ']';
  if (port) text += ':' + std::to_string(*port);
  return text;
}

}  // namespace psyne::inline v0
