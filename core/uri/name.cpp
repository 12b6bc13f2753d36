#include <psyne/core/uri/name.hpp>
#include <psyne/core/uri/quoted.hpp>

namespace psyne::inline v0 {

namespace {

constexpr std::string_view allowed = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-";

Error refused(Code code, std::string_view text, std::string reason) {
  return Error(code, quoted(text) + " cannot name a channel")
      .because(std::move(reason))
      .mend("Use 1 to 100 letters, digits, dots, underscores and dashes.");
}

}  // namespace

Result<Name> Name::parse(std::string_view text) {
  if (text.empty()) return refused(Code::invalid_argument, text, "it is empty");
  if (text.size() > longest) {
    return refused(Code::too_large, text, "it has " + std::to_string(text.size()) + " characters");
  }
  if (const auto bad = text.find_first_not_of(allowed); bad != std::string_view::npos) {
    return refused(Code::invalid_argument, text,
                   "character " + std::to_string(bad + 1) + " is " + quoted(text.substr(bad, 1)));
  }
  if (text == "." || text.find("..") != std::string_view::npos) {
    return refused(Code::invalid_argument, text, "it would lead to another directory");
  }
  return Name(text);
}

}  // namespace psyne::inline v0
