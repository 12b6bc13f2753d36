#pragma once

#include <psyne/collectives/bootstrap/job_store.hpp>

#include "conformance/free_port.hpp"

#include <unistd.h>

#include <atomic>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace psyne_test {

/// A job that nobody else has, whose ranks meet over `scheme` on this host.
inline psyne::JobRank fresh_job(std::string_view scheme, int size, const std::string& query = "") {
  static std::atomic<int> jobs{0};
  const std::string id = "store-test-" + std::to_string(getpid()) + "-" + std::to_string(++jobs);
  const std::string place =
      scheme == "ipc" ? "ipc://" : "tcp://127.0.0.1:" + std::to_string(conformance::free_port()) + "/";
  return {.size = size, .local_size = size, .id = id, .store = place + id + query, .launcher = "test"};
}

inline psyne::JobRank rank_of(psyne::JobRank job, int rank) {
  job.rank = job.local_rank = rank;
  return job;
}

inline std::span<const std::byte> bytes_of(std::string_view text) { return std::as_bytes(std::span(text)); }

inline std::string text_of(const psyne::Result<std::vector<std::byte>>& value) {
  if (!value) return value.error().text();
  return {reinterpret_cast<const char*>(value->data()), value->size()};
}

}  // namespace psyne_test
