#include <psyne/core/config/sources.hpp>

#include <fcntl.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

namespace psyne::inline v0 {

namespace {

constexpr std::size_t largest_file = 1024 * 1024;
constexpr std::string_view here = "psyne.toml";

std::optional<std::string> environment_value(const char* variable) {
  const char* value = std::getenv(variable);  // NOLINT(concurrency-mt-unsafe): stated in the contract
  if (!value) return std::nullopt;
  return std::string(value);
}

bool is_there(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

/// A descriptor that closes itself.
struct File {
  explicit File(int number) : descriptor(number) {}
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  ~File() {
    if (descriptor >= 0) close(descriptor);
  }
  int descriptor;
};

Result<std::string> read_whole(int descriptor, const std::string& path) {
  std::string text;
  char piece[4096];
  for (;;) {
    const ssize_t got = read(descriptor, piece, sizeof piece);
    if (got == 0) return text;
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return system_error(errno, "cannot read the configuration file " + path);
    text.append(piece, static_cast<std::size_t>(got));
    if (text.size() > largest_file) {
      return Error(Code::too_large, "cannot read the configuration file " + path).because("it is larger than 1 MiB");
    }
  }
}

Result<void> check_file(const struct stat& file, const std::string& path, Trust trust) {
  if (!S_ISREG(file.st_mode)) {
    return Error(Code::invalid_argument, "cannot read the configuration file " + path).because("it is no regular file");
  }
  if (trust == Trust::anybodys || file.st_uid == geteuid() || file.st_uid == 0) return {};
  return Error(Code::refused, "will not use the configuration file " + path)
      .because("it lies in the current directory and belongs to another user (uid " + std::to_string(file.st_uid) + ")")
      .mend("Set PSYNE_CONFIG=" + path + " to use it, or PSYNE_CONFIG= to use none.");
}

}  // namespace

FoundFile find_file(const std::vector<Entry>& environment) {
  const auto chosen = std::ranges::find(environment, "PSYNE_CONFIG", &Entry::key);
  if (chosen != environment.end()) return {chosen->text, Trust::anybodys};
  if (is_there(std::string(here))) return {std::string(here), Trust::only_ours};
  const auto config_home = environment_value("XDG_CONFIG_HOME");
  const auto home = environment_value("HOME");
  std::string folder;
  if (config_home && config_home->starts_with('/')) {
    folder = *config_home;
  } else if (home && home->starts_with('/')) {
    folder = *home + "/.config";
  }
  const std::string path = folder + "/psyne/psyne.toml";
  if (folder.empty() || !is_there(path)) return {};
  return {path, Trust::anybodys};
}

Result<std::vector<Entry>> read_file(const std::string& path, Trust trust) {
  // Not blocking: a named pipe in the place of the file must not hang the first open().
  const File file(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  if (file.descriptor < 0) return system_error(errno, "cannot open the configuration file " + path);
  struct stat status {};
  if (fstat(file.descriptor, &status) != 0) {
    return system_error(errno, "cannot look at the configuration file " + path);
  }
  if (auto checked = check_file(status, path, trust); !checked) return checked.error();
  const auto text = read_whole(file.descriptor, path);
  if (!text) return text.error();
  return read_toml(*text, path);
}

Sources Sources::of_process() {
  Sources sources;
  if (getauxval(AT_SECURE) != 0) return sources;
  for (char** variable = environ; variable && *variable; ++variable) {
    const std::string_view line(*variable);
    const auto equals = line.find('=');
    if (!line.starts_with("PSYNE_") || equals == std::string_view::npos) continue;
    const std::string key(line.substr(0, equals));
    sources.environment.push_back({key, std::string(line.substr(equals + 1)), key});
  }
  const FoundFile found = find_file(sources.environment);
  if (found.path.empty()) return sources;
  sources.path = found.path;
  auto entries = read_file(found.path, found.trust);
  if (entries) {
    sources.file = *std::move(entries);
  } else {
    sources.problems.push_back(entries.error());
  }
  return sources;
}

}  // namespace psyne::inline v0
