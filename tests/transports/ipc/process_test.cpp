#include "conformance/child.hpp"
#include "open_descriptors.hpp"
#include "transports/ipc/name_directory.hpp"

#include <gtest/gtest.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>

#include <array>
#include <cstring>
#include <filesystem>

namespace {

using conformance::Child;
using conformance::Couple;
using conformance::patience;
using ipc_test::End;
using ipc_test::eventually;
using ipc_test::ipc;
using ipc_test::NameDirectory;
using psyne::Access;
using psyne::Bell;
using psyne::Clock;
using psyne::Code;
using psyne::PeerState;
using psyne::Put;
using psyne::Region;
using psyne::Side;

Region window() { return Region::allocate(4096, "window", {.shareable = true, .others = Access::write}).value(); }

/// A process that is present, waits for its link, puts 42 into the peer's window, signals 1, and stays.
Child peer_process(const NameDirectory& name, Side side) {
  return Child([&name, side](Child::Word& word) {
    const Region mine = Region::allocate(4096, "mine", {.shareable = true}).value();
    End end("child");
    end.appear(ipc(), name.uri, side);
    const auto met = end.next();
    if (!met.link || met.regions.empty()) _exit(1);
    mine.bytes()[0] = std::byte{42};
    const Put put{.local = mine.bytes().first(1), .remote = &met.regions[0], .offset = 17};
    if (!met.link->post({&put, 1}, {.counter = 0, .value = 1, .wake = true})) _exit(2);
    word.say();
    Child::Word::stay();
  });
}

TEST(IpcProcess, AnotherProcessPutsAndSignals) {
  for (const Side side : {Side::offering, Side::answering}) {
    const NameDirectory name;
    const Region mine = window();
    End end;
    end.regions = {{&mine, Access::write}};
    end.appear(ipc(), name.uri, side);
    const Child child = peer_process(name, side == Side::offering ? Side::answering : Side::offering);
    const auto met = end.next();
    ASSERT_TRUE(met.link);
    EXPECT_TRUE(eventually([&] { return met.link->counter(0) == 1; }, {met.link.get()}));
    EXPECT_EQ(mine.bytes()[17], std::byte{42});
    EXPECT_EQ(met.link->peer().pid, child.pid());
    EXPECT_NE(met.link->peer().name.find(std::to_string(child.pid())), std::string::npos);
  }
}

TEST(IpcProcess, DeathBySigkillIsSeenAtOnceAndRingsTheBell) {
  for (const Side side : {Side::offering, Side::answering}) {
    const NameDirectory name;
    const Region mine = window();
    End end;
    end.regions = {{&mine, Access::write}};
    end.appear(ipc(), name.uri, side);
    Child child = peer_process(name, side == Side::offering ? Side::answering : Side::offering);
    const auto bell = Bell::make().value();
    const auto met = end.next();
    ASSERT_TRUE(met.link);
    EXPECT_EQ(child.hear(), '!');
    met.link->attach_bell(bell.get()).value();
    static_cast<void>(met.link->progress().has_value());
    bell->clear();
    child.kill();
    const auto deadline = Clock::now() + patience;
    while (met.link->peer_state() == PeerState::alive && bell->sleep(deadline) == psyne::Sleep::woken) {
    }
    EXPECT_EQ(met.link->peer_state(), PeerState::lost);
    EXPECT_EQ(met.link->counter(0), 1U) << "what it signalled stays";
    const auto refused = met.link->post({}, {.counter = 0, .value = 1});
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error(), Code::peer_lost);
    EXPECT_NE(refused.error().text().find("pid"), std::string::npos) << refused.error().text();
    EXPECT_TRUE(met.link->revoke(met.exposed[0])) << "nobody is left to acknowledge";
    met.link->attach_bell(nullptr).value();
  }
}

TEST(IpcProcess, NobodyNeedsToLookForDeathToBeSeen) {
  const NameDirectory name;
  const Region mine = window();
  End end;
  end.regions = {{&mine, Access::write}};
  end.appear(ipc(), name.uri, Side::offering);
  Child child = peer_process(name, Side::answering);
  const auto met = end.next();
  ASSERT_TRUE(met.link);
  child.kill();
  EXPECT_TRUE(eventually([&] { return met.link->peer_state() == PeerState::lost; })) << "no progress() was called";
}

TEST(IpcProcess, NothingIsLeftAfterManyKills) {
  const NameDirectory name;
  {
    const Region mine = window();
    const auto round = [&] {
      End end;
      end.regions = {{&mine, Access::write}};
      end.appear(ipc(), name.uri, Side::answering);
      Child child = peer_process(name, Side::offering);
      const auto met = end.next();
      EXPECT_TRUE(met.link);
      if (!met.link) return;
      child.kill();
      EXPECT_TRUE(eventually([&] { return met.link->peer_state() == PeerState::lost; }));
    };
    round();
    const std::size_t before = psyne_test::open_descriptors();
    for (int i = 0; i < 20; ++i) round();
    EXPECT_EQ(psyne_test::open_descriptors(), before);
  }
  EXPECT_FALSE(name.exists());
}

