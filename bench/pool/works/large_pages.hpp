#pragma once

#include <sys/mman.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <memory>
#include <new>
#include <span>

namespace pool_bench {

/// `count` values, all zero, on pages of 2 MiB where the system has them: with small ones a run is quick or slow by
/// where they happen to lie in physical memory, and which sets of a cache they share.
template <class Value>
class LargePages {
 public:
  explicit LargePages(std::size_t count) : count_(count) {
    const std::size_t bytes = (count * sizeof(Value) + page - 1) / page * page;
    memory_.reset(static_cast<Value*>(std::aligned_alloc(page, bytes)));
    if (memory_ == nullptr) throw std::bad_alloc();
    ::madvise(memory_.get(), bytes, MADV_HUGEPAGE);
    std::uninitialized_fill_n(memory_.get(), count, Value{});
  }

  std::span<Value> values() const noexcept { return {memory_.get(), count_}; }

 private:
  static constexpr std::size_t page = std::size_t{2} << 20;
  struct Free {
    void operator()(Value* memory) const noexcept { std::free(memory); }
  };

  std::size_t count_;
  std::unique_ptr<Value, Free> memory_;
};

}  // namespace pool_bench
