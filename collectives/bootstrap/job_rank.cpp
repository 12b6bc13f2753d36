#include <psyne/collectives/bootstrap/job_rank.hpp>
#include <psyne/collectives/bootstrap/launcher/launchers.hpp>
#include <psyne/core/uri/quoted.hpp>
#include <psyne/core/uri/uri.hpp>

#include <array>
#include <cctype>
#include <cstdint>
#include <cstdio>

namespace psyne::inline v0 {

namespace {

// A name of a channel that any text gives: what a Name may not hold, or is too long, is replaced by a hash (FNV-1a) of
// the whole.
std::string as_name(std::string_view text) {
  constexpr std::size_t longest = 60;
  std::string name;
  for (const char letter : text.substr(0, longest)) {
    const bool allowed = std::isalnum(static_cast<unsigned char>(letter)) != 0 || letter == '_' || letter == '-';
    name += allowed ? letter : '-';
  }
  if (name == text) return name;
  std::uint64_t hash = 0xcbf2'9ce4'8422'2325;
  for (const char letter : text) hash = (hash ^ static_cast<unsigned char>(letter)) * 0x100'0000'01b3;
  std::array<char, 17> digits{};
  std::snprintf(digits.data(), digits.size(), "%016llx", static_cast<unsigned long long>(hash));
  return name + "-" + digits.data();
}

// The launcher belongs to it: two of them may count their jobs alike.
std::string store_name(const Launched& launched) {
  std::string text = launched.job.launcher + " " + launched.job.id;
  for (char& letter : text) {
    if (letter == ' ') letter = '-';
  }
  return "psyne-" + as_name(text);
}

Result<std::string> chosen_store(const std::string& text) {
  const auto wrong = [&](const std::string& why) {
    return Error(Code::invalid_argument, "cannot tell where the ranks of this job meet")
        .because("PSYNE_STORE is " + quoted(text) + ", " + why)
        .mend("Set it to tcp://HOST:PORT, the host of rank 0 and a free port of it, for all ranks alike.");
  };
  const auto uri = Uri::parse(text);
  if (!uri) return wrong("which is no URI: " + std::string(uri.error().reason()));
  if (uri->scheme() == "ipc" || uri->scheme() == "memory") {
    if (const auto name = uri->name(); !name) return wrong("whose name cannot be used: " + name.error().text());
    return text;
  }
  if (uri->scheme() != "tcp" && uri->scheme() != "tls") return wrong("which is neither tcp://, tls:// nor ipc://");
  const std::string& place = uri->place();
  const auto endpoint = Endpoint::parse(std::string_view(place).substr(0, place.find('/')));
  if (!endpoint) return wrong("which names no host and port: " + std::string(endpoint.error().reason()));
  if (endpoint->any_host()) return wrong("which names no host that the other ranks can reach");
  if (endpoint->port.value_or(0) == 0) return wrong("which names no port");
  return text;
}

Result<std::string> place_to_meet(const Launched& launched) {
  const JobRank& job = launched.job;
  if (job.one_host()) {
    return "ipc://" + store_name(launched) + (launched.ipc_part.empty() ? "" : "-" + as_name(launched.ipc_part));
  }
  if (!launched.meeting.empty()) return "tcp://" + launched.meeting + "/" + store_name(launched);
  return Error(Code::invalid_argument, "cannot tell where the ranks of this job meet")
      .because("it has " + std::to_string(job.size) + " ranks, of which " + std::to_string(job.local_size) +
               " are on this host, and " + job.launcher + " tells nobody which host rank 0 is on")
      .mend("Set PSYNE_STORE=tcp://HOST:PORT, the host of rank 0 and a free port of it, for all ranks alike.");
}

}  // namespace

Result<JobRank> job_rank_from(const Environment& environment) {
  Launched launched;
  for (const Launcher& launcher : launchers()) {
    if (!launcher.speaks(environment)) continue;
    auto read = launcher.read(environment);
    if (!read) return read.error();
    launched = *std::move(read);
    launched.job.launcher = launcher.name;
    break;
  }
  JobRank& job = launched.job;
  if (auto id = environment.find("PSYNE_JOB")) job.id = *std::move(id);
  if (job.size == 1) return job;
  const auto chosen = environment.find("PSYNE_STORE");
  auto store = chosen ? chosen_store(*chosen) : place_to_meet(launched);
  if (!store) return store.error();
  job.store = *std::move(store);
  return job;
}

Result<JobRank> job_rank_of_process() { return job_rank_from(Environment::of_process()); }

}  // namespace psyne::inline v0
