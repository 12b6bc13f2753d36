#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/core/uri/uri.hpp>

#include <sys/socket.h>
#include <sys/types.h>

#include <optional>
#include <string>

namespace psyne::inline v0 {

/// Where an ipc:// name is, and who may come: the effective ipc.directory and ipc.group for one URI, checked.
struct Place {
  std::string name;
  std::string base;            ///< holds one directory per name
  bool own_base = false;       ///< nobody chose the base: it must be this user's alone
  std::optional<gid_t> group;  ///< its members may come too

  /// Errors: invalid_argument (the name, an option), not_found (the group).
  static Result<Place> of(const Uri& uri);

  std::string path() const { return base + "/" + name; }
  std::string uri() const { return "ipc://" + name; }

  /// What the directory, and files in it, must look like: nobody else's, or the group's. In a group's directory
  /// (set-gid, so that files are the group's; sticky) each member may bind, and none may remove another's socket.
  mode_t directory_mode() const noexcept { return group ? 03770 : 0700; }
  mode_t file_mode() const noexcept { return group ? 0660 : 0600; }

  /// Whom the kernel names at the other end of `socket`. Errors: refused, for another user who is not in the group.
  Result<ucred> admit(int socket) const;
};

}  // namespace psyne::inline v0
