#pragma once

#include <psyne/core/service/life_line.hpp>
#include <psyne/core/transport/descriptor.hpp>
#include <psyne/core/transport/transport.hpp>
#include <psyne/transports/ipc/place/place.hpp>

#include <sys/un.h>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace psyne::inline v0 {

/// The private directory of a name, entered: everybody who is present holds a shared flock on it, so that whoever gets
/// the exclusive one is alone. He may then remove what the dead left there, and, when he goes, the directory itself.
/// The kernel drops the locks of whoever dies, so nothing needs to be believed about the dead.
///
///   <16 hex digits>.socket   an offering end that listens (renamed to it after listen, so it is seen only then)
///   <16 hex digits>.new      the same between bind and listen
///   offering, answering      locked by everybody on that side, exclusively by one that is to be the only one
///
/// One thread at a time.
class Directory {
 public:
  /// Makes the directory if need be, checks whose it is, and enters. May wait for milliseconds where another one is
  /// just leaving. Errors: refused (not ours, or open to others), in_use (somebody who leaves was stopped meanwhile),
  /// system.
  static Result<std::unique_ptr<Directory>> enter(const Place& place);
  /// Leaves, and removes the directory when nobody else is there.
  ~Directory();
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  /// Takes part on `side`. Errors: in_use, when that side has or would have one that is to be the only one.
  Result<void> claim(Side side, bool exclusive);

  /// Binds a listening socket that others can find; its file goes with this object.
  Result<Descriptor> listen();
  /// Connects to the socket `name`. Errors: not_found (it is gone, or its owner is dead and it was removed),
  /// would_block (its queue is full), exhausted, and what else the system says.
  Result<Descriptor> connect(const std::string& name) const;
  /// The sockets that are there.
  std::vector<std::string> sockets() const;
  static bool is_socket_name(std::string_view name) noexcept;
  /// The file that everybody on `side` has locked.
  static const char* side_name(Side side) noexcept { return side == Side::offering ? "offering" : "answering"; }

  /// Leads to the directory, shortly, and whatever became of its path.
  std::string own_path() const;
  const Place& place() const noexcept { return place_; }
  bool forked() const noexcept { return lock_.forked(); }

 private:
  Directory(const Place& place, Descriptor directory) : place_(place), lock_(std::move(directory)) {}
  Result<void> check() const;
  bool still_there() const;
  std::size_t sweep() const;
  std::vector<std::string> entries() const;
  Result<Descriptor> side_file(const char* name) const;
  Result<sockaddr_un> address(const std::string& name) const;

  Place place_;
  LifeLine lock_;  // the directory, open; holds the shared lock
  std::unique_ptr<LifeLine> side_;
  std::string socket_;
};

}  // namespace psyne::inline v0
