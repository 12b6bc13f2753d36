#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/core/transport/descriptor.hpp>

#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <unordered_map>

namespace psyne::inline v0 {

/// The one service thread of a process: sleeps in epoll for life lines, accepts, handshakes and directory changes, and
/// runs what was posted to it. It never runs user code and never does work that a waiting thread could do itself.
///
/// Started on first use, and anew on first use in a forked child; never ended, so it may be used during static
/// destruction. All members are thread safe.
class Service {
 public:
  /// Called on the service thread. Must not block, and must not destroy itself: unwatch first.
  class Watcher {
   public:
    virtual ~Watcher() = default;
    /// `events`: those of epoll that came true.
    virtual void ready(int descriptor, std::uint32_t events) noexcept = 0;
  };

  /// Errors: exhausted (descriptors, threads).
  static Result<Service*> process();

  /// Calls `watcher` whenever one of `events` (EPOLLIN, ...; EPOLLHUP always) is true of `descriptor`, until unwatch.
  Result<void> watch(int descriptor, std::uint32_t events, Watcher& watcher);
  /// Changes the events of a watched descriptor.
  Result<void> rewatch(int descriptor, std::uint32_t events) noexcept;
  /// Ends it; call it before the descriptor is closed. When it returns, no call into the watcher for this descriptor is
  /// under way, save one that this very call comes from.
  void unwatch(int descriptor) noexcept;

  /// Runs `work` on the service thread, soon, after what was posted before it.
  void post(std::function<void()> work);
  /// Runs `work` on the service thread and returns when it is done; directly where the caller is that thread.
  void run(const std::function<void()>& work);
  bool here() const noexcept { return std::this_thread::get_id() == thread_.get_id(); }

 private:
  Service(Descriptor epoll, Descriptor event) noexcept;
  static void begin_anew() noexcept;
  void loop() noexcept;
  void dispatch(int descriptor, std::uint32_t generation, std::uint32_t events) noexcept;
  void run_posted() noexcept;

  struct Watch {
    Watcher* watcher;
    std::uint32_t generation;  // a descriptor number is used again at once after close; its stale events are not ours
  };

  Descriptor epoll_;
  Descriptor event_;
  std::mutex mutex_;
  std::condition_variable idle_;
  std::unordered_map<int, Watch> watches_;
  std::deque<std::function<void()>> posted_;
  int calling_ = -1;  // the descriptor whose watcher runs now
  std::uint32_t generations_ = 0;
  std::thread thread_;  // never joined: it lives as long as the process
};

}  // namespace psyne::inline v0
