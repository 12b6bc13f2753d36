#include <psyne/core/uri/uri.hpp>
#include <psyne/patterns/pair/pair_ends.hpp>
#include <psyne/patterns/uri/part_uri.hpp>

#include <utility>

namespace psyne::inline v0 {

Result<std::vector<PairEnd>> pair_ends(std::string_view text) {
  auto to_first = part_uri(text, "first");
  if (!to_first) return to_first.error();
  auto to_second = part_uri(text, "second");
  if (!to_second) return to_second.error();
  PairEnd first{.in = *to_first, .out = *to_second};
  PairEnd second{.in = *std::move(to_second), .out = *std::move(to_first)};
  auto uri = Uri::parse(text);
  if (!uri) return uri.error();
  const std::string& scheme = uri->scheme();
  const bool has_listener = scheme == "tcp" || scheme == "tls" || scheme == "unix";
  if (!has_listener) return std::vector{std::move(first), std::move(second)};
  const bool listens = uri->place().starts_with("*");
  return std::vector{listens ? std::move(first) : std::move(second)};
}

}  // namespace psyne::inline v0
