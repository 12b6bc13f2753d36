#pragma once

#include <psyne/core/transport/transport.hpp>
#include <psyne/core/uri/uri.hpp>

#include <string>
#include <utility>

namespace conformance {

/// Where two sides meet: what each of them opens. They are the same but for transports of which one side listens.
class Address {
 public:
  Address(psyne::Uri both) : offering_(both), answering_(std::move(both)) {}  // NOLINT(google-explicit-constructor)
  Address(psyne::Uri listening, psyne::Uri connecting, psyne::Side listens)
      : offering_(listens == psyne::Side::offering ? listening : connecting),
        answering_(listens == psyne::Side::offering ? std::move(connecting) : std::move(listening)) {}

  const psyne::Uri& of(psyne::Side side) const { return side == psyne::Side::offering ? offering_ : answering_; }

 private:
  psyne::Uri offering_, answering_;
};

}  // namespace conformance
