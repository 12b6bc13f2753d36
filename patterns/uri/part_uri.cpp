#include <psyne/core/uri/uri.hpp>
#include <psyne/patterns/uri/part_uri.hpp>

namespace psyne::inline v0 {

Result<std::string> part_uri(std::string_view text, std::string_view part) {
  auto uri = Uri::parse(text);
  if (!uri) return uri.error();
  if (uri->find("delivery")) {
    return Error(Code::invalid_argument, "cannot open " + std::string(uri->address()))
        .because("its query says delivery, which a pattern chooses itself")
        .mend("Leave it out.");
  }
  const bool has_port = uri->scheme() == "tcp" || uri->scheme() == "tls";
  const bool has_path = uri->place().find('/') != std::string::npos;
  const std::string_view query = std::string_view(uri->text()).substr(uri->address().size());
  std::string result(uri->address());
  if (!part.empty()) {
    result += has_port && !has_path ? '/' : '.';
    result += part;
  }
  result += query;
  return result;
}

}  // namespace psyne::inline v0
