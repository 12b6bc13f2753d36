#include <psyne/transports/ipc/mapping.hpp>

#include "transports/ipc/hostile_peer.hpp"
#include "transports/ipc/name_directory.hpp"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <csignal>

namespace {

using conformance::Couple;
using ipc_test::ipc;
using ipc_test::memory_file;
using ipc_test::NameDirectory;
using ipc_test::sealed;
using psyne::Access;
using psyne::Code;
using psyne::Descriptor;
using psyne::Mapping;
using psyne::Region;

/// What a peer gets to see of a region that it may only read: the descriptor in the span itself.
psyne::RemoteSpan shown_span(Couple& couple, const Region& region) {
  return couple.offering.link().expose(region, Access::read).value();
}

TEST(IpcProtection, ThePassedDescriptorCannotBeWrittenThroughInAnyWay) {
  const NameDirectory name;
  Couple couple(ipc(), name.uri, 4096);
  ASSERT_TRUE(couple.complete());
  const auto span = shown_span(couple, couple.offering.shown);
  const int descriptor = span.descriptor.get();
  EXPECT_EQ(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), MAP_FAILED);
  EXPECT_EQ(pwrite(descriptor, "x", 1, 0), -1);
  EXPECT_NE(ftruncate(descriptor, 0), 0);
  EXPECT_NE(fallocate(descriptor, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), 0);
  // Nor through a new description of it with more rights.
  const std::string again = "/proc/self/fd/" + std::to_string(descriptor);
  if (const Descriptor reopened(open(again.c_str(), O_RDWR | O_CLOEXEC)); reopened) {
    EXPECT_EQ(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, reopened.get(), 0), MAP_FAILED);
    EXPECT_EQ(pwrite(reopened.get(), "x", 1, 0), -1);
  }
  couple.offering.shown.bytes()[0] = std::byte{5};
  EXPECT_EQ(couple.answering.met.regions[1].map()[0], std::byte{5}) << "its owner still can";
}

TEST(IpcProtection, TheMappingOfAReadableRegionCannotBeMadeWritable) {
  const NameDirectory name;
  Couple couple(ipc(), name.uri, 4096);
  ASSERT_TRUE(couple.complete());
  const auto seen = couple.answering.met.regions[1].map();
  EXPECT_TRUE(couple.answering.met.regions[1].map_writable().empty());
  auto* page = const_cast<std::byte*>(seen.data());  // NOLINT: that is the attack
  EXPECT_NE(mprotect(page, 4096, PROT_READ | PROT_WRITE), 0);
}

TEST(IpcProtectionDeathTest, AStoreThroughTheMappingDies) {
  GTEST_FLAG_SET(death_test_style, "fast");
  const auto region = Region::allocate(4096, "shown", {.shareable = true}).value();
  const auto mapping =
      Mapping::of(Descriptor(fcntl(region.descriptor(), F_DUPFD_CLOEXEC, 0)), 0, 4096, Access::read).value();
  EXPECT_EQ(mapping->bytes()[0], std::byte{0});
  EXPECT_EXIT(
      {
        std::signal(SIGSEGV, SIG_DFL);  // a sanitizer's handler would exit instead
        std::signal(SIGBUS, SIG_DFL);
        *const_cast<volatile std::byte*>(mapping->bytes().data()) = std::byte{1};
      },
      testing::KilledBySignal(SIGSEGV), "");
}

TEST(IpcProtection, ASealedRegionIsNotExposedForWriting) {
  const NameDirectory name;
  Couple couple(ipc(), name.uri, 4096);
  ASSERT_TRUE(couple.complete());
  const auto refused = couple.offering.link().expose(couple.offering.shown, Access::write);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Code::unsupported);
  EXPECT_FALSE(refused.error().advice().empty());
}

// A peer that claims to grant writing what it sealed, or a page that it can take away.
TEST(IpcProtection, ASpanWithoutSealsIsNotMapped) {
  for (const int seals : {0, F_SEAL_SHRINK, F_SEAL_GROW, F_SEAL_FUTURE_WRITE}) {
    EXPECT_EQ(Mapping::of(memory_file(4096, seals), 0, 4096, Access::read).error(), Code::corrupted);
  }
  EXPECT_TRUE(Mapping::of(memory_file(4096, sealed), 0, 4096, Access::read));
  EXPECT_EQ(Mapping::of(Descriptor(), 0, 4096, Access::read).error(), Code::corrupted);
}

TEST(IpcProtection, MemoryThatIsNotThereYetIsNotMapped) {
  // Else the reader would pay for what the peer only claims to have.
  EXPECT_EQ(
      Mapping::of(memory_file(std::size_t{1} << 40, sealed, false), 0, std::size_t{1} << 40, Access::read).error(),
      Code::corrupted);
}

TEST(IpcProtection, APartOfAFileIsMappedAtItsOffset) {
  const Descriptor file = memory_file(3 * 4096, 0);
  for (const off_t offset : {0, 100, 4096, 5000}) {
    const char mark = static_cast<char>(offset % 100 + 1);
    ASSERT_EQ(pwrite(file.get(), &mark, 1, offset), 1);
  }
  ASSERT_EQ(fcntl(file.get(), F_ADD_SEALS, sealed), 0);
  for (const off_t offset : {0, 100, 4096, 5000}) {
    const auto part = Mapping::of(Descriptor(dup(file.get())), static_cast<std::uint64_t>(offset), 10, Access::write);
    ASSERT_TRUE(part) << part.error().text();
    EXPECT_EQ((*part)->bytes().size(), 10U);
    EXPECT_EQ((*part)->bytes()[0], static_cast<std::byte>(offset % 100 + 1));
  }
}

// A peer that owns its page's every word writes garbage into all of them, all the time.
TEST(IpcProtection, GarbageInEveryWordThatThePeerWritesHarmsNobody) {
  const NameDirectory name;
  conformance::End end;
  const Region window = Region::allocate(4096, "window", {.shareable = true, .others = Access::write}).value();
  end.regions = {{&window, Access::write}};
  end.appear(ipc(), name.uri, psyne::Side::offering);
  const auto peer = ipc_test::HostilePeer::connect_to(name);
  peer.say(ipc_test::good_hello());
  auto hello = psyne::decode_hello(peer.hear().value()).value();
  psyne::Greeting answer;
  peer.say(psyne::encode(psyne::Message::answer, std::move(answer)).value());
  auto met = end.next();
  ASSERT_TRUE(met.link);
  void* page = mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, hello.counters.get(), 0);
  ASSERT_NE(page, MAP_FAILED);
  auto* words = static_cast<volatile std::uint64_t*>(page);
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (std::uint64_t round = 1; !stop; ++round) {
      for (std::size_t i = 0; i < 512; ++i) words[i] = round * 0x9e3779b97f4a7c15U + i;
    }
  });
  for (int i = 0; i < 5000; ++i) {
    static_cast<void>(met.link->progress().has_value());
    static_cast<void>(met.link->counter(static_cast<std::uint32_t>(i % 100)));
    static_cast<void>(met.link->revoke(met.exposed[0]).has_value());
    static_cast<void>(met.link->post({}, {.counter = 0, .value = 1, .wake = true}).has_value());
  }
  // It can punch its page away as well: then we read zeros.
  EXPECT_EQ(fallocate(hello.counters.get(), FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, 4096), 0);
  static_cast<void>(met.link->counter(0));
  stop = true;
  writer.join();
  munmap(page, 4096);
}

}  // namespace
