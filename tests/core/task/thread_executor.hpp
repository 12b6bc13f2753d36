#pragma once

#include <psyne/core/executor/manual_executor.hpp>
#include <psyne/core/stop/stop_source.hpp>

#include <thread>

namespace psyne_test {

/// One thread that runs what is posted to it, until it is destroyed.
class ThreadExecutor final : public psyne::Executor {
 public:
  ~ThreadExecutor() override {
    end_.request_stop();
    thread_.join();
  }
  void post(psyne::Work& work) noexcept override { loop_.post(work); }
  std::thread::id id() const noexcept { return thread_.get_id(); }

 private:
  psyne::ManualExecutor loop_;
  psyne::StopSource end_;
  std::thread thread_{
      [this] { static_cast<void>(loop_.run_until([] { return false; }, psyne::no_deadline, end_.token())); }};
};

}  // namespace psyne_test
