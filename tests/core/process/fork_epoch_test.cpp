#include <psyne/core/process/fork_epoch.hpp>

#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

namespace {

using psyne::Code;
using psyne::fork_epoch;
using psyne::ForkHook;
using psyne::on_fork_in_child;

// Runs `body` in a forked child and gives back what it returned.
template <class Body>
int in_child(Body body) {
  const pid_t child = fork();
  if (child == 0) _exit(body());
  int status = 0;
  EXPECT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  return WEXITSTATUS(status);
}

TEST(ForkEpoch, DiffersInTheChildAndStaysInTheParent) {
  const std::uint32_t own = fork_epoch();
  EXPECT_EQ(in_child([&] {
              if (fork_epoch() == own) return 1;
              const std::uint32_t childs = fork_epoch();
              return in_child([&] { return fork_epoch() == own || fork_epoch() == childs ? 1 : 0; });
            }),
            0);
  EXPECT_EQ(fork_epoch(), own);
}

TEST(ForkEpoch, HooksRunInTheChildOnlyInOrderAndInTheNewEpoch) {
  std::vector<int> ran;
  ran.reserve(8);
  const std::uint32_t own = fork_epoch();
  const ForkHook first = on_fork_in_child([&] { ran.push_back(fork_epoch() != own ? 1 : -1); });
  std::optional<ForkHook> gone = on_fork_in_child([&] { ran.push_back(-2); });
  const ForkHook second = on_fork_in_child([&] { ran.push_back(2); });
  gone.reset();
  EXPECT_EQ(in_child([&] { return ran == std::vector<int>{1, 2} ? 0 : 1; }), 0);
  EXPECT_TRUE(ran.empty());
}

TEST(ForkEpoch, AHookMayDropOthers) {
  int ran = 0;
  std::optional<ForkHook> before, next, last;
  before = on_fork_in_child([&] { ++ran; });
  const ForkHook dropper = on_fork_in_child([&] {
    before.reset();
    next.reset();
  });
  next = on_fork_in_child([&] { ran += 10; });
  last = on_fork_in_child([&] { ran += 100; });
  EXPECT_EQ(in_child([&] { return ran; }), 101);
}

TEST(ForkEpoch, AHookMovesWithItsOwner) {
  int ran = 0;
  ForkHook hook = on_fork_in_child([&] { ran += 1; });
  ForkHook moved = std::move(hook);
  EXPECT_EQ(in_child([&] { return ran; }), 1);
  moved = on_fork_in_child([&] { ran += 2; });  // the first one goes
  EXPECT_EQ(in_child([&] { return ran; }), 2);
  moved = ForkHook();
  EXPECT_EQ(in_child([&] { return ran; }), 0);
}

TEST(ForkEpoch, TheErrorSaysWhatToDo) {
  const psyne::Error error = psyne::forked_error("cannot send to ipc://ticks");
  EXPECT_EQ(error, Code::forked);
  EXPECT_EQ(error.text(), "cannot send to ipc://ticks: it was opened before fork(), and this is the child, pid " +
                              std::to_string(getpid()) + ". Open a new one in the child.");
}

// The list is whole in every child, whatever another thread was just doing to it.
TEST(ForkEpoch, ForkingWhileHooksComeAndGo) {
  std::atomic<bool> done{false};
  std::atomic<int> turns{0};
  std::thread other([&] {
    while (!done) {
      const ForkHook one = on_fork_in_child([] {});
      const ForkHook two = on_fork_in_child([] {});
      ++turns;
    }
  });
  int ran = 0;
  const ForkHook hook = on_fork_in_child([&] { ++ran; });
  while (turns == 0) std::this_thread::yield();
  for (int round = 0; round < 100; ++round) EXPECT_EQ(in_child([&] { return ran; }), 1);
  done = true;
  other.join();
}

}  // namespace
