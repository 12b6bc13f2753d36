#include <psyne/transports/stream/connector/hang_up.hpp>

#include <sys/epoll.h>

#include <cerrno>

namespace psyne::inline v0::stream {

Result<std::unique_ptr<HangUp>> HangUp::make(std::function<void(std::uint64_t)> ended) {
  Descriptor epoll(epoll_create1(EPOLL_CLOEXEC));
  if (!epoll) return system_error(errno, "cannot watch connections").mend("Raise the limit of open files (ulimit -n).");
  std::unique_ptr<HangUp> made(new HangUp(std::move(epoll), std::move(ended)));
  if (auto watched = made->line_.watch(EPOLLIN, *made); !watched) return watched.error();
  return made;
}

Result<void> HangUp::watch(int socket, std::uint64_t connection) {
  epoll_event hang_up{};
  hang_up.events = EPOLLRDHUP | EPOLLONESHOT;  // EPOLLHUP and EPOLLERR always are
  hang_up.data.u64 = connection;
  if (epoll_ctl(line_.get(), EPOLL_CTL_ADD, socket, &hang_up) == 0) return {};
  return system_error(errno, "cannot watch a connection");
}

// It leaves the set when it is closed, which its owner may do at this moment: nothing here may name its number.
void HangUp::ready(int descriptor, std::uint32_t /*events*/) noexcept {
  epoll_event event{};
  if (epoll_wait(descriptor, &event, 1, 0) != 1) return;
  ended_(event.data.u64);
}

}  // namespace psyne::inline v0::stream
