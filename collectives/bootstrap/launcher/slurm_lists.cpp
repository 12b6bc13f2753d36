#include <psyne/collectives/bootstrap/job_rank.hpp>
#include <psyne/collectives/bootstrap/launcher/slurm_lists.hpp>
#include <psyne/core/uri/quantity.hpp>
#include <psyne/core/uri/quoted.hpp>

namespace psyne::inline v0::slurm {

namespace {

Error unreadable(std::string_view list, const char* why) {
  return Error(Code::invalid_argument, "cannot read Slurm's list " + quoted(list)).because(why);
}

}  // namespace

Result<std::string> first_host(std::string_view list) {
  constexpr auto none = std::string_view::npos;
  std::string host;
  std::string_view rest = list;
  while (!rest.empty() && rest.front() != ',') {
    if (rest.front() == ']') return unreadable(list, "a ] has no [ before it");
    if (rest.front() != '[') {
      host += rest.front();
      rest.remove_prefix(1);
      continue;
    }
    const auto end = rest.find(']');
    if (end == none) return unreadable(list, "a [ is not closed");
    const std::string_view inside = rest.substr(1, end - 1);
    const std::string_view first = inside.substr(0, inside.find_first_of(",-"));
    if (first.empty() || first.find('[') != none) return unreadable(list, "nothing stands between [ and ]");
    host += first;
    rest.remove_prefix(end + 1);
  }
  if (host.empty()) return unreadable(list, "it names no host");
  return host;
}

Result<int> tasks_of(std::string_view list, int node) {
  std::int64_t passed = 0;
  for (std::string_view rest = list; !rest.empty();) {
    const std::string_view group = rest.substr(0, rest.find(','));
    rest.remove_prefix(std::min(group.size() + 1, rest.size()));
    const auto times_at = group.find("(x");
    std::int64_t times = 1;
    if (times_at != std::string_view::npos) {
      const auto parsed = group.ends_with(')') ? parse_integer(group.substr(times_at + 2, group.size() - times_at - 3))
                                               : Result<std::int64_t>(Code::invalid_argument);
      if (!parsed || *parsed < 1 || *parsed > JobRank::most_ranks)
        return unreadable(list, "(x must be followed by a number and )");
      times = *parsed;
    }
    const auto tasks = parse_integer(group.substr(0, times_at));
    if (!tasks || *tasks < 1 || *tasks > JobRank::most_ranks)
      return unreadable(list, "it has what is no number of tasks");
    passed += times;
    if (node < passed) return static_cast<int>(*tasks);
  }
  return unreadable(list, "it has not so many hosts");
}

}  // namespace psyne::inline v0::slurm
