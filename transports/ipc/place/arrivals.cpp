#include <psyne/transports/ipc/place/arrivals.hpp>

#include <sys/epoll.h>
#include <sys/inotify.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstddef>

namespace psyne::inline v0 {

Result<Arrivals*> Arrivals::process() {
  static Arrivals* current = nullptr;  // never destroyed; a forked child makes its own
  if (current != nullptr && !current->line_.forked()) return current;
  Descriptor inotify(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  if (!inotify) {
    return system_error(errno, "cannot watch directories")
        .mend("Raise the limit of open files (ulimit -n) or fs.inotify.max_user_instances.");
  }
  std::unique_ptr<Arrivals> made(new Arrivals(std::move(inotify)));
  if (auto watched = made->line_.watch(EPOLLIN, *made); !watched) return watched.error();
  current = made.release();
  return current;
}

Result<void> Arrivals::watch(const std::string& path, Listener& listener) {
  const int watch = inotify_add_watch(line_.get(), path.c_str(),
                                      IN_MOVED_TO | IN_DELETE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR);
  if (watch < 0) {
    return system_error(errno, "cannot watch the directory " + path).mend("Raise fs.inotify.max_user_watches.");
  }
  listeners_[watch].push_back(&listener);
  return {};
}

void Arrivals::unwatch(Listener& listener) noexcept {
  for (auto entry = listeners_.begin(); entry != listeners_.end();) {
    std::erase(entry->second, &listener);
    if (entry->second.empty()) {
      inotify_rm_watch(line_.get(), entry->first);
      entry = listeners_.erase(entry);
    } else {
      ++entry;
    }
  }
}

void Arrivals::ready(int descriptor, std::uint32_t /*events*/) noexcept {
  alignas(inotify_event) std::array<char, 4096> events{};
  const ssize_t got = read(descriptor, events.data(), events.size());
  for (ssize_t at = 0; at + static_cast<ssize_t>(sizeof(inotify_event)) <= got;) {
    const auto* event = reinterpret_cast<const inotify_event*>(events.data() + at);
    at += static_cast<ssize_t>(sizeof(inotify_event) + event->len);
    tell(event->wd, event->mask, event->len == 0 ? "" : event->name);
  }
}

// A listener neither comes nor goes while it is told: presences do so by work posted to this thread.
void Arrivals::tell(int watch, std::uint32_t what, const std::string& name) {
  if ((what & IN_Q_OVERFLOW) != 0) {
    for (const auto& [other, listeners] : listeners_) {
      for (Listener* listener : listeners) listener->look_again();
    }
    return;
  }
  const auto found = listeners_.find(watch);
  if (found == listeners_.end()) return;
  for (Listener* listener : found->second) {
    if ((what & (IN_DELETE_SELF | IN_MOVE_SELF)) != 0) listener->vanished();
    if ((what & IN_MOVED_TO) != 0) listener->arrived(name);
    if ((what & IN_DELETE) != 0) listener->left(name);
  }
  if ((what & IN_IGNORED) != 0) listeners_.erase(found);  // the number may be used again
}

}  // namespace psyne::inline v0
