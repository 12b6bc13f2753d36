#pragma once

#include <psyne/core/transport/link.hpp>
#include <psyne/core/transport/region.hpp>

#include <memory>
#include <mutex>
#include <optional>
#include <vector>

namespace psyne::inline v0 {

/// Links that an end is done with, whose peers have not heard it yet: where a connection breaks with the goodbye under
/// way, the next one says it again, and for that the link has to be there.
///
/// Any thread may call each of these. A link goes on the thread that finds that it may, which holds no lock meanwhile.
class Goodbyes {
 public:
  /// `link` leaves; no bell of an end rings for it but the service bell, which goes with it. It is kept until `until`
  /// at most. Its peer may put into `copy` till then.
  void say(const std::shared_ptr<Link>& link, std::shared_ptr<const Region> copy, Deadline until);
  /// Lets go of those that were heard, or waited for long enough; whoever is told by a service bell calls this. Returns
  /// when to call it again, where any are left.
  std::optional<Deadline> settle();
  /// Waits for none any more.
  void close();
  bool empty() const;

 private:
  struct Goodbye {
    std::shared_ptr<Link> link;
    std::shared_ptr<const Region> copy;
    Deadline until;
  };
  static void let_go(const std::vector<Goodbye>& gone);

  mutable std::mutex mutex_;
  std::vector<Goodbye> said_;
};

}  // namespace psyne::inline v0
