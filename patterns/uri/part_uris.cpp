#include <psyne/core/channel/unless_asked.hpp>
#include <psyne/core/compression/compress.hpp>
#include <psyne/core/config/config.hpp>
#include <psyne/core/config/known_options.hpp>
#include <psyne/core/uri/uri.hpp>
#include <psyne/patterns/uri/part_uri.hpp>
#include <psyne/patterns/uri/part_uris.hpp>

#include <utility>

namespace psyne::inline v0 {

namespace {

Result<void> may_compress(const Uri& uri, const Part& out, const Part& in) {
  if (!out.fixed || !in.fixed || !is_asked(uri, "compress")) return {};
  auto config = Config::process().with(uri);
  if (!config) return config.error();
  if (config->choice<Compress>(option::channel_compress) == Compress::none) return {};
  return Error(Code::unsupported, "cannot open " + std::string(uri.address()))
      .because("compress is asked for, and its messages have one size each, in both directions: they go as they are")
      .mend("Leave compress out, or send them many at once, as a Vector or a Batch.");
}

std::string without_compress(const Uri& uri) {
  std::string result(uri.address());
  char before = '?';
  for (const Uri::Parameter& parameter : uri.query()) {
    if (parameter.key == "compress" || parameter.key == option::channel_compress.name) continue;
    const std::size_t begin = parameter.position - 1;  // as it was given: a value may be encoded
    result += std::exchange(before, '&');
    result += std::string_view(uri.text()).substr(begin, uri.text().find('&', begin) - begin);
  }
  return result;
}

}  // namespace

Result<PartUris> part_uris(std::string_view text, const Part& out, const Part& in) {
  auto uri = Uri::parse(text);
  if (!uri) return uri.error();
  if (auto may = may_compress(*uri, out, in); !may) return may.error();
  auto out_uri = part_uri(out.fixed && !in.fixed ? without_compress(*uri) : uri->text(), out.name);
  if (!out_uri) return out_uri.error();
  auto in_uri = part_uri(text, in.name);
  if (!in_uri) return in_uri.error();
  return PartUris{.out = *std::move(out_uri), .in = *std::move(in_uri)};
}

}  // namespace psyne::inline v0
