#include <psyne/core/log/log.hpp>
#include <psyne/core/transport/transport.hpp>
#include <psyne/core/uri/quoted.hpp>
#include <psyne/transports/ipc/ipc_transport.hpp>
#include <psyne/transports/memory/memory_transport.hpp>
#include <psyne/transports/sim/sim_transport.hpp>
#include <psyne/transports/stream/stream_transport.hpp>

namespace psyne::inline v0 {

const std::vector<Transport*>& transports() {
  static const auto* table = new std::vector<Transport*>{&memory_transport(), &ipc_transport(), &sim_transport(),
                                                         &tcp_transport(),    &tls_transport(), &unix_transport()};
  return *table;
}

// Both ends of a name must choose alike without talking, so the choice depends on the name alone, and not on who is
// there: a plain name is one of this machine, and ipc:// reaches the threads of this process as well as other
// processes.
Result<AutomaticChoice> choose_automatically() {
  auto works = ipc_transport().available();
  if (!works) return works.error();
  return AutomaticChoice{&ipc_transport(),
                         "a plain name is one of this machine, where ipc:// reaches threads and processes"};
}

Result<Transport*> transport_for(std::string_view scheme) {
  if (scheme == "auto") {
    auto choice = choose_automatically();
    if (!choice) return choice.error();
    logging::write(logging::Level::info, "transport", "auto:// is ", choice->transport->scheme(),
                   "://: ", choice->reason);
    return choice->transport;
  }
  std::string known = "auto://, ";
  for (Transport* transport : transports()) {
    if (transport->scheme() == scheme) return transport;
    known += (transport == transports().front() ? "" : ", ") + std::string(transport->scheme()) + "://";
  }
  return Error(Code::not_found, "no transport has the scheme " + quoted(scheme)).mend("Known are " + known + ".");
}

}  // namespace psyne::inline v0
