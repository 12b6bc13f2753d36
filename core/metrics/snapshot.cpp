#include <psyne/core/metrics/snapshot.hpp>

#include <algorithm>
#include <cstring>
#include <optional>

namespace psyne::inline v0::metrics {

namespace {

using Words = std::span<const std::uint64_t>;

std::string text_of(Words words) {
  std::string text(words.size() * layout::word, '\0');
  std::memcpy(text.data(), words.data(), text.size());
  text.resize(std::min(text.find('\0'), text.size()));
  for (char& letter : text) {
    const auto byte = static_cast<unsigned char>(letter);
    if (byte < 0x20 || byte == 0x7f) letter = '?';
  }
  return text;
}

/// The value of one descriptor; nothing when its kind is unknown or its cells are not the block's.
std::optional<ReadValue> read_value(Words descriptor, Words cells) {
  const std::uint64_t kind = descriptor[layout::descriptor::kind] >> 32;
  const std::uint64_t first = descriptor[layout::descriptor::kind] & 0xffffffff;
  if (kind > static_cast<std::uint64_t>(Kind::histogram)) return std::nullopt;
  ReadValue value;
  value.kind = static_cast<Kind>(kind);
  const std::size_t taken = cells_of(value.kind);
  if (first > cells.size() || taken > cells.size() - first) return std::nullopt;
  value.name = text_of(descriptor.subspan(layout::descriptor::name, layout::descriptor::name_words));
  value.number = cells[first];
  const Words rest = cells.subspan(first + 1, taken - 1);
  value.histogram.assign(rest.begin(), rest.end());
  return value;
}

std::optional<ReadSection> read_section(Words block) {
  if (block.size() < layout::block::words) return std::nullopt;
  const std::uint64_t values = block[layout::block::counts] >> 32;
  const std::uint64_t cells = block[layout::block::counts] & 0xffffffff;
  if (values > block.size() || cells > block.size() || layout::block_words(values, cells) > block.size()) {
    return std::nullopt;
  }
  ReadSection section;
  section.name = text_of(block.subspan(layout::block::name, layout::block::name_words));
  section.label = text_of(block.subspan(layout::block::label, layout::block::label_words));
  const Words own_cells = block.subspan(layout::first_cell(values), cells);
  for (std::size_t i = 0; i < values; ++i) {
    const Words descriptor =
        block.subspan(layout::block::words + i * layout::descriptor::words, layout::descriptor::words);
    auto value = read_value(descriptor, own_cells);
    if (!value) return std::nullopt;
    section.values.push_back(*std::move(value));
  }
  return section;
}

Error not_a_page(std::string reason) {
  return Error(Code::corrupted, "cannot read the counters page").because(std::move(reason));
}

Result<void> check_header(Words head, std::size_t page_words) {
  if (head.size() < layout::head::words) return not_a_page("it is too short");
  if (head[layout::head::magic] != layout::magic) return not_a_page("it does not begin as one, or is not ready yet");
  if (head[layout::head::version] != layout::version) {
    return Error(Code::incompatible, "cannot read the counters page")
        .because("it has version " + std::to_string(head[layout::head::version]) + " and this program knows version " +
                 std::to_string(layout::version))
        .mend("Use the psyne command of the same version as the program.");
  }
  if (head[layout::head::bytes] != page_words * layout::word) return not_a_page("it has another size than it says");
  const std::uint64_t capacity = head[layout::head::capacity];
  if (capacity != layout::directory_capacity(page_words * layout::word))
    return not_a_page("its directory is too large");
  if (head[layout::head::published] > capacity) return not_a_page("it has more sections than room for them");
  return {};
}

}  // namespace

std::uint64_t ReadValue::count() const noexcept {
  std::uint64_t count = 0;
  for (const std::uint64_t bucket : histogram) count += bucket;
  return count;
}

double ReadValue::quantile(double share) const noexcept {
  const auto wanted = std::clamp(share, 0.0, 1.0) * static_cast<double>(count());
  double seen = 0;
  double end = 0;
  for (std::size_t i = 0; i < histogram.size(); ++i) {
    if (histogram[i] == 0) continue;
    const auto here = static_cast<double>(histogram[i]);
    const auto begin = static_cast<double>(bucket_floor(i));
    end = i == 0 ? 0 : 2 * begin - 1;
    if (seen + here >= wanted) return begin + (end - begin) * (wanted - seen) / here;
    seen += here;
  }
  return end;
}

Result<Snapshot> parse(Words before, Words page, Words after) {
  if (auto checked = check_header(before, page.size()); !checked) return checked.error();
  Snapshot snapshot;
  snapshot.process = before[layout::head::process];
  snapshot.started = before[layout::head::started];
  snapshot.lost = before[layout::head::lost];
  snapshot.command = text_of(before.subspan(layout::head::command, layout::head::command_words));
  const std::uint64_t published = before[layout::head::published];
  const std::size_t directory_words = layout::head::words + published * layout::entry::words;
  if (before.size() < directory_words || after.size() < directory_words) return not_a_page("its directory is cut off");
  std::uint64_t room = page.size();  // blocks do not overlap, so together they are no longer than the page
  for (std::size_t i = 0; i < published; ++i) {
    const std::size_t entry = layout::head::words + i * layout::entry::words;
    const std::uint64_t generation = before[entry + layout::entry::generation];
    if (generation % 2 == 0 || generation != after[entry + layout::entry::generation]) continue;
    const std::uint64_t first = before[entry + layout::entry::place] >> 32;
    const std::uint64_t words = before[entry + layout::entry::place] & 0xffffffff;
    if (first > page.size() || words > page.size() - first) continue;
    if (words > room) return not_a_page("its sections overlap");
    room -= words;
    auto section = read_section(page.subspan(first, words));
    if (!section) continue;
    section->entry = i;
    section->generation = generation;
    snapshot.sections.push_back(*std::move(section));
  }
  return snapshot;
}

}  // namespace psyne::inline v0::metrics
