#include <psyne/collectives/bootstrap/exchange.hpp>

#include <span>

namespace psyne::inline v0 {

Result<std::vector<std::string>> exchange(Store& store, int rank, int size, const std::string& name,
                                          const std::string& mine, const Wait& wait) {
  if (auto told = store.set(name + "/" + std::to_string(rank), std::as_bytes(std::span(mine)), wait); !told) {
    return told.error();
  }
  std::vector<StoreKey> keys;
  keys.reserve(static_cast<std::size_t>(size));
  for (int other = 0; other < size; ++other) {
    keys.emplace_back(name + "/" + std::to_string(other), "where rank " + std::to_string(other) + " is");
  }
  if (auto all = store.wait(keys, wait); !all) return all.error();
  std::vector<std::string> texts;
  texts.reserve(keys.size());
  for (const StoreKey& key : keys) {
    const auto text = store.get(key, wait);
    if (!text) return text.error();
    texts.emplace_back(reinterpret_cast<const char*>(text->data()), text->size());
  }
  return texts;
}

}  // namespace psyne::inline v0
