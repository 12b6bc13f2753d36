#include <psyne/core/config/runtime_directory.hpp>
#include <psyne/core/metrics/page_file.hpp>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <memory>
#include <string_view>

namespace psyne::inline v0::metrics {

namespace {

constexpr std::string_view suffix = ".metrics";

/// "812-5f3a9c01.metrics": the number tells processes of several PID namespaces apart that share the directory.
std::string fresh_name() {
  std::uint32_t number = 0;
  if (getrandom(&number, sizeof number, GRND_NONBLOCK) != sizeof number) {
    number = static_cast<std::uint32_t>(reinterpret_cast<std::uintptr_t>(&number) >> 4);
  }
  char digits[8];
  const auto end = std::to_chars(digits, digits + sizeof digits, number, 16).ptr;
  return std::to_string(getpid()) + '-' + std::string(digits, end) + std::string(suffix);
}

pid_t process_in(std::string_view name) {
  pid_t process = 0;
  const auto [end, problem] = std::from_chars(name.data(), name.data() + name.size(), process);
  return problem == std::errc() && end != name.data() + name.size() && *end == '-' ? process : 0;
}

int flock_again(int descriptor, int operation) {
  int outcome = 0;
  do {
    outcome = flock(descriptor, operation);
  } while (outcome != 0 && errno == EINTR);
  return outcome;
}

/// A new file that is locked and still has its name; -1 with errno.
int make_locked(const std::string& path) {
  const int descriptor = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (descriptor < 0) return -1;
  // Between open and flock another process may have taken it for a dead one's: then the lock is busy or the name is
  // gone.
  struct stat status {};
  if (flock_again(descriptor, LOCK_EX | LOCK_NB) == 0 && fstat(descriptor, &status) == 0 && status.st_nlink > 0) {
    return descriptor;
  }
  unlink(path.c_str());
  close(descriptor);
  errno = EEXIST;
  return -1;
}

Error cannot_make(const std::string& path) {
  return system_error(errno, "cannot make the counters page " + path)
      .mend("Set metrics.directory to another directory, or metrics.enabled to no.");
}

}  // namespace

Result<std::unique_ptr<PageFile>> PageFile::create(const std::string& directory, std::size_t bytes) {
  if (auto made = make_private_directory(directory); !made) return made.error();
  remove_stale_pages(directory);
  std::string path;
  int descriptor = -1;
  for (int attempt = 0; attempt < 16 && descriptor < 0; ++attempt) {
    path = directory + '/' + fresh_name();
    descriptor = make_locked(path);
    if (descriptor < 0 && errno != EEXIST) break;
  }
  if (descriptor < 0) return cannot_make(path);
  // Allocated, not merely sized: a store to a page that a full /dev/shm cannot give would be a SIGBUS.
  void* data = MAP_FAILED;
  if (const int problem = posix_fallocate(descriptor, 0, static_cast<off_t>(bytes)); problem == 0) {
    data = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, descriptor, 0);
  } else {
    errno = problem;
  }
  if (data == MAP_FAILED) {
    Error error = cannot_make(path);
    ::unlink(path.c_str());
    close(descriptor);
    return error;
  }
  return std::unique_ptr<PageFile>(new PageFile(std::move(path), descriptor, static_cast<std::byte*>(data), bytes));
}

PageFile::~PageFile() {
  unlink();
  munmap(data_, size_);
  if (descriptor_ >= 0) close(descriptor_);
}

void PageFile::unlink() noexcept {
  if (descriptor_ >= 0) ::unlink(path_.c_str());
}

void PageFile::detach() noexcept {
  // Fails only where the child may map no more: then it counts into its parent's numbers, and nothing worse.
  static_cast<void>(mmap(data_, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
  close(descriptor_);
  descriptor_ = -1;
}

bool is_locked(int descriptor) noexcept {
  if (flock_again(descriptor, LOCK_SH | LOCK_NB) != 0) return true;
  flock(descriptor, LOCK_UN);  // close() would not do it where a child of another thread has a copy of the descriptor
  return false;
}

std::vector<Found> pages_in(const std::string& directory) {
  std::vector<Found> found;
  DIR* entries = opendir(directory.c_str());
  if (!entries) return found;
  while (const dirent* entry = readdir(entries)) {
    const std::string_view name = entry->d_name;
    if (!name.ends_with(suffix) || process_in(name) <= 0) continue;
    const std::string path = directory + '/' + std::string(name);
    const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0) continue;
    const bool alive = is_locked(descriptor);
    close(descriptor);
    found.push_back({path, process_in(name), alive});
  }
  closedir(entries);
  std::ranges::sort(found, {}, [](const Found& one) { return std::pair(one.process, std::string_view(one.path)); });
  return found;
}

void remove_stale_pages(const std::string& directory) {
  for (const Found& page : pages_in(directory)) {
    if (page.alive) continue;
    const int descriptor = open(page.path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (descriptor < 0) continue;
    // Removed under its lock: its maker, had it only just made it, finds the lock busy or the name gone.
    if (flock_again(descriptor, LOCK_EX | LOCK_NB) == 0) ::unlink(page.path.c_str());
    close(descriptor);
  }
}

}  // namespace psyne::inline v0::metrics
