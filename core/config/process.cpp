#include <psyne/core/config/config.hpp>
#include <psyne/core/config/known_options.hpp>

#include <atomic>
#include <mutex>
#include <vector>

namespace psyne::inline v0 {

namespace {

/// The process's Config and what it is made of. Never destroyed, so that objects that close during static destruction
/// still have it. Readers load one pointer: a child forked while another thread held the mutex can still read.
struct Process {
  std::mutex mutex;  // guards options, sources and the making of a new Config
  Options options;
  std::shared_ptr<const Sources> sources;
  std::atomic<const Config*> current{nullptr};
  std::vector<const Config*> replaced;  // readers may be copying them; one per module is all there will be
};

Process& process_state() {
  static Process& process = *[] {
    auto* made = new Process;
    made->options.add(known_options());
    for (const std::string_view module : known_modules()) made->options.add_module(module);
    return made;
  }();
  return process;
}

}  // namespace

Config Config::process() {
  Process& process = process_state();
  // Acquire: the Config's content before its address.
  if (const Config* ready = process.current.load(std::memory_order_acquire)) return *ready;
  const std::lock_guard lock(process.mutex);
  if (const Config* ready = process.current.load(std::memory_order_acquire)) return *ready;
  if (!process.sources) process.sources = std::make_shared<const Sources>(Sources::of_process());
  const auto* made = new Config(process.options, *process.sources);
  process.current.store(made, std::memory_order_release);
  return *made;
}

void Config::know(std::string_view module, std::span<const Option> options) {
  Process& process = process_state();
  const std::lock_guard lock(process.mutex);
  const bool new_options = process.options.add(options);
  const bool new_module = process.options.add_module(module);
  if (!new_options && !new_module) return;
  if (const Config* used = process.current.exchange(nullptr, std::memory_order_acq_rel))
    process.replaced.push_back(used);
}

}  // namespace psyne::inline v0
