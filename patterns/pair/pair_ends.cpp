#include <psyne/core/uri/uri.hpp>
#include <psyne/patterns/pair/pair_ends.hpp>
#include <psyne/patterns/uri/part_uris.hpp>

#include <utility>

namespace psyne::inline v0 {

Result<std::vector<PairEnd>> pair_ends(std::string_view text, bool fixed) {
  auto uris = part_uris(text, {"second", fixed}, {"first", fixed});
  if (!uris) return uris.error();
  PairEnd first{.in = uris->in, .out = uris->out};
  PairEnd second{.in = std::move(uris->out), .out = std::move(uris->in)};
  auto uri = Uri::parse(text);
  if (!uri) return uri.error();
  const std::string& scheme = uri->scheme();
  const bool has_listener = scheme == "tcp" || scheme == "tls" || scheme == "unix";
  if (!has_listener) return std::vector{std::move(first), std::move(second)};
  const bool listens = uri->place().starts_with("*");
  return std::vector{listens ? std::move(first) : std::move(second)};
}

}  // namespace psyne::inline v0
