// Any bytes as a counters page. The input is laid over a well-formed header, so that the search does not have to guess
// the magic; its first byte says whether, and how long the copy of the directory is.
#include <psyne/core/metrics/snapshot.hpp>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace {

namespace metrics = psyne::metrics;
namespace layout = psyne::metrics::layout;

void check(bool promise) {
  if (!promise) std::abort();
}

void check_text(const std::string& text) {
  for (const char letter : text) check(static_cast<unsigned char>(letter) >= 0x20 && letter != 0x7f);
}

std::vector<std::uint64_t> page_of(const std::uint8_t* data, std::size_t size) {
  std::vector<std::uint64_t> page(layout::smallest_page / layout::word);
  std::memcpy(page.data(), data, std::min(size, layout::smallest_page));
  return page;
}

void make_header_good(std::vector<std::uint64_t>& page) {
  page[layout::head::magic] = layout::magic;
  page[layout::head::version] = layout::version;
  page[layout::head::bytes] = layout::smallest_page;
  page[layout::head::capacity] = layout::directory_capacity(layout::smallest_page);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  auto page = page_of(data + 1, size - 1);
  if (data[0] % 2 == 0) make_header_good(page);
  const std::size_t directory = data[0] % 16 == 15 ? std::size_t{data[0]} : page.size();
  const auto snapshot = metrics::parse(std::span(page).first(std::min(directory, page.size())), page, page);
  if (!snapshot) return 0;
  check_text(snapshot->command);
  check(snapshot->sections.size() <= layout::directory_capacity(layout::smallest_page));
  for (const auto& section : snapshot->sections) {
    check(section.generation % 2 == 1);
    check_text(section.name);
    check_text(section.label);
    for (const auto& value : section.values) {
      check_text(value.name);
      check(value.histogram.size() + 1 == metrics::cells_of(value.kind));
      const double median = value.quantile(0.5);
      check(median >= 0 && median <= value.quantile(0.99));
    }
  }
  return 0;
}