TEST(IpcProcess, AfterEverybodyWasKilledTheNameIsAsGoodAsNew) {
  const NameDirectory name;
  {
    std::vector<std::unique_ptr<Child>> children;
    // The answering one is killed first: else it would tidy up after the others.
    for (const Side side : {Side::answering, Side::offering, Side::offering}) {
      children.push_back(std::make_unique<Child>([&, side](Child::Word& word) {
        End end;
        end.appear(ipc(), name.uri, side, {.exclusive = side == Side::answering});
        word.say();
        Child::Word::stay();
      }));
      ASSERT_EQ(children.back()->hear(), '!');
    }
  }
  EXPECT_EQ(name.sockets().size(), 2U) << "they had no time to tidy up";
  End sender, receiver;
  receiver.appear(ipc(), name.uri, Side::answering, {.exclusive = true});
  EXPECT_TRUE(name.sockets().empty());
  sender.appear(ipc(), name.uri, Side::offering);
  EXPECT_TRUE(receiver.next().link);
  EXPECT_EQ(receiver.count_missed(), 0U);
}

TEST(IpcProcess, AnExclusiveHolderIsNamedAndItsDeathFreesThePlace) {
  const NameDirectory name;
  Child holder([&](Child::Word& word) {
    End end;
    end.appear(ipc(), name.uri, Side::answering, {.exclusive = true});
    word.say();
    Child::Word::stay();
  });
  ASSERT_EQ(holder.hear(), '!');
  End end;
  const auto refused = end.try_appear(ipc(), name.uri, Side::answering);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error(), Code::in_use);
  EXPECT_NE(refused.error().text().find("pid " + std::to_string(holder.pid())), std::string::npos)
      << refused.error().text();
  holder.kill();
  EXPECT_TRUE(end.try_appear(ipc(), name.uri, Side::answering));
}

// The child closes its copies of the life lines: a parent's death is seen though the child lives.
TEST(IpcProcess, AForkedChildKeepsNoLifeLine) {
  const NameDirectory name;
  const Region mine = window();
  End end;
  end.regions = {{&mine, Access::write}};
  end.appear(ipc(), name.uri, Side::answering);
  Child parent([&](Child::Word& word) {
    End other;
    other.appear(ipc(), name.uri, Side::offering);
    const auto met = other.next();
    const pid_t grandchild = fork();
    if (grandchild == 0) {
      alarm(20);
      close(STDOUT_FILENO);  // outlives the test; whoever runs it waits until nobody can write to it
      close(STDERR_FILENO);
      word.say(met.link->progress() ? 'p' : 'g');
      Child::Word::stay();
    }
    Child::Word::stay();
  });
  const auto met = end.next();
  ASSERT_TRUE(met.link);
  EXPECT_EQ(parent.hear(), 'g');
  parent.kill();
  EXPECT_TRUE(eventually([&] { return met.link->peer_state() == PeerState::lost; }));
  End next;
  EXPECT_TRUE(eventually([&] { return name.sockets().size() <= 1; }));
}

TEST(IpcProcess, InAForkedChildOldEndsSaySoAndNewOnesOpen) {
  const NameDirectory name;
  auto couple = std::make_unique<Couple>(ipc(), name.uri, 4096);
  ASSERT_TRUE(couple->complete());
  Child child([&](Child::Word& word) {
    auto& link = couple->offering.link();
    const Put put{.local = couple->offering.shown.bytes().first(1), .remote = &couple->offering.target(), .offset = 0};
    bool good = !link.post({&put, 1}, {.counter = 0, .value = 99}) && !link.progress() &&
                link.post({}, {}).error() == Code::forked && link.attach_bell(nullptr).error() == Code::forked &&
                link.expose(couple->offering.window, Access::write).error() == Code::forked &&
                link.post({}, {}).error().text().find("fork") != std::string::npos;
    link.wake();
    link.close();
    couple.reset();  // neither hangs nor touches what the parent still uses
    const NameDirectory own;
    End one, two;
    one.appear(ipc(), own.uri, Side::offering);
    two.appear(ipc(), own.uri, Side::answering);
    good = good && one.next().link;
    word.say(good ? 'g' : 'b');
    one.disappear();
    two.disappear();
    word.say(own.exists() ? 'b' : 'g');
  });
  EXPECT_EQ(child.hear(), 'g');
  EXPECT_EQ(child.hear(), 'g');
  EXPECT_EQ(child.wait(), 0);
  EXPECT_EQ(couple->answering.link().peer_state(), PeerState::alive);
  EXPECT_EQ(couple->answering.link().counter(0), 0U);
  EXPECT_TRUE(couple->offering.link().post({}, {.counter = 0, .value = 1}));
  EXPECT_EQ(couple->answering.link().counter(0), 1U);
  EXPECT_EQ(name.sockets().size(), 1U) << "the child removed nothing of its parent's";
}

