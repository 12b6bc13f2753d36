#include <psyne/core/completion/operation_limit.hpp>
#include <psyne/core/completion/sleep_async.hpp>
#include <psyne/core/service/service.hpp>

#include <string>
#include <utility>

namespace psyne::inline v0 {

namespace {

constexpr const char* what_it_does = "cannot sleep to the end";

class SleepOperation final : public ResultState<void>, private OperationLimit {
 public:
  // The reference that whoever ends it gives back; taken before anybody can.
  void begin(Service& service, const Wait& how_long) {
    until_ = how_long.deadline;
    retain();
    set(service, how_long.deadline, how_long.stop);
  }

  std::string what() const override { return what_it_does; }

 private:
  void cancel_requested(StopReason reason, std::string text) override { end(stop_error(reason, text, what_it_does)); }
  void limit_reached() noexcept override {
    end(Clock::now() >= until_ ? Result<void>() : Result<void>(error(what_it_does)));
  }
  void end(Result<void> result) noexcept {
    if (!settle(std::move(result))) return;
    clear();
    tell();
    release();
  }

  Deadline until_ = no_deadline;
};

}  // namespace

Completion<void> sleep_async(const Wait& how_long) {
  auto* operation = new SleepOperation;
  Completion<void> completion(operation);
  if (auto service = Service::with_callbacks()) {
    operation->begin(**service, how_long);
  } else {
    operation->complete(service.error());
  }
  return completion;
}

}  // namespace psyne::inline v0
