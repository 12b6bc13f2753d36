// The promise: up to 8 KiB on a mapped transport, sending and receiving makes no system call, allocates nothing and
// takes no lock while neither side sleeps. The body runs in a child whose thread may make no system call at all
// (seccomp), with an operator new that exits. What a call costs is counted in instructions and printed.
#include <psyne.hpp>
#include <psyne/patterns/request/requester.hpp>
#include <psyne/patterns/request/responder.hpp>

#include "instructions.hpp"

#include <gtest/gtest.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <new>
#include <string>
#include <thread>

namespace {
thread_local bool allocation_forbidden = false;
}

void* operator new(std::size_t bytes) {
  if (allocation_forbidden) _exit(78);
  void* memory = std::malloc(bytes == 0 ? 1 : bytes);
  if (memory == nullptr) throw std::bad_alloc();
  return memory;
}
void operator delete(void* memory) noexcept { std::free(memory); }
void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

namespace {

using psyne::ByteVector;
using psyne::Receiver;
using psyne::Sender;

void forbid_system_calls() {
  std::array<sock_filter, 4> filter{{
      {BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(seccomp_data, nr)},
      {BPF_JMP | BPF_JEQ | BPF_K, 0, 1, SYS_exit_group},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW},
      {BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_PROCESS},
  }};
  sock_fprog program{.len = static_cast<unsigned short>(filter.size()), .filter = filter.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0) {
    _exit(77);
  }
}

