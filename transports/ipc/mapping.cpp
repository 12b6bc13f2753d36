#include <psyne/transports/ipc/mapping.hpp>

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <string>

namespace psyne::inline v0 {

namespace {

constexpr std::uint64_t stat_block = 512;

/// What is wrong with a peer's memory, or nullptr.
const char* flaw(int memory, std::uint64_t offset, std::uint64_t length) {
  const int seals = fcntl(memory, F_GET_SEALS);
  if (seals < 0) return "it is no memory file";
  if ((seals & F_SEAL_SHRINK) == 0 || (seals & F_SEAL_GROW) == 0) return "it is not sealed against changing its size";
  struct stat status {};
  struct statfs system {};
  if (fstat(memory, &status) != 0 || fstatfs(memory, &system) != 0) return "it cannot be looked at";
  const auto size = static_cast<std::uint64_t>(status.st_size);
  if (length == 0 || offset > size || length > size - offset) return "it is smaller than it claims";
  if (static_cast<std::uint64_t>(status.st_blocks) * stat_block < size) return "not all of it is there";
  const bool holes = (seals & (F_SEAL_WRITE | F_SEAL_FUTURE_WRITE)) == 0;
  if (system.f_type == HUGETLBFS_MAGIC && holes) return "it is of huge pages and not sealed against writing";
  return nullptr;
}

}  // namespace

Result<std::shared_ptr<const Mapping>> Mapping::of(Descriptor memory, std::uint64_t offset, std::uint64_t length,
                                                   Access access) {
  const auto refuse = [](const char* why) { return Error(Code::corrupted, "cannot map a peer's memory").because(why); };
  if (const char* wrong = memory ? flaw(memory.get(), offset, length) : "it sent none") return refuse(wrong);

  const std::uint64_t within_page = offset % static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
  const std::size_t bytes = length + within_page;
  const int protection = access == Access::write ? PROT_READ | PROT_WRITE : PROT_READ;
  void* pages = mmap(nullptr, bytes, protection, MAP_SHARED | MAP_POPULATE, memory.get(),
                     static_cast<off_t>(offset - within_page));
  if (pages == MAP_FAILED) {
    if (errno == EPERM || errno == EINVAL || errno == EACCES) return refuse("the kernel does not map it so");
    return system_error(errno, "cannot map " + std::to_string(bytes) + " bytes of a peer's memory");
  }
  const std::span<std::byte> whole(static_cast<std::byte*>(pages), bytes);
  return std::shared_ptr<const Mapping>(new Mapping(whole, whole.subspan(within_page)));
}

Mapping::~Mapping() { munmap(pages_.data(), pages_.size()); }

}  // namespace psyne::inline v0
