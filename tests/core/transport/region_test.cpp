#include <psyne/core/transport/region.hpp>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <span>
#include <vector>

namespace {

using psyne::Access;
using psyne::Code;
using psyne::Device;
using psyne::Region;

TEST(Region, IsZeroedPageAlignedAndKnowsItsDevice) {
  for (const bool shareable : {false, true}) {
    Region region = Region::allocate(5000, "test", {.shareable = shareable}).value();
    EXPECT_EQ(region.bytes().size() % 4096, 0U);
    EXPECT_GE(region.bytes().size(), 5000U);
    EXPECT_EQ(reinterpret_cast<std::uintptr_t>(region.bytes().data()) % 4096, 0U);
    EXPECT_TRUE(std::ranges::all_of(region.bytes(), [](std::byte byte) { return byte == std::byte{0}; }));
    EXPECT_EQ(region.device(), Device{});
    EXPECT_EQ(region.descriptor() >= 0, shareable);
    region.bytes().back() = std::byte{1};
  }
}

// Others get the descriptor: what the seals refuse to us they refuse to everybody.
/// Pages that have memory.
std::size_t resident(std::span<std::byte> bytes) {
  std::vector<unsigned char> pages(bytes.size() / static_cast<std::size_t>(sysconf(_SC_PAGESIZE)));
  if (mincore(bytes.data(), bytes.size(), pages.data()) != 0) return 0;
  return static_cast<std::size_t>(std::ranges::count_if(pages, [](unsigned char page) { return (page & 1U) != 0; }));
}

TEST(Region, IsPopulatedUnlessItsUserDoesWithout) {
  constexpr std::size_t pages = 64;
  const std::size_t bytes = pages * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  EXPECT_EQ(resident(Region::allocate(bytes, "test").value().bytes()), pages);
  const Region later = Region::allocate(bytes, "test", {.populated = false}).value();
  EXPECT_EQ(resident(later.bytes()), 0U);
  EXPECT_EQ(later.bytes()[bytes / 2], std::byte{0});
  later.bytes()[bytes / 2] = std::byte{7};
  EXPECT_GT(resident(later.bytes()), 0U);
  const Region shared = Region::allocate(bytes, "test", {.shareable = true, .populated = false}).value();
  EXPECT_EQ(resident(shared.bytes()), pages) << "a page that is missing later would be a SIGBUS";
}

TEST(Region, SealedAgainstWritingShrinkingAndGrowing) {
  Region region = Region::allocate(4096, "sealed", {.shareable = true}).value();
  const int descriptor = region.descriptor();
  EXPECT_EQ(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), MAP_FAILED);
  EXPECT_EQ(write(descriptor, "x", 1), -1);
  EXPECT_NE(ftruncate(descriptor, 0), 0);
  EXPECT_NE(ftruncate(descriptor, 8192), 0);
  EXPECT_NE(fcntl(descriptor, F_ADD_SEALS, F_SEAL_WRITE), 0) << "nor can another change the seals";
  void* readable = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, descriptor, 0);
  ASSERT_NE(readable, MAP_FAILED);
  EXPECT_NE(mprotect(readable, 4096, PROT_READ | PROT_WRITE), 0);
  region.bytes()[7] = std::byte{42};
  EXPECT_EQ(static_cast<const std::byte*>(readable)[7], std::byte{42});
  munmap(readable, 4096);
}

TEST(Region, NobodyMayExecuteWhatIsHandedToOthersWhereTheKernelCanSaySo) {
  constexpr unsigned no_execution = 0x8;  // MFD_NOEXEC_SEAL and F_SEAL_EXEC, which headers of Linux 6.1 lack
  constexpr int against_execution = 0x20;
  const int probe = memfd_create("probe", MFD_CLOEXEC | no_execution);
  if (probe < 0) GTEST_SKIP() << "Linux 6.3 is needed";
  close(probe);
  const Region region = Region::allocate(4096, "plain", {.shareable = true}).value();
  EXPECT_NE(fcntl(region.descriptor(), F_GET_SEALS) & against_execution, 0);
  EXPECT_NE(fchmod(region.descriptor(), 0700), 0);
}

TEST(Region, WritableByOthersOnlyWhereAskedFor) {
  Region region = Region::allocate(4096, "open", {.shareable = true, .others = Access::write}).value();
  void* writable = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, region.descriptor(), 0);
  ASSERT_NE(writable, MAP_FAILED);
  munmap(writable, 4096);
  EXPECT_NE(ftruncate(region.descriptor(), 0), 0);
}

TEST(Region, MoreThanTheMachineHasIsAnErrorWithAdvice) {
  auto region = Region::allocate(std::size_t{1} << 60, "too much");
  ASSERT_FALSE(region);
  EXPECT_EQ(region.error(), Code::exhausted);
  EXPECT_NE(region.error().text().find("too much"), std::string::npos);
  EXPECT_FALSE(region.error().advice().empty());
}

TEST(Region, MovesWithItsMemory) {
  Region first = Region::allocate(4096, "moved", {}).value();
  std::byte* data = first.bytes().data();
  Region second = std::move(first);
  EXPECT_EQ(second.bytes().data(), data);
  first = Region::allocate(4096, "another", {}).value();
  first = std::move(second);
  EXPECT_EQ(first.bytes().data(), data);
  data[0] = std::byte{1};
}

}  // namespace
