#include <psyne/core/metrics/page.hpp>
#include <psyne/core/metrics/store.hpp>

#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <fstream>
#include <new>

namespace psyne::inline v0::metrics {

namespace {

std::string command_of_this_process() {
  std::string command;
  std::getline(std::ifstream("/proc/self/comm"), command);
  return command;
}

std::uint64_t unix_nanoseconds() {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
}

}  // namespace

Store::Store(std::unique_ptr<PageFile> file)
    : file_(std::move(file)),
      words_(new(file_->data()) Cell[file_->size() / layout::word]{}),
      capacity_(layout::directory_capacity(file_->size())),
      unused_(layout::first_block(capacity_)) {
  put(layout::head::version, layout::version);
  put(layout::head::bytes, file_->size());
  put(layout::head::process, static_cast<std::uint64_t>(getpid()));
  put(layout::head::started, unix_nanoseconds());
  put(layout::head::capacity, capacity_);
  put_text(layout::head::command, layout::head::command_words, command_of_this_process());
  put(layout::head::magic, layout::magic);  // last: a page without it is not ready
}

std::optional<Store::Place> Store::add(std::string_view name, std::string_view label, std::span<const Value> values) {
  std::size_t cells = 0;
  for (const Value& value : values) cells += cells_of(value.kind);
  const std::lock_guard lock(mutex_);
  const auto room = find_room(layout::block_words(values.size(), cells));
  if (!room) {
    put(layout::head::lost, ++lost_);
    return std::nullopt;
  }
  const std::size_t block = entries_[*room].first;
  put(block + layout::block::counts, std::uint64_t{values.size()} << 32 | cells);
  put_text(block + layout::block::name, layout::block::name_words, name);
  put_text(block + layout::block::label, layout::block::label_words, label);
  std::size_t descriptor = block + layout::block::words;
  std::size_t cell = 0;
  for (const Value& value : values) {
    put(descriptor + layout::descriptor::kind, std::uint64_t{static_cast<std::uint8_t>(value.kind)} << 32 | cell);
    put_text(descriptor + layout::descriptor::name, layout::descriptor::name_words, value.name);
    descriptor += layout::descriptor::words;
    cell += cells_of(value.kind);
  }
  const std::size_t first_cell = block + layout::first_cell(values.size());
  for (std::size_t i = 0; i < cells; ++i) put(first_cell + i, 0);
  ++entries_[*room].generation;
  put_generation(*room);
  // Published after the generation: whoever counts the entry finds it filled.
  put(layout::head::published, entries_.size());
  return Place{*room, words_ + first_cell};
}

void Store::remove(std::size_t entry) noexcept {
  if (detached()) return;  // the lock may have been held by a thread that fork() did not copy
  const std::lock_guard lock(mutex_);
  ++entries_[entry].generation;
  put_generation(entry);
}

void Store::detach() noexcept {
  file_->detach();
  detached_.store(true, std::memory_order_relaxed);
}

/// The free block that wastes least, else a new one, else nothing. Blocks keep their size: sections of one kind, which
/// come and go with channels, have equal sizes, so nothing needs to be split or joined.
std::optional<std::size_t> Store::find_room(std::size_t words) {
  auto best = entries_.end();
  for (auto entry = entries_.begin(); entry != entries_.end(); ++entry) {
    const bool fits = entry->generation % 2 == 0 && entry->words >= words;
    if (fits && (best == entries_.end() || entry->words < best->words)) best = entry;
  }
  const bool new_fits = entries_.size() < capacity_ && words <= file_->size() / layout::word - unused_;
  const bool wastes_half = best != entries_.end() && best->words > 2 * words;
  if (best != entries_.end() && !(wastes_half && new_fits)) return best - entries_.begin();
  if (!new_fits) return std::nullopt;
  const std::size_t place = layout::head::words + entries_.size() * layout::entry::words + layout::entry::place;
  put(place, std::uint64_t{unused_} << 32 | words);
  entries_.push_back({unused_, words, 0});
  unused_ += words;
  return entries_.size() - 1;
}

/// `text` cut to whole words, the rest zero.
void Store::put_text(std::size_t word, std::size_t words, std::string_view text) noexcept {
  for (std::size_t i = 0; i < words; ++i) {
    const std::string_view part = text.substr(std::min(text.size(), i * layout::word), layout::word);
    std::uint64_t bytes = 0;
    std::memcpy(&bytes, part.data(), part.size());
    put(word + i, bytes);
  }
}

void Store::put_generation(std::size_t entry) noexcept {
  put(layout::head::words + entry * layout::entry::words + layout::entry::generation, entries_[entry].generation);
}

}  // namespace psyne::inline v0::metrics
