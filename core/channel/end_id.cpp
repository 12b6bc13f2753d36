#include <psyne/core/channel/end_id.hpp>

#include <sys/random.h>

#include <cerrno>

namespace psyne::inline v0 {

Result<EndId> EndId::random() {
  for (EndId id;;) {
    const ssize_t drawn = getrandom(&id.value, sizeof id.value, 0);
    if (drawn == static_cast<ssize_t>(sizeof id.value) && id) return id;
    if (drawn < 0 && errno != EINTR) return system_error(errno, "cannot draw a random number for the end of a channel");
  }
}

}  // namespace psyne::inline v0
