#include <psyne/pool/pool/close_report.hpp>

#include <string_view>

namespace psyne::inline v0 {

namespace {

std::string listed(const std::vector<std::string>& names) {
  if (names.empty()) return "";
  std::string text = " (";
  for (const std::string& name : names) text += (&name == &names.front() ? "" : ", ") + name;
  return text + ")";
}

std::string counted(std::uint64_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

}  // namespace

std::string CloseReport::text() const {
  std::string text;
  const auto add = [&text](const std::string& sentence) { text += (text.empty() ? "" : "; ") + sentence; };
  if (dropped != 0) add(counted(dropped, "job was dropped", "jobs were dropped") + listed(dropped_names));
  if (!complete) {
    add(running.empty() ? "work without a name still runs"
                        : counted(running.size(), "job still runs", "jobs still run") + listed(running));
  }
  if (threw != 0) add(counted(threw, "job", "jobs") + " that nobody waited for threw");
  return text.empty() ? "everything has been done" : text;
}

}  // namespace psyne::inline v0
