#include <psyne/core/metrics/page.hpp>
#include <psyne/core/metrics/store.hpp>

#include <unistd.h>

#include <algorithm>
#include <new>
#include <utility>

namespace psyne::inline v0::metrics {

Section::Section() noexcept = default;

Section::Section(Section&& from) noexcept
    : columns_(std::move(from.columns_)),
      private_cells_(std::move(from.private_cells_)),
      cells_(std::exchange(from.cells_, nullptr)),
      store_(std::move(from.store_)),
      entry_(from.entry_) {}

Section& Section::operator=(Section&& from) noexcept {
  if (this == &from) return *this;
  remove();
  columns_ = std::move(from.columns_);
  private_cells_ = std::move(from.private_cells_);
  cells_ = std::exchange(from.cells_, nullptr);
  store_ = std::move(from.store_);
  entry_ = from.entry_;
  return *this;
}

Section::~Section() { remove(); }

void Section::remove() noexcept {
  if (store_) store_->remove(entry_);
  store_.reset();
}

Cell* Section::find(std::string_view name, Kind kind) const noexcept {
  const auto column = std::ranges::find(columns_, name, &Column::name);
  if (!cells_ || column == columns_.end() || column->kind != kind) return nowhere;
  return cells_ + column->cell;
}

Counter Section::counter(std::string_view name) const noexcept { return Counter(find(name, Kind::counter)); }
Gauge Section::gauge(std::string_view name) const noexcept { return Gauge(find(name, Kind::gauge)); }
Histogram Section::histogram(std::string_view name) const noexcept { return Histogram(find(name, Kind::histogram)); }

Result<Page> Page::create(const std::string& directory, std::size_t bytes) {
  if (bytes < layout::smallest_page || bytes > layout::largest_page) {
    return Error(Code::invalid_argument, "cannot make a counters page of " + std::to_string(bytes) + " bytes")
        .because("it must have 4 KiB to 64 MiB")
        .mend("Set metrics.capacity to such a size.");
  }
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  auto file = PageFile::create(directory, (bytes + page - 1) / page * page);
  if (!file) return file.error();
  return Page(std::make_shared<Store>(*std::move(file)), Code::invalid_state);
}

Page Page::disabled(Error why) { return Page(nullptr, std::move(why)); }

Section Page::add(std::string_view name, std::string_view label, std::span<const Value> values) const {
  Section section;
  std::size_t cells = 0;
  for (const Value& value : values) {
    section.columns_.push_back({std::string(value.name), value.kind, cells});
    cells += cells_of(value.kind);
  }
  if (store_ && !store_->detached()) {
    if (const auto place = store_->add(name, label, values)) {
      section.cells_ = place->cells;
      section.entry_ = place->entry;
      section.store_ = store_;
      return section;
    }
  }
  section.private_cells_.reset(new Cell[cells]{});
  section.cells_ = section.private_cells_.get();
  return section;
}

Result<std::string> Page::path() const {
  if (!store_) return why_;
  return store_->file().path();
}

}  // namespace psyne::inline v0::metrics
