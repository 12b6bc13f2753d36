#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/transports/stream/meeting/attendant.hpp>
#include <psyne/transports/stream/meeting/caller.hpp>
#include <psyne/transports/stream/meeting/hello.hpp>

#include <string>

namespace psyne::inline v0::stream {

/// Where those who come are told whom they meet. Service thread only.
class Reception {
 public:
  virtual ~Reception() = default;
  /// "tcp://*:5555", for errors.
  virtual const std::string& uri() const = 0;
  /// Who is present for one that says `hello`. Errors: not_found, incompatible.
  virtual Result<const Attendant*> find(const Hello& hello) = 0;
  /// Lets one in who has proved that he may come, as long as his line lives. Errors: in_use.
  virtual Result<void> let_in(const Attendant& attendant, const Hello& hello, const Caller& caller) = 0;
};

}  // namespace psyne::inline v0::stream
