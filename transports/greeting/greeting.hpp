#pragma once

#include <psyne/core/transport/transport.hpp>
#include <psyne/transports/greeting/bytes.hpp>

#include <vector>

namespace psyne::inline v0 {

/// Writes a greeting as bytes. Descriptors of its spans are moved to `descriptors`, in their order. A greeting longer
/// than Greeting allows is this program's mistake: too_large.
Result<void> put_greeting(ByteWriter& writer, Greeting greeting, std::vector<Descriptor>& descriptors);

/// Reads one that takes all that is left of `reader`: every length is checked against what is there, what is left over
/// is an error, and there must be exactly as many `descriptors` as the bytes announce. Errors: corrupted.
Result<Greeting> take_greeting(ByteReader& reader, std::vector<Descriptor> descriptors);

}  // namespace psyne::inline v0
