#include "network/network.hpp"

#include "fork_at_rest.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace network {

namespace {

using psyne::Code;
using psyne::Descriptor;
using psyne::Error;
using psyne::Result;

/// Commands of ip, one a line, in the namespace of the caller.
bool ip(const std::string& commands) {
  FILE* pipe = popen("PATH=$PATH:/usr/sbin:/sbin ip -batch -", "we");
  if (pipe == nullptr) return false;
  const bool written = fputs(commands.c_str(), pipe) >= 0;
  return pclose(pipe) == 0 && written;
}

Descriptor own_namespace() { return Descriptor(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC)); }

void write_file(const char* path, const std::string& text) { std::ofstream(path) << text; }

// Who is not root is it in a user namespace of his own. That one stays for the rest of the process.
Result<void> become_root() {
  static bool done = geteuid() == 0;
  if (done) return {};
  const std::string user = std::to_string(geteuid()), group = std::to_string(getegid());
  if (unshare(CLONE_NEWUSER) != 0) return Error(Code::refused, std::string("no user namespace: ") + strerror(errno));
  write_file("/proc/self/setgroups", "deny");
  write_file("/proc/self/uid_map", "0 " + user + " 1");
  write_file("/proc/self/gid_map", "0 " + group + " 1");
  done = true;
  return {};
}

Result<Descriptor> enter_new_namespace() {
  if (unshare(CLONE_NEWNET) != 0) return Error(Code::refused, std::string("no network namespace: ") + strerror(errno));
  return own_namespace();
}

}  // namespace

Host::~Host() {
  ip("link del " + cable_ + "\n");  // at once; the namespace alone would be cleared away at the kernel's leisure
}
void Host::cut() const { ASSERT_TRUE(ip("link set " + cable_ + " down\n")); }
void Host::mend() const { ASSERT_TRUE(ip("link set " + cable_ + " up\n")); }

Result<std::unique_ptr<Network>> Network::make() {
  if (auto root = become_root(); !root) return root.error();
  std::unique_ptr<Network> made(new Network(own_namespace()));
  auto entered = enter_new_namespace();
  if (!entered) return entered.error();
  made->switch_ = std::move(*entered);
  if (!ip("link set lo up\n"
          "link add name switch type bridge\n"
          "addr add " +
          own_address() +
          "/24 dev switch\n"
          "link set switch up\n"
          "link add name trial type veth peer name other\n"
          "link del trial\n")) {
    return Error(Code::unsupported, "no bridge or no veth here, or no ip (package iproute2)");
  }
  return made;
}

Network::~Network() { static_cast<void>(setns(before_.get(), CLONE_NEWNET)); }

std::unique_ptr<Host> Network::add_host() {
  const int number = ++hosts_;
  const std::string address = "10.77.0." + std::to_string(number), cable = "cable" + std::to_string(number);
  auto own = enter_new_namespace();
  const std::string away = "/proc/" + std::to_string(getpid()) + "/fd/" + std::to_string(switch_.get());
  const bool wired = own && ip("link set lo up\n"
                               "link add name wire type veth peer name " +
                               cable + " netns " + away +
                               "\n"
                               "addr add " +
                               address +
                               "/24 dev wire\n"
                               "link set wire up\n");
  static_cast<void>(setns(switch_.get(), CLONE_NEWNET));
  if (!wired || !ip("link set " + cable + " master switch up\n")) throw std::runtime_error("cannot add a host");
  return std::unique_ptr<Host>(new Host(address, cable, std::move(*own)));
}

void OverNetwork::SetUp() {
  auto made = Network::make();
  if (!made) GTEST_SKIP() << made.error().text();
  network_ = std::move(*made);
}

void Program::Line::say(const std::string& text) const {
  static_cast<void>(!send(socket_, text.data(), text.size(), MSG_NOSIGNAL));
}

std::string Program::Line::hear(std::chrono::milliseconds wait) const {
  pollfd said{.fd = socket_, .events = POLLIN, .revents = 0};
  std::array<char, 4096> text{};
  if (poll(&said, 1, static_cast<int>(wait.count())) != 1) return {};
  const ssize_t bytes = recv(socket_, text.data(), text.size(), 0);
  return bytes > 0 ? std::string(text.data(), static_cast<std::size_t>(bytes)) : std::string();
}

void Program::Line::stay() {
  for (;;) pause();
}

Program::Program(const Host& host, const std::function<void(const Line&)>& work) {
  std::array<int, 2> ends{};
  if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends.data()) != 0) return;
  pid_ = psyne_test::fork_at_rest();
  if (pid_ == 0) {
    close(ends[0]);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    alarm(100);               // whatever becomes of the test
    unsetenv("PSYNE_TOKEN");  // a test says who has which
    if (setns(host.namespace_.get(), CLONE_NEWNET) != 0) _exit(1);
    work(Line(ends[1]));
    _exit(0);
  }
  close(ends[1]);
  socket_ = Descriptor(ends[0]);
}

Program::~Program() { kill(); }

void Program::kill() {
  if (pid_ <= 0) return;
  ::kill(pid_, SIGKILL);
  waitpid(std::exchange(pid_, -1), nullptr, 0);
}
void Program::stop() const {
  ::kill(pid_, SIGSTOP);
  waitpid(pid_, nullptr, WUNTRACED);
}
void Program::go_on() const { ::kill(pid_, SIGCONT); }

std::uint64_t Program::ask_number(const std::string& text) const {
  const std::string answer = ask(text);
  return answer.empty() ? 0 : std::strtoull(answer.c_str(), nullptr, 10);
}

std::size_t Program::descriptors() const {
  using std::filesystem::directory_iterator;
  const directory_iterator all("/proc/" + std::to_string(pid_) + "/fd");
  return static_cast<std::size_t>(std::distance(all, directory_iterator()));
}

std::size_t Program::resident_bytes() const {
  std::ifstream file("/proc/" + std::to_string(pid_) + "/statm");
  std::size_t all = 0, resident = 0;
  file >> all >> resident;
  return resident * static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
}

std::uint64_t Program::switches() const {
  std::uint64_t sum = 0;
  for (const auto& task : std::filesystem::directory_iterator("/proc/" + std::to_string(pid_) + "/task")) {
    std::ifstream file(task.path() / "status");
    for (std::string word; file >> word;) {
      std::uint64_t count = 0;
      if (word.ends_with("_switches:") && file >> count) sum += count;
    }
  }
  return sum;
}

std::string listening(const std::string& rest) { return "tcp://*:" + std::to_string(port) + rest; }
std::string calling(const std::string& address, const std::string& rest) {
  return "tcp://" + address + ":" + std::to_string(port) + rest;
}

}  // namespace network
