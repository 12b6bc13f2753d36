#include "pair/cell.hpp"

#include <array>
#include <cstdio>
#include <sstream>

namespace psyne::bench {
namespace {

struct Words {
  Work work;
  std::string_view name, unit;
};

constexpr std::array<Words, 12> words{{{Work::latency, "latency", "ns"},
                                       {Work::blocking_latency, "blocking latency", "ns"},
                                       {Work::stream, "stream", "GB/s"},
                                       {Work::tls_stream, "tls stream", "GB/s"},
                                       {Work::lz4_stream, "lz4 stream", "GB/s"},
                                       {Work::messages, "messages", "M/s"},
                                       {Work::in_place, "in place", "GB/s"},
                                       {Work::idle_cpu, "idle cpu", "%"},
                                       {Work::idle_wakes, "idle wakes", "wakes/s"},
                                       {Work::idle_links_cpu, "idle links cpu", "%"},
                                       {Work::idle_links_memory, "idle links memory", "KiB"},
                                       {Work::memory, "memory", "KiB"}}};

const Words& words_of(Work work) noexcept { return words[static_cast<std::size_t>(work)]; }

}  // namespace

std::string_view name(Work work) noexcept { return words_of(work).name; }
std::string_view unit(Work work) noexcept { return words_of(work).unit; }

std::optional<Cell> parse_cell(const std::string& line) {
  for (const Words& known : words) {
    if (!std::string_view(line).starts_with(known.name)) continue;
    std::istringstream rest(line.substr(known.name.size()));
    Cell cell{.work = known.work};
    if (!(rest >> cell.size >> cell.milliseconds)) return std::nullopt;
    if (cell.size == 0 || cell.size % 8 != 0) return std::nullopt;
    return cell;
  }
  return std::nullopt;
}

std::string to_json(const Cell& cell, std::optional<double> value) {
  std::array<char, 32> number{"null"};
  if (value) std::snprintf(number.data(), number.size(), "%.9g", *value);
  std::array<char, 200> text;
  std::snprintf(text.data(), text.size(), R"({"work": "%.*s", "size": %zu, "unit": "%.*s", "value": %s})",
                static_cast<int>(name(cell.work).size()), name(cell.work).data(), cell.size,
                static_cast<int>(unit(cell.work).size()), unit(cell.work).data(), number.data());
  return text.data();
}

}  // namespace psyne::bench
