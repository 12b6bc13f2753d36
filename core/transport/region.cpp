#include <psyne/core/atomics/step.hpp>
#include <psyne/core/transport/region.hpp>

#include <fcntl.h>
#include <linux/memfd.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

namespace psyne::inline v0 {

namespace {

constexpr std::size_t huge_page = std::size_t{2} << 20;

// MFD_NOEXEC_SEAL, which linux/memfd.h has since Linux 6.3.
constexpr unsigned never_executable = 0x8;

// Linux 6.3 and later complain in their log of memory that might be executed, or refuse it; earlier ones do not know
// how to say that it is not.
Descriptor make_memory_file(const std::string& name, unsigned kind) {
  step();
  Descriptor made(memfd_create(name.c_str(), kind | never_executable));
  if (!made && errno == EINVAL) made = Descriptor(memfd_create(name.c_str(), kind));
  return made;
}

std::size_t round_up(std::size_t bytes, std::size_t unit) { return (bytes + unit - 1) / unit * unit; }

Error failed(int number, const std::string& purpose, std::size_t bytes, bool huge_pages) {
  Error error = system_error(number, "cannot get " + std::to_string(bytes) + " bytes of memory for " + purpose);
  if (number == EMFILE || number == ENFILE) return std::move(error).mend("Raise the limit of open files (ulimit -n).");
  if (huge_pages) {
    return std::move(error).mend("Give the system huge pages (sysctl vm.nr_hugepages), or do without: ipc.huge_pages.");
  }
  return std::move(error).mend("Ask for a smaller capacity, or give the process or its container more memory.");
}

}  // namespace

Result<Region> Region::allocate(std::size_t bytes, const std::string& purpose, const RegionOptions& options) {
  const std::size_t page = options.huge_pages ? huge_page : static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t size = round_up(bytes == 0 ? 1 : bytes, page);
  Region region;
  region.others_ = options.others;

  int flags = options.populated || options.shareable ? MAP_POPULATE : 0;
  if (options.shareable) {
    const unsigned kind = MFD_CLOEXEC | MFD_ALLOW_SEALING | (options.huge_pages ? MFD_HUGETLB | MFD_HUGE_2MB : 0U);
    region.descriptor_ = make_memory_file("psyne " + purpose, kind);
    if (!region.descriptor_) return failed(errno, purpose, size, options.huge_pages);
    // fallocate, not ftruncate: a full memory cgroup or hugetlb pool refuses here instead of killing us at a later
    // touch.
    step();
    if (ftruncate(region.descriptor(), static_cast<off_t>(size)) != 0)
      return failed(errno, purpose, size, options.huge_pages);
    step();
    if (fallocate(region.descriptor(), 0, 0, static_cast<off_t>(size)) != 0)
      return failed(errno, purpose, size, options.huge_pages);
    flags |= MAP_SHARED;
  } else {
    flags |= MAP_PRIVATE | MAP_ANONYMOUS | (options.huge_pages ? MAP_HUGETLB : 0);
  }

  void* memory = mmap(nullptr, size, PROT_READ | PROT_WRITE, flags, region.descriptor(), 0);
  if (memory == MAP_FAILED) return failed(errno, purpose, size, options.huge_pages);
  region.bytes_ = {static_cast<std::byte*>(memory), size};

  if (options.shareable) {
    int seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    if (options.others == Access::read) seals |= F_SEAL_FUTURE_WRITE;
    step();
    if (fcntl(region.descriptor(), F_ADD_SEALS, seals) != 0) return failed(errno, purpose, size, options.huge_pages);
  }
  return region;
}

Region::Region(Region&& other) noexcept
    : bytes_(std::exchange(other.bytes_, {})), descriptor_(std::move(other.descriptor_)), others_(other.others_) {}

Region& Region::operator=(Region&& other) noexcept {
  if (this != &other) {
    Region gone(std::move(*this));
    bytes_ = std::exchange(other.bytes_, {});
    descriptor_ = std::move(other.descriptor_);
    others_ = other.others_;
  }
  return *this;
}

Region::~Region() {
  if (!bytes_.empty()) munmap(bytes_.data(), bytes_.size());
}

}  // namespace psyne::inline v0
