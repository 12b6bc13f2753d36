#pragma once

#include <psyne/core/result/result.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace psyne::inline v0 {

/// One thing that somebody configured, and where.
struct Entry {
  std::string key;    ///< "channel.capacity"; of the environment the variable
  std::string text;   ///< the value as written
  std::string where;  ///< "/home/a/psyne.toml:12"; of the environment the variable
};

/// What a process was told from outside, not yet compared with any option.
struct Sources {
  std::string path;                ///< the configuration file that was read, or ""
  std::vector<Entry> file;         ///< its entries, weaker than
  std::vector<Entry> environment;  ///< every variable that begins with PSYNE_
  std::vector<Error> problems;     ///< why the file could not be read

  /// Those of this process: its environment, and the file that find_file() names. Reads the environment, so no other
  /// thread may change it meanwhile. A program that runs with more rights than its user (set-user-ID) gets none.
  static Sources of_process();
};

/// Whose a configuration file may be. One that merely lies in the current directory must belong to this user or to
/// root, since it could lead our sockets elsewhere; one that was chosen may be anybody's.
enum class Trust : bool { only_ours, anybodys };

struct FoundFile {
  std::string path;  ///< "" where there is none
  Trust trust = Trust::anybodys;
};

/// The file to read: $PSYNE_CONFIG (where it is set but empty, none), else ./psyne.toml, else
/// $XDG_CONFIG_HOME/psyne/psyne.toml, by default below ~/.config.
FoundFile find_file(const std::vector<Entry>& environment);

/// The entries of a TOML file of at most 1 MiB, nested tables joined by dots. Fails with the line of a mistake.
Result<std::vector<Entry>> read_file(const std::string& path, Trust trust);

/// The entries of TOML text; `path` is for messages.
Result<std::vector<Entry>> read_toml(std::string_view text, const std::string& path);

}  // namespace psyne::inline v0
