#include <psyne/core/uri/quoted.hpp>
#include <psyne/transports/stream/place/place.hpp>

#include <string_view>
#include <utility>

namespace psyne::inline v0::stream {

namespace {

Error wrong(const Uri& uri, std::string reason, std::string advice) {
  return Error(Code::invalid_argument, "cannot open " + std::string(uri.address()))
      .because(std::move(reason))
      .mend(std::move(advice));
}

Result<void> read_name(const Uri& uri, std::string_view name, Place& place) {
  if (name.empty()) return {};
  auto checked = Name::parse(name);
  if (!checked)
    return Error(checked.error().code(), "cannot open " + std::string(uri.address())).because(checked.error().text());
  place.name = checked->text();
  return {};
}

Result<Place> of_tcp(const Uri& uri, Place place) {
  const std::string scheme(place.scheme());
  const std::string form = "Write " + scheme + "://host:port/name, or " + scheme + "://*:port/name to listen.";
  const std::string_view text = uri.place();
  const auto slash = text.find('/');
  auto endpoint = Endpoint::parse(text.substr(0, slash));
  if (!endpoint) return wrong(uri, endpoint.error().text(), form);
  if (!endpoint->port) return wrong(uri, "the port is missing", form);
  if (*endpoint->port == 0 && !endpoint->any_host()) return wrong(uri, "nobody can connect to port 0", form);
  place.listens = endpoint->any_host();
  place.endpoint = std::move(*endpoint);
  if (slash == std::string_view::npos) return place;
  if (auto read = read_name(uri, text.substr(slash + 1), place); !read) return read.error();
  return place;
}

Result<Place> of_unix(const Uri& uri, Place place) {
  constexpr const char* form =
      "Write unix:///path, or unix://*/path to listen, and //name behind it for one of several.";
  std::string_view text = uri.place();
  place.listens = text.starts_with('*');
  if (place.listens) text.remove_prefix(1);
  if (!text.starts_with('/')) return wrong(uri, "the path " + quoted(text) + " does not begin with a slash", form);
  const auto name = text.find("//", 1);
  place.path = text.substr(0, name);
  if (place.path.ends_with('/')) return wrong(uri, "the path " + quoted(place.path) + " names a directory", form);
  if (name == std::string_view::npos) return place;
  if (auto read = read_name(uri, text.substr(name + 2), place); !read) return read.error();
  return place;
}

}  // namespace

Result<Place> Place::of(const Uri& uri) {
  Place place;
  place.tls = uri.scheme() == "tls";
  place.tcp = place.tls || uri.scheme() == "tcp";
  place.uri = uri.address();
  return place.tcp ? of_tcp(uri, std::move(place)) : of_unix(uri, std::move(place));
}

std::string Place::uri_of(const Endpoint& host) const {
  return std::string(scheme()) + "://" + host.text() + (name.empty() ? "" : "/" + name);
}

std::string Place::uri_of_path() const { return "unix://" + path + (name.empty() ? "" : "//" + name); }

}  // namespace psyne::inline v0::stream
