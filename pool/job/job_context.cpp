#include <psyne/pool/job/job_context.hpp>

#include <mutex>
#include <utility>

namespace psyne::inline v0 {

StopToken JobContext::token() {
  {
    const std::lock_guard guard(lock_);
    if (source_) return source_->token();
  }
  // Allocated and linked outside of the lock; of two threads that do it at once one throws his away.
  const bool of_pool = parent_ != nullptr && parent_->parent_ == nullptr;
  const StopToken above = parent_ != nullptr ? parent_->token() : StopToken();
  const StopSource made(above.stop_possible() && !of_pool ? above : stop_, deadline_);
  const StopToken beside = of_pool ? above : above.stop_possible() ? stop_ : StopToken();
  bool late = false;
  {
    const std::lock_guard guard(lock_);
    if (source_) return source_->token();
    source_.emplace(made);
    late = cancelled();
  }
  if (beside.stop_possible()) {
    beside_.emplace(beside, StopSourceToo{made, of_pool ? StopReason::shutdown : StopReason::parent, beside});
  }
  if (late) made.request_stop(reason_, text_);
  return made.token();
}

void JobContext::cancel(StopReason reason, std::string text) {
  std::optional<StopSource> source;
  {
    const std::lock_guard guard(lock_);
    if (cancelled()) return;
    reason_ = reason;
    text_ = text;
    cancelled_.store(true, std::memory_order_release);
    source = source_;
  }
  if (source) source->request_stop(reason, std::move(text));
}

}  // namespace psyne::inline v0
