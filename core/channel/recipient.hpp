#pragma once

#include <psyne/core/channel/end_id.hpp>

#include <cstdint>

namespace psyne::inline v0 {

class Outlet;

/// A receiver to which one sender (delivery=routed) sends again and again, and where its ring was found last. Of the
/// sender's thread.
class Recipient {
 public:
  explicit Recipient(EndId id = {}) noexcept : id_(id) {}
  EndId id() const noexcept { return id_; }

 private:
  template <class>
  friend class SenderState;

  EndId id_;
  Outlet* outlet_ = nullptr;  // as of found_at_, of Outlets::changes()
  std::uint64_t found_at_ = ~std::uint64_t{0};
};

}  // namespace psyne::inline v0
