#include <psyne/core/atomics/step.hpp>
#include <psyne/core/config/runtime_directory.hpp>
#include <psyne/core/log/log.hpp>
#include <psyne/transports/ipc/place/directory.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstring>
#include <thread>

namespace psyne::inline v0 {

namespace {

constexpr std::string_view listening_suffix = ".socket";
constexpr std::string_view binding_suffix = ".new";
constexpr std::size_t digits = 16;
constexpr int backlog = 128;

// Another one holds the exclusive lock only to sweep and to leave: microseconds, unless it was stopped in between.
constexpr int attempts = 500;
constexpr auto between_attempts = std::chrono::milliseconds(4);

bool is_identity(std::string_view text) {
  return text.size() == digits && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

bool has_identity(std::string_view name, std::string_view suffix) {
  return name.ends_with(suffix) && is_identity(name.substr(0, name.size() - suffix.size()));
}

bool is_ours(std::string_view name) {
  return has_identity(name, listening_suffix) || has_identity(name, binding_suffix) ||
         name == Directory::side_name(Side::offering) || name == Directory::side_name(Side::answering);
}

Result<std::string> fresh_identity() {
  std::uint64_t random = 0;
  if (getrandom(&random, sizeof random, 0) != sizeof random) return system_error(errno, "cannot get a random number");
  std::array<char, digits + 1> text{};
  std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(random));
  return std::string(text.data(), digits);
}

std::string octal(mode_t mode) {
  std::array<char, 8> text{};
  std::snprintf(text.data(), text.size(), "0%03o", mode);
  return text.data();
}

Result<void> make_base(const Place& place) {
  if (place.own_base) return make_private_directory(place.base);
  step();
  if (mkdir(place.base.c_str(), 0700) == 0 || errno == EEXIST) return {};
  return system_error(errno, "cannot make the directory " + place.base)
      .mend("Make it, or set ipc.directory to another one.");
}

/// Makes the name's directory as it must be; one that is there already is left as it is.
Result<void> make_directory(const Place& place) {
  const std::string path = place.path();
  step();
  if (mkdir(path.c_str(), 0700) != 0) {
    return errno == EEXIST ? Result<void>() : system_error(errno, "cannot make the directory " + path);
  }
  if (!place.group) return {};
  step();
  bool opened = chown(path.c_str(), static_cast<uid_t>(-1), *place.group) == 0;
  step();
  opened = opened && chmod(path.c_str(), place.directory_mode()) == 0;
  if (!opened) {
    const int number = errno;
    if (number == ENOENT)
      return {};  // somebody took it for what a dead one left half made; the next attempt makes it anew
    rmdir(path.c_str());
    return system_error(number, "cannot open " + path + " to its group").mend("Be a member of ipc.group yourself.");
  }
  return {};
}

Result<Descriptor> make_socket() {
  Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (!socket) return system_error(errno, "cannot make a socket").mend("Raise the limit of open files (ulimit -n).");
  return socket;
}

const sockaddr* generic(const sockaddr_un& address) { return reinterpret_cast<const sockaddr*>(&address); }

}  // namespace

Result<std::unique_ptr<Directory>> Directory::enter(const Place& place) {
  if (auto made = make_base(place); !made) return made.error();
  const std::string path = place.path();
  Error last(Code::system, "cannot enter " + path);
  for (int attempt = 0; attempt < attempts; ++attempt) {
    if (attempt > 0) std::this_thread::sleep_for(between_attempts);
    if (auto made = make_directory(place); !made) return made.error();
    Descriptor opened(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    if (!opened) {
      if (errno == ENOENT) continue;  // removed by the last one to leave
      if (errno != ENOTDIR && errno != ELOOP) return system_error(errno, "cannot enter " + path);
      return Error(Code::refused, "will not use " + path).because("it is no directory").mend("Remove it.");
    }
    std::unique_ptr<Directory> directory(new Directory(place, std::move(opened)));
    if (auto fits = directory->check(); !fits) {
      last = fits.error();
      // Where another one makes a group's directory just now, its mode comes a moment after it.
      if (place.group && attempt < attempts / 10) continue;
      return last;
    }
    const int lock = directory->lock_.get();
    step();
    if (flock(lock, LOCK_EX | LOCK_NB) == 0 && directory->still_there()) {
      const std::size_t swept = directory->sweep();
      if (swept > 0) {
        logging::write(logging::Level::info, "ipc", place.uri(), ": removed ", swept, " files that the dead left in ",
                       path);
      }
    }
    step();
    if (flock(lock, LOCK_SH | LOCK_NB) == 0 && directory->still_there()) return directory;
    last = Error(Code::in_use, "cannot enter " + path)
               .because("another process keeps it locked while it leaves")
               .mend("Look who has it open: fuser " + path);
  }
  return last;
}

Directory::~Directory() {
  if (forked()) return;
  step();
  if (!socket_.empty()) unlinkat(lock_.get(), socket_.c_str(), 0);
  side_.reset();
  step();
  if (flock(lock_.get(), LOCK_EX | LOCK_NB) != 0 || !still_there()) return;
  sweep();
  step();
  rmdir(place_.path().c_str());  // stays where somebody put something else into it
}

Result<void> Directory::check() const {
  struct stat status {};
  if (fstat(lock_.get(), &status) != 0) return system_error(errno, "cannot look at " + place_.path());
  const mode_t mode = status.st_mode & 07777;
  std::string reason;
  if (place_.group && status.st_gid != *place_.group) {
    reason = "it belongs to another group (gid " + std::to_string(status.st_gid) + ")";
  } else if (place_.group && mode != place_.directory_mode()) {
    reason = "its mode is " + octal(mode) + " instead of " + octal(place_.directory_mode());
  } else if (!place_.group && status.st_uid != geteuid()) {
    reason = "it belongs to another user (uid " + std::to_string(status.st_uid) + ")";
  } else if (!place_.group && (mode & 0077) != 0) {
    reason = "others may enter it (its mode is " + octal(mode) + " instead of " + octal(place_.directory_mode()) + ")";
  }
  if (reason.empty()) return {};
  return Error(Code::refused, "will not use the directory " + place_.path())
      .because(std::move(reason))
      .mend("Remove it or correct that, or set ipc.directory to another one.");
}

// By comparison, not by its count of links: that of a removed directory is not 0 on every file system (overlayfs).
bool Directory::still_there() const {
  struct stat own {};
  struct stat now {};
  return fstat(lock_.get(), &own) == 0 && lstat(place_.path().c_str(), &now) == 0 && own.st_ino == now.st_ino &&
         own.st_dev == now.st_dev;
}

// Only while alone. What others put here is none of our business.
std::size_t Directory::sweep() const {
  std::size_t removed = 0;
  for (const std::string& name : entries()) {
    if (!is_ours(name)) continue;
    step();
    removed += unlinkat(lock_.get(), name.c_str(), 0) == 0 ? 1 : 0;
  }
  return removed;
}

std::vector<std::string> Directory::entries() const {
  std::vector<std::string> names;
  Descriptor opened(openat(lock_.get(), ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  DIR* walk = fdopendir(opened.get());
  if (walk == nullptr) return names;
  opened.release();
  while (const dirent* entry = readdir(walk)) names.emplace_back(entry->d_name);
  closedir(walk);
  return names;
}

// Made only where it is not there: in a sticky directory the kernel refuses O_CREAT on another user's file
// (fs.protected_regular).
Result<Descriptor> Directory::side_file(const char* name) const {
  const int flags = O_RDWR | O_NOFOLLOW | O_CLOEXEC;
  Descriptor file(openat(lock_.get(), name, flags));
  if (!file && errno == ENOENT) {
    step();
    file = Descriptor(openat(lock_.get(), name, flags | O_CREAT, 0600));
    step();
    if (file) fchmod(file.get(), place_.file_mode());  // whatever the umask says
  }
  if (!file) return system_error(errno, "cannot open " + place_.path() + "/" + name);
  return file;
}

Result<void> Directory::claim(Side side, bool exclusive) {
  const char* name = side_name(side);
  auto file = side_file(name);
  if (!file) return file.error();
  step();
  if (flock(file->get(), (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_error(errno, "cannot lock " + place_.path() + "/" + name);
    std::array<char, 24> holder{};
    const bool named = pread(file->get(), holder.data(), holder.size() - 1, 0) > 0 &&
                       std::strspn(holder.data(), "0123456789") == std::strlen(holder.data());
    return Error(Code::in_use, "cannot open " + place_.uri())
        .because("another end of the same side is present" +
                 (named ? " (pid " + std::string(holder.data()) + ")" : std::string()) +
                 ", and one of the two is to be the only one")
        .mend("Close the other first, or let both share the name (delivery).");
  }
  const std::string pid = exclusive ? std::to_string(getpid()) : "";  // for people only
  step();
  const bool emptied = ftruncate(file->get(), 0) == 0;
  step();
  if (emptied) static_cast<void>(!pwrite(file->get(), pid.data(), pid.size(), 0));
  side_ = std::make_unique<LifeLine>(std::move(*file));
  return {};
}

// A path is longer than the 107 bytes of sun_path sooner than one thinks; through our descriptor it is always short.
// Where /proc is not mounted the path itself must do.
std::string Directory::own_path() const {
  std::string through_descriptor = "/proc/self/fd/" + std::to_string(lock_.get());
  return access(through_descriptor.c_str(), X_OK) == 0 ? through_descriptor : place_.path();
}

Result<sockaddr_un> Directory::address(const std::string& name) const {
  const std::string path = own_path() + "/" + name;
  sockaddr_un address{};
  if (path.size() >= sizeof address.sun_path) {
    return Error(Code::too_large, "cannot use sockets in " + place_.path())
        .because("a socket's path has at most " + std::to_string(sizeof address.sun_path - 1) + " bytes")
        .mend("Mount /proc, or set ipc.directory to a shorter path.");
  }
  address.sun_family = AF_UNIX;
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Result<Descriptor> Directory::listen() {
  auto identity = fresh_identity();
  if (!identity) return identity.error();
  const std::string binding = *identity + std::string(binding_suffix);
  const std::string listening = *identity + std::string(listening_suffix);
  const auto failed = [&](const char* what) {
    return system_error(errno, std::string("cannot ") + what + " a socket in " + place_.path());
  };
  auto socket = make_socket();
  if (!socket) return socket.error();
  auto where = address(binding);
  if (!where) return where.error();
  step();
  if (bind(socket->get(), generic(*where), sizeof *where) != 0) return failed("bind");
  socket_ = binding;
  step();
  if (fchmodat(lock_.get(), binding.c_str(), place_.file_mode(), 0) != 0) return failed("set the mode of");
  step();
  if (::listen(socket->get(), backlog) != 0) return failed("listen on");
  // Only now can others see it, so a refused connection proves that its owner is dead.
  step();
  if (renameat(lock_.get(), binding.c_str(), lock_.get(), listening.c_str()) != 0) return failed("rename");
  socket_ = listening;
  return socket;
}

Result<Descriptor> Directory::connect(const std::string& name) const {
  auto socket = make_socket();
  if (!socket) return socket.error();
  auto where = address(name);
  if (!where) return where.error();
  step();
  if (::connect(socket->get(), generic(*where), sizeof *where) == 0) return socket;
  switch (errno) {
    case EAGAIN: return Code::would_block;
    case ENOENT: return Code::not_found;
    case ECONNREFUSED:
      step();
      unlinkat(lock_.get(), name.c_str(), 0);
      logging::write(logging::Level::info, "ipc", place_.uri(), ": removed ", place_.path(), "/", name,
                     ", whose owner is dead");
      return Code::not_found;
    default: return system_error(errno, "cannot connect to " + place_.path() + "/" + name);
  }
}

std::vector<std::string> Directory::sockets() const {
  std::vector<std::string> names = entries();
  std::erase_if(names, [](const std::string& name) { return !is_socket_name(name); });
  return names;
}

bool Directory::is_socket_name(std::string_view name) noexcept { return has_identity(name, listening_suffix); }

}  // namespace psyne::inline v0
