#include "tools/counters.hpp"

#include <psyne/core/config/config.hpp>
#include <psyne/core/config/known_options.hpp>
#include <psyne/core/metrics/page_file.hpp>
#include <psyne/core/metrics/reader.hpp>

#include "tools/table.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <string_view>

#include <nlohmann/json.hpp>

namespace psyne_tool {

namespace {

using psyne::metrics::Kind;
using psyne::metrics::ReadSection;
using psyne::metrics::ReadValue;
using psyne::metrics::Snapshot;

bool counts_bytes(const ReadValue& value) {
  constexpr std::array<std::string_view, 3> names{"bytes", "ring", "high_water"};
  return std::ranges::find(names, value.name) != names.end();
}

/// "123456", "12.3 M".
std::string count_text(double count) {
  constexpr double exact = 1e7;
  if (count < exact) return std::to_string(static_cast<std::uint64_t>(count));
  return count < 1e10 ? digits(count / 1e6) + " M" : digits(count / 1e9) + " G";
}

/// "4096 B", "12.3 MiB".
std::string bytes_text(double bytes) {
  constexpr std::array<const char*, 4> units{" KiB", " MiB", " GiB", " TiB"};
  if (bytes < 1e4) return std::to_string(static_cast<std::uint64_t>(bytes)) + " B";
  std::size_t unit = 0;
  for (bytes /= 1024; bytes >= 1024 && unit + 1 < units.size(); bytes /= 1024) ++unit;
  return digits(bytes) + units[unit];
}

std::string value_text(const ReadValue& value) {
  if (value.kind == Kind::histogram) return digits(value.quantile(0.5)) + " / " + digits(value.quantile(0.99));
  const double amount =
      value.kind == Kind::gauge ? static_cast<double>(value.level()) : static_cast<double>(value.number);
  if (amount < 0) return "-" + count_text(-amount);
  return counts_bytes(value) ? bytes_text(amount) : count_text(amount);
}

const ReadValue* find(const ReadSection& section, const std::string& name) {
  const auto found = std::ranges::find(section.values, name, &ReadValue::name);
  return found == section.values.end() ? nullptr : &*found;
}

/// The names of all values of these sections in their order, save those that are nothing but zero.
std::vector<std::string> columns_of(const std::vector<const ReadSection*>& rows) {
  std::vector<std::string> all, used;
  for (const ReadSection* row : rows) {
    for (const ReadValue& value : row->values) {
      if (std::ranges::find(all, value.name) == all.end()) all.push_back(value.name);
      if (value.number != 0 || value.count() != 0) used.push_back(value.name);
    }
  }
  std::erase_if(all, [&](const std::string& name) { return std::ranges::find(used, name) == used.end(); });
  return all;
}

std::string table_of(const std::string& kind, const std::vector<const ReadSection*>& rows) {
  const auto columns = columns_of(rows);
  std::vector<std::string> header{kind};
  header.insert(header.end(), columns.begin(), columns.end());
  Table table(std::move(header));
  for (const ReadSection* row : rows) {
    std::vector<std::string> cells{row->label};
    for (const std::string& column : columns) {
      const ReadValue* value = find(*row, column);
      cells.push_back(value != nullptr ? value_text(*value) : "-");
    }
    table.add(std::move(cells));
  }
  return table.text();
}

/// What a pool would have done with more threads.
std::string limits_of(const Snapshot& process) {
  std::string text;
  for (const ReadSection& section : process.sections) {
    const ReadValue* limited = section.name == "pool" ? find(section, "limited") : nullptr;
    if (limited == nullptr || limited->number == 0) continue;
    text += "  the pool " + section.label + " was at its limit of threads when one more was wanted, " +
            count_text(static_cast<double>(limited->number)) + " times: raise its max_threads\n";
  }
  return text;
}

std::int64_t seconds_since(std::uint64_t unix_nanoseconds) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto then = std::chrono::nanoseconds(static_cast<std::int64_t>(unix_nanoseconds));
  return std::chrono::duration_cast<std::chrono::seconds>(now - then).count();
}

}  // namespace

std::vector<Snapshot> counters_of_running() {
  std::vector<Snapshot> running;
  const auto directory = psyne::Config::process().text(psyne::option::metrics_directory);
  for (const psyne::metrics::Found& page : psyne::metrics::pages_in(directory)) {
    if (!page.alive || page.process == getpid()) continue;
    const auto reader = psyne::metrics::Reader::open(page.path);
    if (!reader) continue;  // it has just ended
    auto snapshot = reader->read();
    if (snapshot) running.push_back(*std::move(snapshot));
  }
  return running;
}

std::string text_of(const Snapshot& process) {
  std::string text = process.command + " (pid " + std::to_string(process.process) + "), up " +
                     std::to_string(seconds_since(process.started)) + " s\n";
  std::vector<std::string> kinds;
  for (const ReadSection& section : process.sections) {
    if (std::ranges::find(kinds, section.name) == kinds.end()) kinds.push_back(section.name);
  }
  for (const std::string& kind : kinds) {
    std::vector<const ReadSection*> rows;
    for (const ReadSection& section : process.sections) {
      if (section.name == kind) rows.push_back(&section);
    }
    std::ranges::sort(rows, {}, &ReadSection::label);
    text += table_of(kind, rows);
  }
  text += limits_of(process);
  if (kinds.empty()) text += "  no channel and no pool is open\n";
  if (process.lost > 0) {
    text += "  " + std::to_string(process.lost) + " more found no room: raise its metrics.capacity\n";
  }
  return text;
}

nlohmann::json json_of(const Snapshot& process) {
  nlohmann::json sections = nlohmann::json::array();
  for (const ReadSection& section : process.sections) {
    nlohmann::json values = nlohmann::json::object();
    for (const ReadValue& value : section.values) {
      switch (value.kind) {
        case Kind::counter: values[value.name] = value.number; break;
        case Kind::gauge: values[value.name] = value.level(); break;
        case Kind::histogram:
          values[value.name] = {{"count", value.count()},
                                {"sum", value.number},
                                {"p50", value.quantile(0.5)},
                                {"p99", value.quantile(0.99)}};
          break;
      }
    }
    sections.push_back({{"kind", section.name}, {"label", section.label}, {"values", std::move(values)}});
  }
  return {{"pid", process.process},
          {"command", process.command},
          {"seconds", seconds_since(process.started)},
          {"without_room", process.lost},
          {"sections", std::move(sections)}};
}

}  // namespace psyne_tool
