#pragma once

#include <psyne/core/transport/transport.hpp>

namespace psyne::inline v0 {

/// ipc://NAME: ends in processes of one machine, also in containers that share the directory. A name is a private
/// directory in which each offering end binds a socket of its own; answering ends connect to all of them and watch it,
/// so no owner has to live. Memory goes across as sealed memory files.
///
/// Options (file, environment, query): ipc.directory, ipc.group.
Transport& ipc_transport();

}  // namespace psyne::inline v0
