#include <psyne/collectives/mesh/whereabouts.hpp>

#include <array>
#include <sstream>
#include <utility>

namespace psyne::inline v0 {

namespace {

std::string_view take_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

}  // namespace

std::string Whereabouts::text() const {
  std::string text = host + '\n' + process + '\n' + name + '\n';
  for (const unsigned cpu : cpus) text += std::to_string(cpu) + ' ';
  text += '\n';
  for (const std::string& uri : uris) text += uri + '\n';
  return text;
}

Result<Whereabouts> Whereabouts::parse(std::string_view text) {
  Whereabouts found;
  found.host = take_line(text);
  found.process = take_line(text);
  found.name = take_line(text);
  std::istringstream cpus{std::string(take_line(text))};
  for (unsigned cpu = 0; cpus >> cpu;) found.cpus.push_back(cpu);
  while (!text.empty()) found.uris.emplace_back(take_line(text));
  if (found.host.empty() || found.process.empty() || found.name.empty() || found.uris.empty()) {
    return Error(Code::corrupted, "cannot read where a rank is").because("it is not what ranks of this version tell");
  }
  return found;
}

std::string_view Whereabouts::uri(std::string_view scheme) const noexcept {
  for (const std::string& uri : uris) {
    if (uri.starts_with(scheme) && std::string_view(uri).substr(scheme.size()).starts_with("://")) return uri;
  }
  return {};
}

Result<Route> choose_route(const Whereabouts& one, const Whereabouts& other) {
  struct Choice {
    std::string_view scheme;
    bool possible;
    std::string_view reason;
  };
  const bool same_host = one.host == other.host;
  const std::array choices{
      Choice{"memory", same_host && one.process == other.process, "both are in one process"},
      Choice{"ipc", same_host, "both are on one host"},
      Choice{"tcp", true, same_host ? "shared memory is not allowed to one of them" : "they are on different hosts"},
  };
  for (const Choice& choice : choices) {
    if (!choice.possible || one.uri(choice.scheme).empty() || other.uri(choice.scheme).empty()) continue;
    return Route{std::string(choice.scheme), std::string(choice.reason)};
  }
  return Error(Code::unsupported, "cannot join " + one.name + " and " + other.name)
      .because(same_host ? "they allow no transport in common" : "they are on different hosts, and not both allow tcp")
      .mend("Allow more in collectives.transports of both.");
}

}  // namespace psyne::inline v0
