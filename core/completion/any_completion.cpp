#include <psyne/core/completion/any_completion.hpp>

namespace psyne::inline v0 {

Result<void> AnyCompletion::wait(const Wait& how_long) const {
  if (state_ == nullptr) {
    return Error(Code::invalid_state, "cannot wait").because("this completion is of no operation");
  }
  switch (state_->wait(how_long.deadline, how_long.stop)) {
    case WaitEnd::ready: break;
    case WaitEnd::stopped: return how_long.stop.error(state_->what());
    case WaitEnd::timed_out: return Error(Code::timed_out, state_->what());
  }
  return {};
}

}  // namespace psyne::inline v0
