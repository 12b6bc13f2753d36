#include "conformance/child.hpp"
#include "open_descriptors.hpp"
#include "transports/ipc/name_directory.hpp"

#include <grp.h>
#include <gtest/gtest.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cstring>
#include <fstream>

namespace {

using conformance::Child;
using ipc_test::End;
using ipc_test::eventually;
using ipc_test::ipc;
using ipc_test::NameDirectory;
using psyne::Code;
using psyne::Side;
using psyne::Uri;
namespace fs = std::filesystem;

mode_t mode_of(const std::string& path) {
  struct stat status {};
  return lstat(path.c_str(), &status) == 0 ? status.st_mode & 07777 : 0;
}

/// A socket file whose owner is gone, as a killed process leaves it.
void leave_stale_socket(const std::string& path) {
  const psyne::Descriptor socket(::socket(AF_UNIX, SOCK_SEQPACKET, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  ASSERT_LT(path.size(), sizeof address.sun_path);
  std::memcpy(address.sun_path, path.data(), path.size());
  ASSERT_EQ(bind(socket.get(), reinterpret_cast<sockaddr*>(&address), sizeof address), 0);
}

TEST(IpcDirectory, IsPrivateWhateverTheUmask) {
  const mode_t before = umask(0);
  const NameDirectory name;
  {
    End one, two;
    one.appear(ipc(), name.uri, Side::offering);
    two.appear(ipc(), name.uri, Side::answering, {.exclusive = true});
    EXPECT_EQ(mode_of(name.path), 0700U);
    for (const auto& entry : name.entries()) EXPECT_EQ(mode_of(name.path + "/" + entry), 0600U) << entry;
    EXPECT_EQ(name.sockets().size(), 1U);
  }
  umask(before);
  EXPECT_FALSE(name.exists()) << "the last one to leave removes it";
}

TEST(IpcDirectory, StaysUntilTheLastOneLeaves) {
  const NameDirectory name;
  End one, two, three;
  one.appear(ipc(), name.uri, Side::offering);
  two.appear(ipc(), name.uri, Side::offering);
  three.appear(ipc(), name.uri, Side::answering);
  EXPECT_EQ(name.sockets().size(), 2U);
  one.disappear();
  EXPECT_EQ(name.sockets().size(), 1U);
  two.disappear();
  EXPECT_TRUE(name.exists());
  three.disappear();
  EXPECT_FALSE(name.exists());
}

TEST(IpcDirectory, OpenToOthersIsRefused) {
  for (const mode_t mode : {0750, 0701, 0777}) {
    const NameDirectory name;
    fs::create_directory(name.path);
    ASSERT_EQ(chmod(name.path.c_str(), mode), 0);
    End end;
    const auto refused = end.try_appear(ipc(), name.uri, Side::offering);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), Code::refused);
    EXPECT_NE(refused.error().text().find(name.path), std::string::npos);
    EXPECT_FALSE(refused.error().advice().empty());
    EXPECT_TRUE(name.entries().empty()) << "nothing was put into it";
  }
}

TEST(IpcDirectory, OfAnotherUserIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to make another user's directory";
  const NameDirectory name;
  fs::create_directory(name.path);
  ASSERT_EQ(chmod(name.path.c_str(), 0700), 0);
  ASSERT_EQ(chown(name.path.c_str(), 65534, 65534), 0);
  End end;
  const auto refused = end.try_appear(ipc(), name.uri, Side::answering);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Code::refused);
  EXPECT_NE(refused.error().text().find("65534"), std::string::npos) << refused.error().text();
}

TEST(IpcDirectory, ALinkOrAFileInItsPlaceIsRefused) {
  const NameDirectory linked, file;
  fs::create_directory(linked.path + "-elsewhere");
  ASSERT_EQ(chmod((linked.path + "-elsewhere").c_str(), 0700), 0);
  fs::create_symlink(linked.path + "-elsewhere", linked.path);
  std::ofstream(file.path) << "x";
  for (const NameDirectory* name : {&linked, &file}) {
    End end;
    const auto refused = end.try_appear(ipc(), name->uri, Side::offering);
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), Code::refused) << refused.error().text();
  }
}

TEST(IpcDirectory, APathLongerThanASocketAddressWorks) {
  std::string base = conformance::scratch_directory();
  for (int i = 0; i < 4; ++i) {
    base += "/" + std::string(100, 'd');
    fs::create_directory(base);
  }
  const auto uri = Uri::parse("ipc://" + std::string(100, 'n') + "?directory=" + base).value();
  End one, two;
  one.appear(ipc(), uri, Side::offering);
  two.appear(ipc(), uri, Side::answering);
  EXPECT_TRUE(one.next().link);
}

TEST(IpcDirectory, ARelativeOrMissingBaseIsAnError) {
  End end;
  const auto relative = end.try_appear(ipc(), Uri::parse("ipc://a?directory=tmp").value(), Side::offering);
  ASSERT_FALSE(relative);
  EXPECT_EQ(relative.error(), Code::invalid_argument);
  const auto missing =
      end.try_appear(ipc(), Uri::parse("ipc://a?directory=/proc/there/is/none").value(), Side::offering);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().text().find("/proc/there/is/none"), std::string::npos);
}

