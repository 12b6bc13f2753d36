#include <psyne/core/topology/cgroup.hpp>

#include <algorithm>
#include <fstream>
#include <sstream>
#include <vector>

namespace psyne::inline v0 {

namespace {

/// Where the files of the cpu controller are: /proc/self/mountinfo names the mount and which part of the hierarchy it
/// shows, /proc/self/cgroup this process's group in the hierarchy.
struct Hierarchy {
  bool second_version = false;
  std::string mount;  // "/sys/fs/cgroup/cpu,cpuacct"
  std::string shown;  // "/": the group that lies at the mount; a container may see its own as "/docker/5f3a"
  std::string group;  // "/docker/5f3a"
};

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  std::istringstream stream(text);
  for (std::string part; std::getline(stream, part, separator);) parts.push_back(part);
  return parts;
}

bool contains(const std::vector<std::string>& words, const std::string& word) {
  return std::ranges::find(words, word) != words.end();
}

/// Mounts with a cpu controller. A line is "36 35 0:30 ROOT MOUNT options [optional...] - TYPE source SUPER_OPTIONS".
std::vector<Hierarchy> mounted_hierarchies(const std::string& root) {
  std::vector<Hierarchy> found;
  std::ifstream mounts(root + "/proc/self/mountinfo");
  for (std::string line; std::getline(mounts, line);) {
    const auto words = split(line, ' ');
    const auto dash = std::ranges::find(words, "-");
    if (words.size() < 6 || words.end() - dash < 4) continue;
    const std::string& type = dash[1];
    const bool first_version = type == "cgroup" && contains(split(dash[3], ','), "cpu");
    if (type == "cgroup2" || first_version) found.push_back({type == "cgroup2", words[4], words[3], {}});
  }
  return found;
}

/// A line is "ID:CONTROLLERS:GROUP"; of version 2 it is "0::GROUP".
std::string group_in(const std::string& root, bool second_version) {
  std::ifstream groups(root + "/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    const auto first = line.find(':');
    const auto second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers = line.substr(first + 1, second - first - 1);
    const bool ours =
        second_version ? controllers.empty() && line.starts_with("0:") : contains(split(controllers, ','), "cpu");
    if (ours) return line.substr(second + 1);
  }
  return {};
}

std::optional<double> read_number(const std::string& path) {
  double number = 0;
  if (std::ifstream(path) >> number) return number;
  return std::nullopt;
}

std::optional<double> ratio(std::optional<double> quota, std::optional<double> period) {
  if (!quota || !period || *quota <= 0 || *period <= 0) return std::nullopt;  // version 1 writes -1 for no limit
  return *quota / *period;
}

std::optional<double> quota_of(const std::string& directory, bool second_version) {
  if (!second_version) {
    return ratio(read_number(directory + "/cpu.cfs_quota_us"), read_number(directory + "/cpu.cfs_period_us"));
  }
  std::ifstream file(directory + "/cpu.max");
  double quota = 0, period = 0;
  if (file >> quota >> period) return ratio(quota, period);  // "max" is no number
  return std::nullopt;
}

std::optional<double> least(std::optional<double> one, std::optional<double> other) {
  if (!one || !other) return one ? one : other;
  return std::min(*one, *other);
}

/// From the group up to the mount, each of which may hold a limit. Where the group is not below what the mount shows (a
/// group named from outside, seen in a container) only the mount itself is looked at.
std::optional<double> quota_along(const std::string& root, const Hierarchy& hierarchy) {
  std::string below;
  if (hierarchy.shown == "/") {
    below = hierarchy.group;
  } else if (hierarchy.group.starts_with(hierarchy.shown + '/')) {
    below = hierarchy.group.substr(hierarchy.shown.size());
  }
  if (below.find("..") != std::string::npos) below.clear();  // a group outside of this namespace
  const std::string top = root + hierarchy.mount;
  std::optional<double> quota;
  for (;;) {
    quota = least(quota, quota_of(top + below, hierarchy.second_version));
    const auto slash = below.rfind('/');
    if (slash == std::string::npos) return quota;
    below.resize(slash);
  }
}

}  // namespace

std::optional<double> cpu_quota(const std::string& root) {
  std::optional<double> quota;
  for (Hierarchy& hierarchy : mounted_hierarchies(root)) {
    hierarchy.group = group_in(root, hierarchy.second_version);
    quota = least(quota, quota_along(root, hierarchy));
  }
  return quota;
}

}  // namespace psyne::inline v0
