#include <psyne/core/log/log.hpp>
#include <psyne/transports/stream/meeting/hello.hpp>
#include <psyne/transports/stream/place/socket_address.hpp>
#include <psyne/transports/stream/port/socket_file.hpp>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <utility>

namespace psyne::inline v0::stream {

namespace {

Descriptor make_socket() { return Descriptor(socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

Error failed(const std::string& path) { return system_error(errno, "cannot listen at " + path); }

Error in_use(const std::string& path, const char* why, const char* advice) {
  return Error(Code::in_use, "cannot listen at " + path).because(why).mend(advice);
}

/// Whether the file at `path` may be replaced. Errors: in_use.
Result<void> check_free(const std::string& path, const SocketAddress& address) {
  struct stat there {};
  if (lstat(path.c_str(), &there) != 0) return errno == ENOENT ? Result<void>() : failed(path);
  if (!S_ISSOCK(there.st_mode)) {
    return in_use(path, "there is a file that is no socket", "Remove it, or use another path.");
  }
  const Descriptor probe = make_socket();
  if (!probe) return failed(path);
  if (connect(probe.get(), address.generic(), address.length()) != 0) {
    if (errno == ECONNREFUSED || errno == ENOENT) return {};
    if (errno != EAGAIN && errno != EPROTOTYPE) return failed(path);  // a full queue, or another kind: it lives
  }
  return in_use(path, "somebody listens there", "Close that one first, or use another path.");
}

}  // namespace

Result<SocketFile::Listening> SocketFile::listen(const std::string& path) {
  const std::string directory = path.substr(0, path.rfind('/') + 1);
  const Descriptor lock(open(directory.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!lock) return failed(path);
  if (flock(lock.get(), LOCK_EX | LOCK_NB) != 0) return failed(path);
  const auto number = random_number();
  if (!number) return number.error();
  const std::string binding = directory + ".psyne-" + std::to_string(*number);
  const auto address = SocketAddress::of_path(path);
  const auto binding_address = SocketAddress::of_path(binding);
  if (!address || !binding_address) return address ? binding_address.error() : address.error();
  if (auto is_free = check_free(path, *address); !is_free) return is_free.error();

  Descriptor listener = make_socket();
  struct stat bound {};
  // The mode first: bind() makes the file with it, so that at no time more may connect.
  if (!listener || fchmod(listener.get(), 0600) != 0) return failed(path);
  if (bind(listener.get(), binding_address->generic(), binding_address->length()) != 0) return failed(path);
  if (::listen(listener.get(), SOMAXCONN) != 0 || lstat(binding.c_str(), &bound) != 0 ||
      rename(binding.c_str(), path.c_str()) != 0) {
    const auto error = failed(path);
    unlink(binding.c_str());
    return error;
  }
  logging::write(logging::Level::debug, "unix", "listens at ", path);
  return Listening{.listener = std::move(listener), .file = SocketFile(path, bound.st_dev, bound.st_ino)};
}

SocketFile::SocketFile(SocketFile&& other) noexcept
    : path_(std::exchange(other.path_, {})), device_(other.device_), number_(other.number_) {}

SocketFile& SocketFile::operator=(SocketFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(device_, other.device_);
  std::swap(number_, other.number_);
  return *this;
}

SocketFile::~SocketFile() {
  if (path_.empty()) return;
  struct stat there {};
  if (lstat(path_.c_str(), &there) == 0 && there.st_dev == device_ && there.st_ino == number_) unlink(path_.c_str());
}

}  // namespace psyne::inline v0::stream
