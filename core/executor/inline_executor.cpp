#include <psyne/core/executor/inline_executor.hpp>

#include <utility>

namespace psyne::inline v0 {

namespace {

constinit thread_local Executor* elsewhere = nullptr;
constinit thread_local WorkQueue* waiting = nullptr;  // null while this thread runs nothing inline

}  // namespace

void InlineExecutor::post(Work& work) noexcept {
  if (elsewhere != nullptr) return elsewhere->post(work);
  if (waiting != nullptr) return waiting->push(work);
  WorkQueue own;
  waiting = &own;
  work.run(work);
  while (Work* next = own.pop()) next->run(*next);
  waiting = nullptr;
}

InlineExecutor& inline_executor() noexcept {
  static InlineExecutor& shared = *new InlineExecutor;  // outlives every static that might still post
  return shared;
}

NothingInline::NothingInline(Executor& instead) noexcept : before_(std::exchange(elsewhere, &instead)) {}

NothingInline::~NothingInline() { elsewhere = before_; }

}  // namespace psyne::inline v0
