#pragma once

#include <psyne/core/uri/uri.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace psyne::inline v0 {

/// Whether the query has the channel's option `key`, by its short name or its whole one.
inline bool is_asked(const Uri& uri, std::string_view key) {
  return uri.find(key) || uri.find("channel." + std::string(key));
}

/// The option that the program gave, unless the query asks for that `key`: the query is stronger than the program's own
/// options, which are stronger than file and environment. Where it is nothing, the Config for that uri has the value.
template <class Value>
std::optional<Value> unless_asked(const Uri& uri, std::string_view key, const std::optional<Value>& given) {
  return is_asked(uri, key) ? std::nullopt : given;
}

}  // namespace psyne::inline v0
