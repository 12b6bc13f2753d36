#include <psyne/core/service/service.hpp>

#include <gtest/gtest.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <thread>

namespace {

using psyne::Descriptor;
using psyne::Service;

struct Recorder final : Service::Watcher {
  std::atomic<int> calls{0};
  std::atomic<std::uint32_t> events{0};
  std::function<void(int)> also;
  void ready(int descriptor, std::uint32_t what) noexcept override {
    events = what;
    char byte = 0;
    static_cast<void>(!::read(descriptor, &byte, 1));
    if (also) also(descriptor);
    ++calls;
  }
};

struct Pair {
  Descriptor ours, theirs;
  Pair() {
    std::array<int, 2> ends{};
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()) == 0) {
      ours = Descriptor(ends[0]);
      theirs = Descriptor(ends[1]);
    }
  }
  void say() const { static_cast<void>(!::write(theirs.get(), "x", 1)); }
};

template <class Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 5000 && !condition(); ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  return condition();
}

TEST(Service, CallsTheWatcherWhenADescriptorIsReadable) {
  Service& service = *Service::process().value();
  const Pair pair;
  Recorder recorder;
  service.watch(pair.ours.get(), EPOLLIN, recorder).value();
  pair.say();
  EXPECT_TRUE(eventually([&] { return recorder.calls == 1; }));
  service.unwatch(pair.ours.get());
}

TEST(Service, NeverCallsAfterUnwatch) {
  Service& service = *Service::process().value();
  for (int round = 0; round < 200; ++round) {
    const Pair pair;
    auto recorder = std::make_unique<Recorder>();
    service.watch(pair.ours.get(), EPOLLIN, *recorder).value();
    pair.say();
    service.unwatch(pair.ours.get());
    recorder.reset();  // a late call would be a use after free, which the sanitizers see
  }
}

TEST(Service, AWatcherMayUnwatchItself) {
  Service& service = *Service::process().value();
  const Pair pair;
  Recorder recorder;
  recorder.also = [&](int descriptor) { service.unwatch(descriptor); };
  service.watch(pair.ours.get(), EPOLLIN, recorder).value();
  pair.say();
  EXPECT_TRUE(eventually([&] { return recorder.calls == 1; }));
  pair.say();
  service.run([] {});
  EXPECT_EQ(recorder.calls, 1);
}

TEST(Service, ReportsHangUpThoughNoEventWasAskedFor) {
  Service& service = *Service::process().value();
  Pair pair;
  Recorder recorder;
  recorder.also = [&](int descriptor) { service.unwatch(descriptor); };
  service.watch(pair.ours.get(), 0, recorder).value();
  pair.theirs.reset();
  EXPECT_TRUE(eventually([&] { return recorder.calls == 1; }));
  EXPECT_TRUE(recorder.events & EPOLLHUP);
}

TEST(Service, RunsPostedWorkInOrderAndRunWaitsForIt) {
  Service& service = *Service::process().value();
  std::vector<int> order;
  for (int i = 0; i < 100; ++i) service.post([&order, i] { order.push_back(i); });
  service.run([&] {
    EXPECT_TRUE(service.here());
    service.run([&] { order.push_back(100); });  // from the service thread itself: at once
  });
  ASSERT_EQ(order.size(), 101U);
  for (int i = 0; i <= 100; ++i) EXPECT_EQ(order[static_cast<std::size_t>(i)], i);
  EXPECT_FALSE(service.here());
}

TEST(Service, AForkedChildGetsOneOfItsOwn) {
  Service* parents = Service::process().value();
  const pid_t child = fork();
  if (child == 0) {
    bool ran = false;
    auto service = Service::process();
    if (service && *service != parents) (*service)->run([&] { ran = true; });
    _exit(ran ? 0 : 1);
  }
  int status = -1;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(status, 0);
  bool ran = false;
  parents->run([&] { ran = true; });
  EXPECT_TRUE(ran);
}

}  // namespace
