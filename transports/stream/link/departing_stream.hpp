#pragma once

#include <psyne/core/service/life_line.hpp>
#include <psyne/transports/stream/link/byte_stream.hpp>

#include <cstddef>
#include <memory>
#include <vector>

namespace psyne::inline v0 {

/// Lets a connection go once `rest`, and what was written before, has reached the peer's machine: a socket that is
/// closed with bytes unread makes the kernel throw away those unsent. Returns at once; the service thread sees to it,
/// for ten seconds at most, in which the process may not end. Any thread.
void depart(std::shared_ptr<LifeLine> line, std::shared_ptr<ByteStream> stream, std::vector<std::byte> rest) noexcept;

}  // namespace psyne::inline v0
