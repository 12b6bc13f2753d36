// What goes beyond one process: its death, its children, and the files it leaves.
#include <psyne/transports/stream/port/socket_file.hpp>

#include "conformance/child.hpp"
#include "open_descriptors.hpp"
#include "transports/stream/ends.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

namespace {

using conformance::Child;
using psyne::Code;
using psyne::PeerState;
using psyne::stream::SocketFile;
using stream_test::any_port;
using stream_test::appear;
using stream_test::End;
using stream_test::eventually;
using stream_test::fresh_path;
using stream_test::Side;
using stream_test::Stranger;
using stream_test::try_appear;
using stream_test::way_to;
namespace fs = std::filesystem;

/// How many files lie in the scratch directory, whatever they are called.
std::size_t files() {
  return static_cast<std::size_t>(
      std::distance(fs::directory_iterator(conformance::scratch_directory()), fs::directory_iterator()));
}

TEST(StreamSocketFile, ComesAndGoesWithItsListener) {
  const std::string path = fresh_path();
  const std::size_t before = files();
  {
    const auto listening = SocketFile::listen(path);
    ASSERT_TRUE(listening);
    EXPECT_EQ(files(), before + 1) << "nothing lies beside it";
    EXPECT_EQ(fs::status(path).type(), fs::file_type::socket);
    EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_read | fs::perms::owner_write);
  }
  EXPECT_EQ(files(), before);
}

TEST(StreamSocketFile, ALiveOneIsLeftAlone) {
  const std::string path = fresh_path();
  const auto listening = SocketFile::listen(path);
  ASSERT_TRUE(listening);
  const auto second = SocketFile::listen(path);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error(), Code::in_use);
  EXPECT_FALSE(second.error().advice().empty());
  EXPECT_TRUE(fs::exists(path));
}

TEST(StreamSocketFile, ADeadOneIsReplaced) {
  const std::string path = fresh_path();
  {
    Child killed([&](Child::Word& word) {
      const auto listening = SocketFile::listen(path);
      word.say(listening ? '!' : 'x');
      Child::Word::stay();
    });
    ASSERT_EQ(killed.hear(), '!');
  }
  ASSERT_TRUE(fs::exists(path)) << "it had no time to tidy up";
  EXPECT_TRUE(SocketFile::listen(path));
}

TEST(StreamSocketFile, WhatIsNoSocketIsLeftAlone) {
  const std::string path = fresh_path();
  std::ofstream(path) << "precious";
  EXPECT_EQ(SocketFile::listen(path).error(), Code::in_use);
  EXPECT_EQ(fs::file_size(path), 8U);
  fs::remove(path);
  fs::create_symlink("/nowhere", path);
  EXPECT_EQ(SocketFile::listen(path).error(), Code::in_use);
  EXPECT_TRUE(fs::is_symlink(path));
  fs::remove(path);
}

TEST(StreamSocketFile, AnothersFileIsNotRemoved) {
  const std::string path = fresh_path();
  auto first = SocketFile::listen(path);
  ASSERT_TRUE(first);
  fs::remove(path);  // somebody tidied up
  const auto second = SocketFile::listen(path);
  ASSERT_TRUE(second);
  first = Code::closed;
  EXPECT_TRUE(fs::exists(path)) << "it is the second's now";
}

TEST(StreamSocketFile, WhereThereIsNoDirectoryIsAnError) {
  EXPECT_EQ(SocketFile::listen(fresh_path() + "/there").error(), Code::not_found);
  EXPECT_EQ(SocketFile::listen(conformance::scratch_directory() + "/" + std::string(200, 'x')).error(),
            Code::too_large);
}

