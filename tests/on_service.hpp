#pragma once

#include <psyne/core/service/service.hpp>

namespace psyne_test {

/// Runs `call` on the process's service thread and waits for its end; all that was asked for before has been done then.
template <class Call>
void on_service(Call call) {
  psyne::Service::process().value()->run(call);
}

}  // namespace psyne_test
