#pragma once

#include <psyne/collectives/communicator/communicator.hpp>

#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace collectives_test {

/// Where the ranks of one test tell each other their texts.
class Board {
 public:
  explicit Board(psyne::Rank size) : texts_(static_cast<std::size_t>(size)), missing_(size) {}

  psyne::Result<std::vector<std::string>> exchange(psyne::Rank rank, const std::string& mine, const psyne::Wait& wait) {
    std::unique_lock lock(mutex_);
    texts_[static_cast<std::size_t>(rank)] = mine;
    --missing_;
    all_.notify_all();
    if (!all_.wait_until(lock, wait.deadline, [&] { return missing_ == 0; })) return psyne::Code::timed_out;
    return texts_;
  }

 private:
  std::mutex mutex_;
  std::condition_variable all_;
  std::vector<std::string> texts_;
  psyne::Rank missing_;
};

inline std::string fresh_job() {
  static std::atomic<int> jobs{0};
  return "test-" + std::to_string(getpid()) + "-" + std::to_string(jobs++);
}

/// Runs `body` once for each rank, in a thread of its own, with a communicator of all.
inline void with_ranks(psyne::Rank size, const std::function<void(psyne::Communicator&)>& body,
                       const std::function<void(psyne::CommunicatorOptions&)>& change = {}) {
  Board board(size);
  const std::string job = fresh_job();
  std::vector<std::thread> threads;
  for (psyne::Rank rank = 0; rank < size; ++rank) {
    threads.emplace_back([&, rank] {
      psyne::CommunicatorOptions options;
      options.rank = rank;
      options.size = size;
      options.job = job;
      options.token = "of the test";
      options.exchange = [&board, rank](const std::string& mine, const psyne::Wait& wait) {
        return board.exchange(rank, mine, wait);
      };
      if (change) change(options);
      auto communicator = psyne::Communicator::open(options);
      ASSERT_TRUE(communicator) << communicator.error().text();
      body(*communicator);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

}  // namespace collectives_test
