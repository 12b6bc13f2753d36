#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/core/transport/descriptor.hpp>

#include <gtest/gtest.h>
#include <sys/types.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace network {

class Network;

/// A machine on the network: a network namespace with one cable to the switch. It is there as long as this is.
class Host {
 public:
  ~Host();
  Host(const Host&) = delete;
  Host& operator=(const Host&) = delete;

  const std::string& address() const noexcept { return address_; }
  /// Takes its cable out of the switch, and puts it in again.
  void cut() const;
  void mend() const;

 private:
  friend class Network;
  friend class Program;
  Host(std::string address, std::string cable, psyne::Descriptor own_namespace)
      : address_(std::move(address)), cable_(std::move(cable)), namespace_(std::move(own_namespace)) {}

  std::string address_;
  std::string cable_;  // what its port of the switch is called
  psyne::Descriptor namespace_;
};

/// Several hosts on this machine: network namespaces, each joined by a veth pair to a bridge, the switch, in another
/// one. The test itself is at the switch, with an address of its own, and starts no thread: whatever uses psyne is a
/// Program. Nothing of it is left when the test's process has gone, however it went.
class Network {
 public:
  /// Errors: why there can be none here.
  static psyne::Result<std::unique_ptr<Network>> make();
  ~Network();
  Network(const Network&) = delete;
  Network& operator=(const Network&) = delete;

  std::unique_ptr<Host> add_host();
  /// Of the test itself.
  static std::string own_address() { return "10.77.0.250"; }

 private:
  explicit Network(psyne::Descriptor before) : before_(std::move(before)) {}
  psyne::Descriptor before_;  // where the test was
  psyne::Descriptor switch_;
  int hosts_ = 0;
};

/// A process on a host. What it and the test tell each other are short texts. Killed with this.
class Program {
 public:
  /// In the process: its way to tell the test and be told.
  class Line {
   public:
    explicit Line(int socket) : socket_(socket) {}
    void say(const std::string& text) const;
    /// The test's next word; empty when none comes in time.
    std::string hear(std::chrono::milliseconds wait = std::chrono::seconds(20)) const;
    /// Until it is killed.
    [[noreturn]] static void stay();

   private:
    int socket_;
  };

  Program(const Host& host, const std::function<void(const Line&)>& work);
  ~Program();
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  /// Its next word; empty when it ended, or said nothing for 20 s.
  std::string hear() const { return line().hear(); }
  void tell(const std::string& text) const { line().say(text); }
  /// The answer to it.
  std::string ask(const std::string& text) const {
    tell(text);
    return hear();
  }
  std::uint64_t ask_number(const std::string& text) const;

  void kill();
  void stop() const;
  void go_on() const;

  std::size_t descriptors() const;
  /// Of its memory, what is in use now.
  std::size_t resident_bytes() const;
  /// How often its threads were given a CPU so far.
  std::uint64_t switches() const;

 private:
  Line line() const { return Line(socket_.get()); }
  pid_t pid_ = -1;
  psyne::Descriptor socket_;
};

/// A test with a network; skipped where there can be none.
class OverNetwork : public testing::Test {
 protected:
  void SetUp() override;
  std::unique_ptr<Host> host() { return network_->add_host(); }

 private:
  std::unique_ptr<Network> network_;
};

/// Where a channel is, as who listens and who calls open it: with `rest`, a name and a query.
std::string listening(const std::string& rest);
std::string calling(const std::string& address, const std::string& rest);
inline constexpr std::uint16_t port = 5555;

/// Whether memory and threads are what users have: a sanitizer's own are not to be measured.
inline constexpr bool plain_memory =
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    false;
#else
    true;
#endif

}  // namespace network