TEST(IpcDirectory, AStaleSocketIsRemovedByTheNextWhoComesAlone) {
  for (const Side side : {Side::offering, Side::answering}) {
    const NameDirectory name;
    fs::create_directory(name.path);
    ASSERT_EQ(chmod(name.path.c_str(), 0700), 0);
    leave_stale_socket(name.path + "/0123456789abcdef.socket");
    leave_stale_socket(name.path + "/0123456789abcdef.new");
    End end;
    end.appear(ipc(), name.uri, side);
    EXPECT_EQ(name.sockets().size(), side == Side::offering ? 1U : 0U);
    EXPECT_FALSE(fs::exists(name.path + "/0123456789abcdef.new"));
  }
}

TEST(IpcDirectory, AStaleSocketAmongLivingOnesIsRemovedByWhoeverConnects) {
  const NameDirectory name;
  End living, comer;
  living.appear(ipc(), name.uri, Side::offering);
  leave_stale_socket(name.path + "/0123456789abcdef.socket");
  comer.appear(ipc(), name.uri, Side::answering);
  EXPECT_TRUE(comer.next().link);
  EXPECT_TRUE(eventually([&] { return name.sockets().size() == 1; }));
  EXPECT_EQ(comer.count_missed(), 0U);
}

TEST(IpcDirectory, ForeignFilesAreLeftAlone) {
  const NameDirectory name;
  fs::create_directory(name.path);
  ASSERT_EQ(chmod(name.path.c_str(), 0700), 0);
  std::ofstream(name.path + "/notes.txt") << "keep";
  fs::create_directory(name.path + "/0000000000000000.socket");
  {
    End one, two;
    one.appear(ipc(), name.uri, Side::answering);
    two.appear(ipc(), name.uri, Side::offering);
    EXPECT_TRUE(one.next().link);
  }
  EXPECT_TRUE(fs::exists(name.path + "/notes.txt"));
}

TEST(IpcDirectory, ComingAndGoingAtOnceLosesNobody) {
  const NameDirectory name;
  std::atomic<int> met{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int round = 0; round < 25; ++round) {
        End end;
        const auto appeared = end.try_appear(ipc(), name.uri, t % 2 == 0 ? Side::offering : Side::answering);
        EXPECT_TRUE(appeared) << appeared.error().text();
        if (end.count_met() > 0) ++met;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_FALSE(name.exists());
}

TEST(IpcDirectory, RemovedUnderAnAnsweringEndIsReported) {
  const NameDirectory name;
  End end;
  end.appear(ipc(), name.uri, Side::answering);
  fs::remove_all(name.path);
  const auto missed = end.next_missed();
  ASSERT_FALSE(missed);
  EXPECT_EQ(missed.error(), Code::not_found);
  EXPECT_NE(missed.error().text().find(name.path), std::string::npos);
}

TEST(IpcDirectory, AGroupsDirectoryIsOpenToItAndToNobodyElse) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to be several users";
  const NameDirectory name;
  ASSERT_EQ(chmod(conformance::scratch_directory().c_str(), 0755), 0);
  const auto uri = Uri::parse(name.uri.text() + "&group=1234").value();
  // Root, too, must be a member for the others to let it in.
  const gid_t group = 1234;
  std::vector<gid_t> before(64);
  before.resize(static_cast<std::size_t>(std::max(getgroups(64, before.data()), 0)));
  ASSERT_EQ(setgroups(1, &group), 0);
  End receiver;
  receiver.appear(ipc(), uri, Side::answering);
  EXPECT_EQ(mode_of(name.path), 03770U);
  Child member([&](Child::Word& word) {
    if (setgroups(1, &group) != 0 || setgid(65534) != 0 || setuid(65534) != 0) _exit(1);
    End sender("from nobody");
    const auto appeared = sender.try_appear(ipc(), uri, Side::offering);
    if (!appeared) word.say('e');
    word.say(sender.next().link ? 'l' : 'n');
    Child::Word::stay();
  });
  EXPECT_EQ(member.hear(), 'l');
  EXPECT_EQ(receiver.next().words, "from nobody");
  Child stranger([&](Child::Word& word) {
    if (setgroups(0, nullptr) != 0 || setgid(65534) != 0 || setuid(65534) != 0) _exit(1);
    End sender;
    const auto appeared = sender.try_appear(ipc(), uri, Side::offering);
    word.say(appeared ? 'n' : 'r');
    Child::Word::stay();
  });
  EXPECT_EQ(stranger.hear(), 'r');
  ASSERT_EQ(setgroups(before.size(), before.data()), 0);
  chmod(conformance::scratch_directory().c_str(), 0700);
}

TEST(IpcDirectory, AnUnknownGroupIsAnError) {
  const NameDirectory name;
  End end;
  const auto unknown =
      end.try_appear(ipc(), Uri::parse(name.uri.text() + "&group=no-such-group").value(), Side::offering);
  ASSERT_FALSE(unknown);
  EXPECT_EQ(unknown.error(), Code::not_found);
}

TEST(IpcDirectory, DescriptorsReturnToTheStart) {
  const auto cycle = [] {
    const NameDirectory name;
    End one, two;
    one.appear(ipc(), name.uri, Side::offering);
    two.appear(ipc(), name.uri, Side::answering);
    const auto met = one.next();
    const auto other = two.next();
    EXPECT_TRUE(met.link && other.link);
  };
  cycle();  // the service thread and the directory watch stay
  const std::size_t before = psyne_test::open_descriptors();
  for (int i = 0; i < 100; ++i) cycle();
  EXPECT_EQ(psyne_test::open_descriptors(), before);
}

}  // namespace
