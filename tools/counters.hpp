#pragma once

#include <psyne/core/metrics/snapshot.hpp>

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

namespace psyne_tool {

/// The counters of all living processes that have a page in metrics.directory, this one left out.
std::vector<psyne::metrics::Snapshot> counters_of_running();

/// Who it is, then a table for each kind of section. Columns that are zero in all rows are left out.
std::string text_of(const psyne::metrics::Snapshot& process);
nlohmann::json json_of(const psyne::metrics::Snapshot& process);

}  // namespace psyne_tool