TEST(IpcProcess, AStoppedPeerIsMetWhenItGoesOn) {
  const NameDirectory name;
  Child child([&](Child::Word& word) {
    End end;
    end.appear(ipc(), name.uri, Side::offering);
    word.say();
    Child::Word::stay();
  });
  ASSERT_EQ(child.hear(), '!');
  ::kill(child.pid(), SIGSTOP);
  int status = 0;  // until one of its threads has taken the signal, the others run on
  ASSERT_EQ(waitpid(child.pid(), &status, WUNTRACED), child.pid());
  ASSERT_TRUE(WIFSTOPPED(status));
  End end;
  end.appear(ipc(), name.uri, Side::answering);
  const auto missed = end.next_missed();  // after 5 s
  ASSERT_FALSE(missed);
  EXPECT_EQ(missed.error(), Code::timed_out) << missed.error().text();
  ::kill(child.pid(), SIGCONT);
  EXPECT_TRUE(end.next().link) << "tried again";
}

TEST(IpcProcess, ConnectsAcrossPidNamespaces) {
  const NameDirectory name;
  const Region mine = window();
  End end;
  end.regions = {{&mine, Access::write}};
  end.appear(ipc(), name.uri, Side::answering);
  Child child([&](Child::Word& word) {
    if (unshare(CLONE_NEWPID) != 0) {
      word.say('s');
      _exit(0);
    }
    const pid_t inner = fork();  // pid 1 of the new namespace
    if (inner != 0) {
      waitpid(inner, nullptr, 0);
      _exit(0);
    }
    alarm(60);
    End other;
    other.appear(ipc(), name.uri, Side::offering);
    const auto bell = Bell::make().value();
    const auto met = other.next();
    if (!met.link) _exit(1);
    met.link->attach_bell(bell.get()).value();
    met.link->post({}, {.counter = 0, .value = 1, .wake = true}).value();
    word.say(met.link->peer().name.find("another PID namespace") != std::string::npos ? 'u' : 'k');
    while (met.link->counter(1) != 5) bell->sleep(psyne::no_deadline);
    word.say('w');
    _exit(0);
  });
  const char first = child.hear();
  if (first == 's') GTEST_SKIP() << "this process may not make PID namespaces";
  EXPECT_EQ(first, 'u') << "a process that cannot see us says so";
  const auto met = end.next();
  ASSERT_TRUE(met.link);
  EXPECT_TRUE(eventually([&] { return met.link->counter(0) == 1; }));
  met.link->post({}, {.counter = 1, .value = 5, .wake = true}).value();
  EXPECT_EQ(child.hear(), 'w');
  EXPECT_TRUE(eventually([&] { return met.link->peer_state() != PeerState::alive; }));
}

TEST(IpcProcess, AnotherUserIsRefused) {
  if (geteuid() != 0) GTEST_SKIP() << "needs root to be another user";
  const NameDirectory name;
  End end;
  end.appear(ipc(), name.uri, Side::offering);
  // As if the file system let him in: the socket's own check must hold.
  ASSERT_EQ(chmod(conformance::scratch_directory().c_str(), 0711), 0);
  ASSERT_EQ(chmod(name.path.c_str(), 0711), 0);
  const std::string socket = name.path + "/" + name.sockets().at(0);
  ASSERT_EQ(chmod(socket.c_str(), 0666), 0);
  Child stranger([&](Child::Word& word) {
    if (setgid(65534) != 0 || setuid(65534) != 0) _exit(1);
    const psyne::Descriptor client(::socket(AF_UNIX, SOCK_SEQPACKET, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, socket.data(), socket.size());
    if (connect(client.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) _exit(2);
    std::array<char, 64> answer{};
    word.say(recv(client.get(), answer.data(), answer.size(), 0) <= 0 ? 'r' : 'a');
    Child::Word::stay();
  });
  EXPECT_EQ(stranger.hear(), 'r') << "hung up without a word";
  const auto missed = end.next_missed();
  ASSERT_FALSE(missed);
  EXPECT_EQ(missed.error(), Code::refused);
  EXPECT_NE(missed.error().text().find("65534"), std::string::npos) << missed.error().text();
  chmod(conformance::scratch_directory().c_str(), 0700);
}

TEST(IpcProcess, MemoryIsNowhereInAFileSystem) {
  const auto shm_files = [] {
    return std::distance(std::filesystem::directory_iterator("/dev/shm"), std::filesystem::directory_iterator());
  };
  if (!std::filesystem::exists("/dev/shm")) GTEST_SKIP() << "there is no /dev/shm";
  const NameDirectory name;
  const auto before = shm_files();
  Couple couple(ipc(), name.uri, std::size_t{100} << 20);  // more than a container's usual 64 MB
  ASSERT_TRUE(couple.complete());
  EXPECT_EQ(shm_files(), before);
}

}  // namespace
