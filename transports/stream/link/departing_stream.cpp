#include <psyne/core/executor/work.hpp>
#include <psyne/core/service/service.hpp>
#include <psyne/core/timer/timer_heap.hpp>
#include <psyne/transports/stream/link/departing_stream.hpp>

#include <linux/sockios.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <cerrno>
#include <chrono>
#include <span>
#include <utility>

namespace psyne::inline v0 {

namespace {

constexpr auto longest = std::chrono::seconds(10);
constexpr auto between_looks = std::chrono::milliseconds(5);

/// What was written and has not arrived. Unix sockets hand over at once, and count until it is read.
bool any_under_way(int socket) {
  int domain = 0, bytes = 0;
  socklen_t size = sizeof domain;
  if (getsockopt(socket, SOL_SOCKET, SO_DOMAIN, &domain, &size) != 0 || domain == AF_UNIX) return false;
  return ioctl(socket, SIOCOUTQ, &bytes) == 0 && bytes > 0;
}

/// Deletes itself, on the service thread.
class DepartingStream final : private Service::Watcher, private Work {
 public:
  DepartingStream(std::shared_ptr<LifeLine> line, std::shared_ptr<ByteStream> stream, std::vector<std::byte> rest,
                  Service& service)
      : Work([](Work& self) noexcept { static_cast<DepartingStream&>(self).look(); }),
        line_(std::move(line)),
        stream_(std::move(stream)),
        rest_(std::move(rest)),
        service_(service),
        timer_(*this, service.executor()) {}

  /// On the service thread.
  void begin() noexcept {
    if (!line_->watch(EPOLLOUT | EPOLLET, *this)) return leave();
    service_.start(timer_, Clock::now() + between_looks);
  }

 private:
  ~DepartingStream() override = default;

  // After a reset the kernel still counts what it has thrown away.
  void ready(int /*descriptor*/, std::uint32_t events) noexcept override {
    gone_ = (events & (EPOLLHUP | EPOLLERR)) != 0;
    write();
  }

  void write() noexcept {
    while (written_ < rest_.size()) {
      const iovec left{rest_.data() + written_, rest_.size() - written_};
      const ssize_t sent = stream_->write(std::span(&left, 1));
      if (sent < 0) {
        if (errno != EAGAIN) written_ = rest_.size();  // nobody is there to get it
        return;
      }
      written_ += static_cast<std::size_t>(sent);
    }
    flushed_ = stream_->flush();
  }

  void look() noexcept {
    if (gone_ || Clock::now() >= until_ || (written_ == rest_.size() && flushed_ && !any_under_way(line_->get())))
      return leave();
    service_.start(timer_, Clock::now() + between_looks);
  }

  void leave() noexcept {
    line_->unwatch();
    delete this;
  }

  std::shared_ptr<LifeLine> line_;
  std::shared_ptr<ByteStream> stream_;
  std::vector<std::byte> rest_;
  std::size_t written_ = 0;
  bool flushed_ = false;
  bool gone_ = false;
  Service& service_;
  Timer timer_;
  const Deadline until_ = Clock::now() + longest;
};

}  // namespace

void depart(std::shared_ptr<LifeLine> line, std::shared_ptr<ByteStream> stream, std::vector<std::byte> rest) noexcept {
  if (rest.empty() && stream->flush() && !any_under_way(line->get())) return;
  auto service = Service::process();
  if (!service) return;
  auto* departing = new DepartingStream(std::move(line), std::move(stream), std::move(rest), **service);
  (*service)->post([departing] { departing->begin(); });
}

}  // namespace psyne::inline v0
