#include <psyne/core/config/config.hpp>
#include <psyne/core/config/known_options.hpp>
#include <psyne/core/metrics/page_file.hpp>
#include <psyne/core/metrics/reader.hpp>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace psyne::inline v0::metrics {

namespace {

Error not_a_page(const std::string& path, std::string reason) {
  return Error(Code::corrupted, "cannot read the counters page " + path).because(std::move(reason));
}

}  // namespace

Result<Reader> Reader::open(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return system_error(errno, "cannot open the counters page " + path);
  Reader reader(path, descriptor, 0);
  struct stat status {};
  if (fstat(descriptor, &status) != 0) return system_error(errno, "cannot look at the counters page " + path);
  if (!S_ISREG(status.st_mode)) return not_a_page(path, "it is no regular file");
  const auto bytes = static_cast<std::size_t>(status.st_size);
  if (bytes < layout::smallest_page || bytes > layout::largest_page || bytes % layout::word != 0) {
    return not_a_page(path, "no page has " + std::to_string(bytes) + " bytes");
  }
  reader.bytes_ = bytes;
  return reader;
}

Result<Reader> Reader::open(pid_t process, std::string directory) {
  if (directory.empty()) directory = Config::process().text(option::metrics_directory);
  const Found* best = nullptr;
  const auto pages = pages_in(directory);
  for (const Found& page : pages) {
    if (page.process == process && (!best || page.alive > best->alive)) best = &page;
  }
  if (best) return open(best->path);
  return Error(Code::not_found, "cannot find the counters of process " + std::to_string(process))
      .because("it has no page in " + directory)
      .mend("Set metrics.directory as that process has it, and metrics.enabled there.");
}

Reader::Reader(Reader&& from) noexcept
    : path_(std::move(from.path_)), descriptor_(std::exchange(from.descriptor_, -1)), bytes_(from.bytes_) {}

Reader& Reader::operator=(Reader&& from) noexcept {
  std::swap(path_, from.path_);
  std::swap(descriptor_, from.descriptor_);
  std::swap(bytes_, from.bytes_);
  return *this;
}

Reader::~Reader() {
  if (descriptor_ >= 0) close(descriptor_);
}

bool Reader::alive() const noexcept { return is_locked(descriptor_); }

Result<std::vector<std::uint64_t>> Reader::copy(std::size_t words) const {
  std::vector<std::uint64_t> copied(words);
  const std::size_t wanted = words * layout::word;
  std::size_t have = 0;
  while (have < wanted) {
    const ssize_t got =
        pread(descriptor_, reinterpret_cast<std::byte*>(copied.data()) + have, wanted - have, static_cast<off_t>(have));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(errno, "cannot read the counters page " + path_);
    if (got == 0) return not_a_page(path_, "it has become shorter");
    have += static_cast<std::size_t>(got);
  }
  return copied;
}

Result<Snapshot> Reader::read() const {
  const std::size_t directory = layout::first_block(layout::directory_capacity(bytes_));
  const auto before = copy(directory);
  if (!before) return before.error();
  const auto page = copy(bytes_ / layout::word);
  if (!page) return page.error();
  const auto after = copy(directory);
  if (!after) return after.error();
  return parse(*before, *page, *after);
}

}  // namespace psyne::inline v0::metrics
