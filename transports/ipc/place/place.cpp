#include <psyne/core/config/config.hpp>
#include <psyne/core/config/known_options.hpp>
#include <psyne/core/uri/quoted.hpp>
#include <psyne/transports/ipc/place/place.hpp>

#include <grp.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <vector>

namespace psyne::inline v0 {

namespace {

/// A group's number by its name, or by the number itself.
Result<gid_t> group_number(const std::string& group) {
  gid_t number = 0;
  const char* end = group.data() + group.size();
  if (const auto read = std::from_chars(group.data(), end, number); read.ec == std::errc() && read.ptr == end) {
    return number;
  }
  std::vector<char> room(std::size_t{1} << 16);
  struct group entry {};
  struct group* found = nullptr;
  getgrnam_r(group.c_str(), &entry, room.data(), room.size(), &found);
  if (found == nullptr) {
    return Error(Code::not_found, "cannot let the group " + quoted(group) + " come")
        .because("there is no such group")
        .mend("Set ipc.group to a group of this machine, or leave it empty.");
  }
  return found->gr_gid;
}

/// Whether the process at the other end had `group` when it connected (or listened).
bool in_group(int socket, const ucred& peer, gid_t group) {
  if (peer.gid == group) return true;
  std::vector<gid_t> groups(64);
  for (;;) {
    auto bytes = static_cast<socklen_t>(groups.size() * sizeof(gid_t));
    if (getsockopt(socket, SOL_SOCKET, SO_PEERGROUPS, groups.data(), &bytes) == 0) {
      groups.resize(bytes / sizeof(gid_t));
      return std::ranges::find(groups, group) != groups.end();
    }
    if (errno != ERANGE || bytes / sizeof(gid_t) <= groups.size()) return false;
    groups.resize(bytes / sizeof(gid_t));
  }
}

}  // namespace

Result<Place> Place::of(const Uri& uri) {
  auto name = uri.name();
  if (!name) return name.error();
  auto config = Config::process().with(uri);
  if (!config) return config.error();

  Place place;
  place.name = name->text();
  place.base = config->text(option::ipc_directory);
  place.own_base = place.base == runtime_directory();
  if (place.base.empty() || place.base.front() != '/') {
    return Error(Code::invalid_argument, "cannot open " + std::string(uri.address()))
        .because("the directory " + quoted(place.base) + " is not an absolute path")
        .mend("Set ipc.directory to one that begins with a slash.");
  }
  if (const std::string group = config->text(option::ipc_group); !group.empty()) {
    auto number = group_number(group);
    if (!number) return number.error();
    place.group = *number;
  }
  return place;
}

Result<ucred> Place::admit(int socket) const {
  ucred peer{};
  socklen_t bytes = sizeof peer;
  if (getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &bytes) != 0) {
    return system_error(errno, "cannot tell who is at the other end of " + uri());
  }
  if (peer.uid == geteuid() || (group && in_group(socket, peer, *group))) return peer;
  return Error(Code::refused, "refused to connect " + uri())
      .peer("pid " + std::to_string(peer.pid))
      .because("it runs as another user (uid " + std::to_string(peer.uid) + ")" +
               (group ? " who is not in the group" : ""))
      .mend("Run both as one user, or set ipc.group to a group that both are in.");
}

}  // namespace psyne::inline v0
