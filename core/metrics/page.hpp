#pragma once

#include <psyne/core/metrics/instruments.hpp>
#include <psyne/core/result/result.hpp>

#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace psyne::inline v0::metrics {

/// One value of a section: what a table of `psyne top` has as a column.
struct Value {
  std::string_view name;  ///< at most 24 bytes: "messages", "wait_ns"
  Kind kind = Kind::counter;
};

class Store;

/// A group of values that one thread at a time writes: one end of a lane, one worker. Removes itself from its page when
/// it goes; instruments must not be used after that. Movable, instruments stay valid.
class Section {
 public:
  Section() noexcept;
  Section(Section&& from) noexcept;
  Section& operator=(Section&& from) noexcept;
  ~Section();

  /// The instrument of that name; where the section has no such name of that kind, one that counts to nowhere.
  Counter counter(std::string_view name) const noexcept;
  Gauge gauge(std::string_view name) const noexcept;
  Histogram histogram(std::string_view name) const noexcept;

  /// For an owner that knows what he added: the cells of all values, in the order of add(). Valid as instruments are.
  Cell* cells() const noexcept { return cells_; }

  /// Whether tools can see it: false when the page is disabled or was full, and then it counts in private memory.
  bool visible() const noexcept { return store_ != nullptr; }

 private:
  friend class Page;
  struct Column {
    std::string name;
    Kind kind;
    std::size_t cell;
  };
  Cell* find(std::string_view name, Kind kind) const noexcept;
  void remove() noexcept;

  std::vector<Column> columns_;
  std::unique_ptr<Cell[]> private_cells_;
  Cell* cells_ = nullptr;
  std::shared_ptr<Store> store_;
  std::size_t entry_ = 0;
};

/// The counters page of a process: a mapped file that tools read without asking it, see reader.hpp.
///
/// The file lies in metrics.directory, is populated when it is made, locked (flock) while the process lives and removed
/// at exit; what a killed process left is removed by the next that makes a page. add() never fails: a section that
/// finds no room is counted in the header and works on private memory. A child made by fork() does not write to its
/// parent's page: there the sections of old count privately, and process() makes a page of the child's own.
///
///   add, ~Section    any thread    takes a lock; allocates
///   instruments      one thread at a time per section    wait-free
class Page {
 public:
  /// This process's own, made on first use by metrics.enabled, .directory and .capacity.
  static Page process();

  /// A page in `directory`, which is made when missing, of `bytes` (4 KiB to 64 MiB, rounded up to pages).
  static Result<Page> create(const std::string& directory, std::size_t bytes);
  /// No page, for the reason of `why`; sections count in private memory.
  static Page disabled(Error why);

  /// Adds a section called `name` ("lane"), for this `label` ("ipc://ticks sender"). Longer texts than 32 and 152 bytes
  /// are cut. O(sections) to find room.
  Section add(std::string_view name, std::string_view label, std::span<const Value> values) const;
  Section add(std::string_view name, std::string_view label, std::initializer_list<Value> values) const {
    return add(name, label, std::span(values.begin(), values.size()));
  }

  /// The file, or why there is none.
  Result<std::string> path() const;

 private:
  Page(std::shared_ptr<Store> store, Error why) : store_(std::move(store)), why_(std::move(why)) {}

  std::shared_ptr<Store> store_;  // null when disabled
  Error why_;
};

}  // namespace psyne::inline v0::metrics
