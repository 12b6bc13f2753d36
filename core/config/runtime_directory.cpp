#include <psyne/core/atomics/step.hpp>
#include <psyne/core/config/runtime_directory.hpp>

#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace psyne::inline v0 {

namespace {

bool is_in_memory(const std::string& path) {
  struct statfs status {};
  return statfs(path.c_str(), &status) == 0 && (status.f_type == TMPFS_MAGIC || status.f_type == RAMFS_MAGIC);
}

}  // namespace

std::string runtime_directory() {
  const char* runtime = secure_getenv("XDG_RUNTIME_DIR");
  struct stat status {};
  if (runtime && runtime[0] == '/' && stat(runtime, &status) == 0 && S_ISDIR(status.st_mode) &&
      status.st_uid == geteuid()) {
    return std::string(runtime) + "/psyne";
  }
  return "/tmp/psyne-" + std::to_string(geteuid());
}

std::string mapped_directory() {
  std::string runtime = runtime_directory();
  if (is_in_memory(runtime.substr(0, runtime.rfind('/')))) return runtime;
  if (is_in_memory("/dev/shm") && access("/dev/shm", W_OK | X_OK) == 0) {
    return "/dev/shm/psyne-" + std::to_string(geteuid());
  }
  return runtime;
}

Result<void> make_private_directory(const std::string& path) {
  step();
  if (mkdir(path.c_str(), 0700) == 0) return {};
  if (errno != EEXIST) return system_error(errno, "cannot make the directory " + path);
  struct stat status {};
  if (lstat(path.c_str(), &status) != 0) return system_error(errno, "cannot look at " + path);
  std::string reason;
  if (!S_ISDIR(status.st_mode)) {
    reason = "it is no directory";
  } else if (status.st_uid != geteuid()) {
    reason = "it belongs to another user (uid " + std::to_string(status.st_uid) + ")";
  } else if ((status.st_mode & 077) != 0) {
    reason = "others may enter it";
  }
  if (reason.empty()) return {};
  return Error(Code::refused, "will not use the directory " + path)
      .because(std::move(reason))
      .mend("Remove it, chmod it to 0700, or set ipc.directory or XDG_RUNTIME_DIR to another one.");
}

}  // namespace psyne::inline v0
