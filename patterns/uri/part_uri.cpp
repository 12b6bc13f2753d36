#include <psyne/core/channel/unless_asked.hpp>
#include <psyne/core/uri/uri.hpp>
#include <psyne/patterns/uri/part_uri.hpp>

namespace psyne::inline v0 {

namespace {

// What stands between the place and the part: a dot behind a name, else what begins a name there.
std::string_view separator(const Uri& uri) {
  const std::string_view place = uri.place();
  std::string_view beginning;
  std::size_t name = 0;
  if (uri.scheme() == "tcp" || uri.scheme() == "tls") {
    beginning = "/";
    name = place.find(beginning);
  } else if (uri.scheme() == "unix") {
    beginning = "//";
    name = place.find(beginning, place.starts_with('*') ? 2 : 1);
  }
  if (name == std::string_view::npos) return beginning;
  return !beginning.empty() && name + beginning.size() == place.size() ? "" : ".";
}

}  // namespace

Result<std::string> part_uri(std::string_view text, std::string_view part) {
  auto uri = Uri::parse(text);
  if (!uri) return uri.error();
  if (is_asked(*uri, "delivery")) {
    return Error(Code::invalid_argument, "cannot open " + std::string(uri->address()))
        .because("its query says delivery, which a pattern chooses itself")
        .mend("Leave it out.");
  }
  const std::string_view query = std::string_view(uri->text()).substr(uri->address().size());
  std::string result(uri->address());
  if (!part.empty()) {
    result += separator(*uri);
    result += part;
  }
  result += query;
  return result;
}

}  // namespace psyne::inline v0