TEST(StreamSocketFile, WhileAnotherOneOpensItIsToBeTriedAgain) {
  const std::string path = fresh_path();
  const psyne::Descriptor lock(open(conformance::scratch_directory().c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ASSERT_EQ(flock(lock.get(), LOCK_EX), 0);
  EXPECT_EQ(SocketFile::listen(path).error(), Code::would_block);
  End one;
  const auto locked = try_appear(one, "unix://*" + path, Side::offering);  // tries for a second
  ASSERT_FALSE(locked);
  EXPECT_EQ(locked.error(), Code::in_use) << locked.error().text();
  flock(lock.get(), LOCK_UN);
  EXPECT_TRUE(try_appear(one, "unix://*" + path, Side::offering));
}

TEST(StreamSocketFile, OfManyWhoComeAtOnceOneListens) {
  const std::string path = fresh_path();
  for (int round = 0; round < 5; ++round) {
    std::vector<std::unique_ptr<Child>> children;
    for (int i = 0; i < 6; ++i) {
      children.push_back(std::make_unique<Child>([&](Child::Word& word) {
        psyne::Result<SocketFile::Listening> listening = Code::would_block;
        for (int tries = 0; tries < 1000 && !listening && listening.error() == Code::would_block; ++tries) {
          listening = SocketFile::listen(path);
          if (!listening) usleep(1000);
        }
        word.say(listening ? 'l' : listening.error() == Code::in_use ? 'u' : 'x');
        Child::Word::stay();
      }));
    }
    std::string heard;
    for (const auto& child : children) heard += child->hear();
    std::ranges::sort(heard);
    EXPECT_EQ(heard, "luuuuu");
    // All are killed now, and the file stays for the next round.
  }
}

TEST(StreamProcess, AKilledListenersPlaceIsTakenByTheNext) {
  const std::string path = fresh_path();
  End two("two");
  appear(two, "unix://" + path, Side::answering);
  for (int round = 0; round < 3; ++round) {
    Child child([&](Child::Word& word) {
      End one("child");
      appear(one, "unix://*" + path, Side::offering);
      const auto met = one.next();
      word.say(met.link ? '!' : 'x');
      Child::Word::stay();
    });
    ASSERT_EQ(child.hear(), '!');
    const auto met = two.next();
    ASSERT_TRUE(met.link);
    EXPECT_EQ(met.link->peer().pid, child.pid()) << "by the kernel's word";
    child.kill();
    EXPECT_TRUE(eventually([&] { return met.link->peer_state() == PeerState::lost; }));
  }
}

TEST(StreamProcess, AnExclusiveOnesDeathFreesItsPlace) {
  End one, two("two");
  appear(one, any_port, Side::offering);
  const std::string way = way_to(one);
  Child holder([&](Child::Word& word) {
    End end;
    appear(end, way, Side::answering, {.exclusive = true});
    const auto met = end.next();
    word.say(met.link ? '!' : 'x');
    Child::Word::stay();
  });
  ASSERT_EQ(holder.hear(), '!');
  appear(two, way, Side::answering, {.exclusive = true});
  EXPECT_EQ(two.next_missed().error(), Code::in_use);
  holder.kill();
  EXPECT_TRUE(two.next().link);
}

// The child closes its copies: a parent's end is seen though the child lives.
TEST(StreamProcess, AForkedChildKeepsNoConnection) {
  const std::string path = fresh_path();
  End end;
  appear(end, "unix://" + path, Side::answering);
  Child parent([&](Child::Word& word) {
    End one("parent");
    appear(one, "unix://*" + path, Side::offering);
    const auto met = one.next();
    const pid_t grandchild = fork();
    if (grandchild == 0) {
      alarm(20);
      close(STDOUT_FILENO);  // outlives the test; whoever runs it waits until nobody can write to it
      close(STDERR_FILENO);
      word.say('g');
      Child::Word::stay();
    }
    Child::Word::stay();
  });
  const auto met = end.next();
  ASSERT_TRUE(met.link);
  EXPECT_EQ(parent.hear(), 'g');
  parent.kill();
  EXPECT_TRUE(eventually([&] { return met.link->peer_state() == PeerState::lost; }));
  const auto again = SocketFile::listen(path);
  EXPECT_TRUE(again) << "the child does not listen on";
}

TEST(StreamProcess, InAForkedChildOldEndsGoAndNewOnesOpen) {
  const std::string path = fresh_path();
  auto one = std::make_unique<End>("one");
  auto two = std::make_unique<End>("two");
  appear(*one, "unix://*" + path, Side::offering);
  appear(*two, "unix://" + path, Side::answering);
  ASSERT_TRUE(two->next().link);
  Child child([&](Child::Word& word) {
    one->disappear();  // neither hang nor touch what the parent still uses
    two->disappear();
    End three("three"), four("four");
    appear(three, any_port, Side::offering);
    appear(four, way_to(three), Side::answering);
    word.say(four.next().words == "three" ? 'g' : 'b');
    three.disappear();
    four.disappear();
  });
  EXPECT_EQ(child.hear(), 'g');
  EXPECT_EQ(child.wait(), 0);
  EXPECT_TRUE(fs::exists(path)) << "the child removed nothing of its parent's";
  End again("again");
  appear(again, "unix://" + path, Side::answering);
  EXPECT_EQ(again.next().words, "one");
}

TEST(StreamProcess, WithoutFreeDescriptorsAnEndReportsAndRecovers) {
  Child poor([](Child::Word& word) {
    End end("end");
    appear(end, any_port, Side::offering);
    Stranger client(stream_test::port_of(end));
    std::vector<psyne::Descriptor> all;
    rlimit limit{};
    getrlimit(RLIMIT_NOFILE, &limit);
    limit.rlim_cur = 200;
    setrlimit(RLIMIT_NOFILE, &limit);
    client.hang_up();
    psyne::Descriptor knocking(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    for (psyne::Descriptor one(dup(0)); one; one = psyne::Descriptor(dup(0))) all.push_back(std::move(one));
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(stream_test::port_of(end));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    static_cast<void>(!connect(knocking.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address));
    const auto missed = end.next_missed();
    word.say(!missed && missed.error() == Code::exhausted ? 'e' : 'n');
    knocking.reset();
    all.clear();
    End honest("honest");
    appear(honest, way_to(end), Side::answering);
    word.say(end.next().words == "honest" ? 'h' : 'n');
  });
  EXPECT_EQ(poor.hear(), 'e');
  EXPECT_EQ(poor.hear(), 'h');
}

TEST(StreamProcess, AnotherUserMayNotConnect) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to be another user";
  const std::string path = fresh_path();
  End one;
  appear(one, "unix://*" + path, Side::offering);
  ASSERT_EQ(chmod(conformance::scratch_directory().c_str(), 0711), 0);
  const auto knock = [&] {
    Child stranger([&](Child::Word& word) {
      if (setgid(65534) != 0 || setuid(65534) != 0) _exit(1);
      const psyne::Descriptor client(::socket(AF_UNIX, SOCK_STREAM, 0));
      const auto address = psyne::stream::SocketAddress::of_path(path).value();
      word.say(connect(client.get(), address.generic(), address.length()) == 0 ? 'c' : 'r');
    });
    return stranger.hear();
  };
  EXPECT_EQ(knock(), 'r');
  ASSERT_EQ(chmod(path.c_str(), 0666), 0);
  EXPECT_EQ(knock(), 'c') << "the file's mode is the user's to widen";
  chmod(conformance::scratch_directory().c_str(), 0700);
}

}  // namespace