template <class Body>
void expect_no_system_call_and_no_allocation(Body&& body) {
  const pid_t child = fork();
  if (child == 0) {
    auto prepared = body();
    prepared();  // warm: lazy binding, first touches
    allocation_forbidden = true;
    forbid_system_calls();
    prepared();
    _exit(0);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  if (WIFEXITED(status) && WEXITSTATUS(status) == 77) GTEST_SKIP() << "seccomp filters are not allowed here";
  EXPECT_FALSE(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) << "a system call was made";
  EXPECT_FALSE(WIFEXITED(status) && WEXITSTATUS(status) == 78) << "memory was allocated";
  EXPECT_EQ(status, 0);
}

class HotPath : public testing::TestWithParam<const char*> {
 protected:
  std::string uri() const { return std::string(GetParam()) + "://hot-" + std::to_string(getpid()); }
};
INSTANTIATE_TEST_SUITE_P(Schemes, HotPath, testing::Values("memory", "ipc"),
                         [](const auto& scheme) { return std::string(scheme.param); });

TEST_P(HotPath, SendAndReceive) {
  expect_no_system_call_and_no_allocation([&] {
    auto sender = std::make_shared<Sender<double>>(Sender<double>::open(uri()).value());
    auto receiver = std::make_shared<Receiver<double>>(Receiver<double>::open(uri()).value());
    sender->send(0).value();
    if (!receiver->receive(std::chrono::seconds(10))) _exit(1);
    return [=] {
      for (int i = 0; i < 200'000; ++i) {  // several laps of the ring
        if (!sender->send(i)) _exit(1);
        auto received = receiver->try_receive();
        if (!received || *received != i) _exit(1);
      }
    };
  });
}

TEST_P(HotPath, ReserveCommitAndViewsOf8KiB) {
  expect_no_system_call_and_no_allocation([&] {
    auto sender = std::make_shared<Sender<ByteVector>>(Sender<ByteVector>::open(uri()).value());
    auto receiver = std::make_shared<Receiver<ByteVector>>(Receiver<ByteVector>::open(uri()).value());
    sender->reserve(1).commit().value();
    if (!receiver->receive(std::chrono::seconds(10))) _exit(1);
    return [=] {
      for (int i = 0; i < 2000; ++i) {
        auto draft = sender->reserve(8192);
        if (!draft) _exit(1);
        (*draft)[8191] = std::byte{42};
        if (!draft.commit()) _exit(1);
        auto received = receiver->try_receive();
        if (!received || (*received)[8191] != std::byte{42}) _exit(1);
      }
    };
  });
}

TEST_P(HotPath, Batches) {
  expect_no_system_call_and_no_allocation([&] {
    auto sender = std::make_shared<Sender<double>>(Sender<double>::open(uri()).value());
    auto receiver = std::make_shared<Receiver<double>>(Receiver<double>::open(uri()).value());
    sender->send(0).value();
    if (!receiver->receive(std::chrono::seconds(10))) _exit(1);
    return [=] {
      const std::array<double, 64> values{};
      for (int i = 0; i < 2000; ++i) {
        if (!sender->send_batch(values)) _exit(1);
        for (std::size_t seen = 0; seen < values.size();) {
          auto batch = receiver->receive_batch(64);
          if (!batch) _exit(1);
          seen += batch.size();
        }
      }
    };
  });
}

// The asker's thread; the responder's, which looks and does not sleep, is beside it.
TEST_P(HotPath, AskAndAnswer) {
  expect_no_system_call_and_no_allocation([&] {
    using Requester = psyne::Requester<double, double>;
    using Responder = psyne::Responder<double, double>;
    constexpr psyne::Patience no_sleep{.spins = 2'000'000'000, .pauses = 2'000'000'000, .yields = 0};
    auto responder = std::make_shared<Responder>(Responder::open(uri(), {.patience = no_sleep}).value());
    auto requester = std::make_shared<Requester>(Requester::open(uri(), {.patience = no_sleep}).value());
    std::thread([responder] { static_cast<void>(responder->serve([](double query) { return 2 * query; })); }).detach();
    return [=] {
      for (int i = 0; i < 20'000; ++i) {
        const auto answer = requester->ask(i);
        if (!answer || *answer != 2.0 * i) _exit(1);
      }
    };
  });
}

TEST_P(HotPath, AnEmptyTryReceive) {
  expect_no_system_call_and_no_allocation([&] {
    auto sender = std::make_shared<Sender<double>>(Sender<double>::open(uri()).value());
    auto receiver = std::make_shared<Receiver<double>>(Receiver<double>::open(uri()).value());
    sender->send(0).value();
    if (!receiver->receive(std::chrono::seconds(10))) _exit(1);
    return [sender, receiver] {
      for (int i = 0; i < 10'000; ++i) {
        if (receiver->try_receive()) _exit(1);
      }
    };
  });
}

/// Prints what a call costs, and fails when it has become another order of magnitude.
template <class Prepare>
void expect_few_instructions(const std::string& what, double most, Prepare&& prepare) {
  const auto instructions = hot_path::instructions_per_call(prepare);
  if (!instructions) GTEST_SKIP() << "processes may not be traced here";
  std::printf("%s: %.1f instructions\n", what.c_str(), *instructions);
#ifdef __OPTIMIZE__
  EXPECT_LT(*instructions, most) << what;
#endif
}

TEST_P(HotPath, InstructionsOfSending) {
  expect_few_instructions(std::string(GetParam()) + " send of 8 B", 300, [&] {
    auto sender = std::make_shared<Sender<double>>(Sender<double>::open(uri()).value());
    auto receiver = std::make_shared<Receiver<double>>(Receiver<double>::open(uri()).value());
    sender->send(0).value();
    if (!receiver->receive(std::chrono::seconds(10))) _exit(1);
    return [=](int calls) {
      for (int i = 0; i < calls; ++i) {
        if (!sender->send(i)) _exit(1);
      }
    };
  });
}

TEST_P(HotPath, InstructionsOfReceiving) {
  expect_few_instructions(std::string(GetParam()) + " try_receive of 8 B", 400, [&] {
    auto sender = std::make_shared<Sender<double>>(Sender<double>::open(uri()).value());
    auto receiver = std::make_shared<Receiver<double>>(Receiver<double>::open(uri()).value());
    for (int i = 0; i < 100; ++i) sender->send(i).value();
    if (!receiver->receive(std::chrono::seconds(10))) _exit(1);
    return [=](int calls) {
      for (int i = 0; i < calls; ++i) {
        if (!receiver->try_receive()) _exit(1);
      }
    };
  });
}

TEST(Logging, InstructionsOfALineThatIsNotLogged) {
  expect_few_instructions("a log line that is not enabled", 12, [] {
    psyne::logging::set_level(psyne::logging::Level::off);
    return [](int calls) {
      for (int i = 0; i < calls; ++i) psyne::logging::write(psyne::logging::Level::warn, "test", "line ", i);
    };
  });
}

}  // namespace
