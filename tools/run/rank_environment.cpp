#include "tools/run/rank_environment.hpp"

#include <sys/random.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstdlib>
#include <string_view>

namespace psyne_tool {

namespace {

psyne::Result<std::string> random_text(std::size_t bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::array<unsigned char, 32> drawn{};
  if (getrandom(drawn.data(), bytes, 0) != static_cast<ssize_t>(bytes)) {
    return psyne::system_error(errno, "cannot draw random numbers");
  }
  std::string text;
  for (std::size_t i = 0; i < bytes; ++i) {
    text += digits[drawn[i] >> 4];
    text += digits[drawn[i] & 15];
  }
  return text;
}

bool begins_with_any(std::string_view line, std::initializer_list<std::string_view> names) {
  for (const auto name : names) {
    if (line.starts_with(name) && line.substr(name.size()).starts_with('=')) return true;
  }
  return false;
}

}  // namespace

psyne::Result<JobNames> JobNames::fresh() {
  auto id = random_text(8);
  if (!id) return id.error();
  const char* chosen = std::getenv("PSYNE_TOKEN");
  if (chosen != nullptr && *chosen != '\0') return JobNames{.id = *std::move(id), .token = chosen};
  auto token = random_text(32);
  if (!token) return token.error();
  return JobNames{.id = *std::move(id), .token = *std::move(token)};
}

std::vector<std::string> rank_environment(const JobNames& names, int rank, int size) {
  const bool is_rank_itself = std::getenv("PSYNE_RANK") != nullptr;
  std::vector<std::string> variables;
  for (char** variable = environ; variable != nullptr && *variable != nullptr; ++variable) {
    const std::string_view line(*variable);
    if (begins_with_any(
            line, {"PSYNE_RANK", "PSYNE_SIZE", "PSYNE_LOCAL_RANK", "PSYNE_LOCAL_SIZE", "PSYNE_JOB", "PSYNE_TOKEN"})) {
      continue;
    }
    if (is_rank_itself && begins_with_any(line, {"PSYNE_STORE"})) continue;
    variables.emplace_back(line);
  }
  const std::string own = std::to_string(rank), all = std::to_string(size);
  for (const auto& [name, value] : {std::pair<std::string, std::string>{"PSYNE_RANK", own},
                                    {"PSYNE_SIZE", all},
                                    {"PSYNE_LOCAL_RANK", own},
                                    {"PSYNE_LOCAL_SIZE", all},
                                    {"PSYNE_JOB", names.id},
                                    {"PSYNE_TOKEN", names.token}}) {
    variables.push_back(name);
    variables.back().append("=").append(value);
  }
  return variables;
}

}  // namespace psyne_tool
