#pragma once

#include <psyne/core/metrics/instruments.hpp>
#include <psyne/core/metrics/page_file.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace psyne::inline v0::metrics {

struct Value;

/// The words of a page and what is where in them. Its own notes lie in private memory: what a stranger writes into the
/// file can spoil the numbers, but not lead a store out of the mapping.
///
/// Words of the directory and of blocks are stored with release, so that a reader that sees a word of a new section
/// also sees the change of the entry's generation that came before it.
class Store {
 public:
  explicit Store(std::unique_ptr<PageFile> file);

  struct Place {
    std::size_t entry;
    Cell* cells;
  };
  /// A block with these texts and values, its cells zero; nothing when there is no room. Takes the lock.
  std::optional<Place> add(std::string_view name, std::string_view label, std::span<const Value> values);
  /// Gives the block back. Takes the lock, except in a forked child, where it does nothing.
  void remove(std::size_t entry) noexcept;

  PageFile& file() noexcept { return *file_; }
  /// In a forked child: from here on private memory, see PageFile::detach(). Async-signal-safe.
  void detach() noexcept;
  bool detached() const noexcept { return detached_.load(std::memory_order_relaxed); }

 private:
  struct Entry {
    std::size_t first;  // word of its block
    std::size_t words;
    std::uint64_t generation;  // odd: lives
  };
  std::optional<std::size_t> find_room(std::size_t words);
  void put(std::size_t word, std::uint64_t value) noexcept { words_[word].store(value, std::memory_order_release); }
  void put_text(std::size_t word, std::size_t words, std::string_view text) noexcept;
  void put_generation(std::size_t entry) noexcept;

  std::unique_ptr<PageFile> file_;
  Cell* words_;
  std::size_t capacity_;  // entries
  std::atomic<bool> detached_{false};
  std::mutex mutex_;  // guards what follows
  std::vector<Entry> entries_;
  std::size_t unused_;  // first word that no block has had yet
  std::uint64_t lost_ = 0;
};

}  // namespace psyne::inline v0::metrics
