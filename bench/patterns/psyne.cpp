// psyne: Publisher and Subscriber, the slow ones waited for.
#include <psyne.hpp>

#include "messages/tcp_connection.hpp"
#include "patterns/fan_out.hpp"
#include "patterns/peers.hpp"
#include "patterns/works.hpp"
#include "pool/serving.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

namespace {

using patterns_bench::Address;
using patterns_bench::Library;
using patterns_bench::Note;

// Nine processes on two cores: who offers his core to others before he sleeps comes back to many messages. Against the
// default, which keeps it, 8.5 in place of 5.3 M/s over ipc, 6.1 in place of 2.5 over TCP (3 turns, 8 subscribers). And
// before that offer nobody looks again and again: over TCP each look is a system call
// (docs/investigations/patterns.md).
constexpr psyne::Patience patience{.spins = 0, .pauses = 0, .yields = 3};

Library library(bool over_tcp) {
  return {
      .publisher = [over_tcp](Address& address) -> Library::Publish {
        const std::string port = std::to_string(psyne::bench::free_port());
        const std::string name = "ipc://" + patterns_bench::fresh_name();
        const std::string here = patterns_bench::tcp_address(psyne::bench::Side::leader);
        const std::string to = over_tcp ? here + port : name;
        std::ranges::copy(to, address.begin());
        auto feed = std::make_shared<psyne::Publisher<Note>>(
            psyne::Publisher<Note>::open(over_tcp ? "tcp://*:" + port : name,
                                         {.linger = std::chrono::seconds(0), .patience = patience})
                .value());
        return [feed](const Note& note) { static_cast<void>(feed->publish(patterns_bench::topic, note).value()); };
      },
      .subscriber = [](const Address& address) -> Library::Receive {
        auto reader = std::make_shared<psyne::Subscriber<Note>>(
            psyne::Subscriber<Note>::open(address.data(), {.topics = {patterns_bench::prefix}, .patience = patience})
                .value());
        return [reader] {
          const auto note = reader->receive();
          if (!note) throw std::runtime_error(note.error().text());
          return *note;
        };
      },
  };
}

}  // namespace

int main(int argc, char** argv) {
  return pool_bench::serve(argc, argv,
                           patterns_bench::works(library(false), library(true), patterns_bench::psyne_bureau()));
}
