#pragma once

#include <psyne/collectives/bootstrap/store.hpp>
#include <psyne/core/function/function.hpp>
#include <psyne/core/result/result.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace psyne::inline v0 {

/// The entries of a store, and who waits for which: where every limit of StoreLimits is checked.
///
/// Any thread. Who waits is told by the thread that sets the last of its keys, without a lock of the table; a client
/// waits once at a time: its next call forgets what it waited for.
class StoreTable {
 public:
  using Value = std::shared_ptr<const std::vector<std::byte>>;
  /// Told once: the value of the last of the keys; or why there will be none: closed, cancelled (the same client asked
  /// for something else).
  using Told = Function<void(Result<Value>)>;
  /// Who asks. Chosen by the caller.
  using Client = std::uint64_t;

  Result<void> set(std::string_view key, std::span<const std::byte> value);
  Result<std::int64_t> add(std::string_view key, std::int64_t delta);
  /// Tells at once, on this thread, where all are there already. Errors: those of keys; then nobody is told.
  Result<void> wait(Client client, std::vector<std::string> keys, Told told);
  /// Which of these are not there, by their places in `keys`.
  std::vector<std::uint32_t> missing(std::span<const std::string> keys) const;
  /// That client waits for nothing any more: what it waited for is told that it was cancelled.
  void forget(Client client);
  /// All that wait are told that it is closed, and so is who comes from now on.
  void close();

  /// How many clients wait.
  std::size_t waiting() const;

 private:
  struct Waiting {
    std::vector<std::string> keys;
    std::size_t next = 0;  // the first that was not there when it was looked for: the only one that is watched
    Told told;
  };
  struct Ready {
    Told told;
    Value value;
  };
  using Lock = std::lock_guard<std::mutex>;

  Result<void> put(const std::string& key, Value value, std::vector<Ready>& ready);
  Value advance(Waiting& waiting) const;
  void unwatch(const Waiting& waiting, Client client);
  static void tell(std::vector<Ready>& ready);

  mutable std::mutex mutex_;
  std::unordered_map<std::string, Value> entries_;
  std::size_t bytes_ = 0;  // as StoreLimits counts them
  std::unordered_map<Client, Waiting> waiting_;
  std::unordered_multimap<std::string, Client> watched_;
  bool closed_ = false;
};

}  // namespace psyne::inline v0
