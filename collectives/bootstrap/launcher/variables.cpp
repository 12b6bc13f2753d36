#include <psyne/collectives/bootstrap/launcher/variables.hpp>
#include <psyne/core/uri/quantity.hpp>
#include <psyne/core/uri/quoted.hpp>

namespace psyne::inline v0 {

namespace {

constexpr const char* untold_rank = "cannot tell which rank of which job this process is";

}  // namespace

Error Variables::wrong(std::string_view name, std::string why) const {
  const auto value = environment_.find(name);
  const std::string holds = value ? std::string(name) + " is " + quoted(*value) : std::string(name) + " is not set";
  return Error(Code::invalid_argument, untold_rank)
      .because(holds + ", " + std::move(why))
      .mend("Start it by " + std::string(setter_) + ", which sets " + std::string(name) +
            ", or set or unset all of its variables.");
}

Result<std::string> Variables::text(std::string_view name) const {
  auto value = environment_.find(name);
  if (!value) return wrong(name, "but other variables of " + std::string(setter_) + " are");
  return *std::move(value);
}

Result<int> Variables::number(std::string_view name, int least, int most) const {
  const auto value = text(name);
  if (!value) return value.error();
  const auto number = parse_integer(*value);
  if (!number || *number < least || *number > most) {
    return wrong(name, "which is no whole number from " + std::to_string(least) + " to " + std::to_string(most));
  }
  return static_cast<int>(*number);
}

Result<JobRank> Variables::ranks(const Names& names) const {
  const auto size = number(names.size, 1, JobRank::most_ranks);
  if (!size) return size.error();
  const auto rank = number(names.rank, 0, *size - 1);
  if (!rank) return rank.error();
  const auto local_size = number(names.local_size, 1, *size);
  if (!local_size) return local_size.error();
  const auto local_rank = number(names.local_rank, 0, *local_size - 1);
  if (!local_rank) return local_rank.error();
  return JobRank{.rank = *rank, .size = *size, .local_rank = *local_rank, .local_size = *local_size};
}

}  // namespace psyne::inline v0
