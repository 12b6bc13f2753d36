#include <psyne/core/channel/channel_patience.hpp>
#include <psyne/core/uri/uri.hpp>
#include <psyne/patterns/request/answer_patience.hpp>

#include <algorithm>

namespace psyne::inline v0 {

Result<Patience> answer_patience(std::string_view uri, const std::optional<Patience>& given) {
  auto parsed = Uri::parse(uri);
  if (!parsed) return parsed.error();
  auto config = Config::process().with(*parsed);
  if (!config) return config.error();
  Patience patience = channel_patience(*config, *parsed, given);
  if (!given && (patience.spins > 0 || patience.pauses > 0))
    patience.yields = std::max(patience.yields, looks_for_answer);
  return patience;
}

}  // namespace psyne::inline v0
