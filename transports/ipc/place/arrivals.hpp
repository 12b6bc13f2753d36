#pragma once

#include <psyne/core/service/life_line.hpp>
#include <psyne/core/service/service.hpp>

#include <string>
#include <unordered_map>
#include <vector>

namespace psyne::inline v0 {

/// The one inotify instance of this process (a user has 128 of them), which tells who watches a directory what came and
/// went there. Service thread only.
class Arrivals final : private Service::Watcher {
 public:
  class Listener {
   public:
    virtual ~Listener() = default;
    virtual void arrived(const std::string& name) = 0;
    virtual void left(const std::string& name) = 0;
    /// Something was overlooked: look at the whole directory.
    virtual void look_again() = 0;
    /// The directory itself was removed or moved.
    virtual void vanished() = 0;
  };

  /// Errors: exhausted.
  static Result<Arrivals*> process();

  /// Tells `listener` of the directory at `path` until unwatch. Errors: exhausted (fs.inotify.max_user_watches).
  Result<void> watch(const std::string& path, Listener& listener);
  void unwatch(Listener& listener) noexcept;

 private:
  explicit Arrivals(Descriptor inotify) : line_(std::move(inotify)) {}
  void ready(int descriptor, std::uint32_t events) noexcept override;
  void tell(int watch, std::uint32_t what, const std::string& name);

  LifeLine line_;
  std::unordered_map<int, std::vector<Listener*>> listeners_;  // by watch: several may watch one directory
};

}  // namespace psyne::inline v0
