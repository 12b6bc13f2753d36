#include <psyne/core/transport/transport.hpp>
#include <psyne/core/uri/quoted.hpp>
#include <psyne/transports/ipc/ipc_transport.hpp>
#include <psyne/transports/memory/memory_transport.hpp>
#include <psyne/transports/sim/sim_transport.hpp>

namespace psyne::inline v0 {

const std::vector<Transport*>& transports() {
  static const auto* table = new std::vector<Transport*>{&memory_transport(), &ipc_transport(), &sim_transport()};
  return *table;
}

Result<Transport*> transport_for(std::string_view scheme) {
  std::string known;
  for (Transport* transport : transports()) {
    if (transport->scheme() == scheme) return transport;
    known += (known.empty() ? "" : ", ") + std::string(transport->scheme()) + "://";
  }
  return Error(Code::not_found, "no transport has the scheme " + quoted(scheme)).mend("Known are " + known + ".");
}

}  // namespace psyne::inline v0
