#pragma once

#include <psyne/pool/scheduler/fork.hpp>

#include <optional>
#include <type_traits>
#include <utility>

namespace psyne::inline v0 {

/// callable(), by another thread of the pool, while this one waits: for when stack_is_low(). Only inside a pool. Throws
/// psyne::Exception with Code::exhausted when no thread can be had and less than 16 KiB are left here.
template <class Callable>
[[gnu::cold, gnu::noinline]] auto on_another_stack(Callable&& callable) -> std::invoke_result_t<Callable&> {
  using Value = std::invoke_result_t<Callable&>;
  if constexpr (std::is_void_v<Value>) {
    Fork(callable).run_by_other();
  } else {
    std::optional<Value> value;
    auto keep = [&] { value.emplace(callable()); };
    Fork(keep).run_by_other();
    return std::move(*value);
  }
}

}  // namespace psyne::inline v0
