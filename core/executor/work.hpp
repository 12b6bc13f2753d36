#pragma once

namespace psyne::inline v0 {

/// Something to run once, as a member or base of the object that it is about, so that posting it allocates nothing.
///
/// Belongs to its owner until it is posted, and then to the executor until `run` is called, which may destroy or post
/// it again. It must stay where it is in between.
struct Work {
  using Run = void (*)(Work&) noexcept;

  explicit Work(Run function) noexcept : run(function) {}
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;

  const Run run;
  Work* next = nullptr;  ///< of whoever holds it now; an executor links its queue by it
};

/// Work in the order in which it came. Not thread safe; owns nothing.
class WorkQueue {
 public:
  bool empty() const noexcept { return first_ == nullptr; }

  void push(Work& work) noexcept {
    work.next = nullptr;
    *end_ = &work;
    end_ = &work.next;
  }

  /// Null when empty.
  Work* pop() noexcept {
    Work* work = first_;
    if (work == nullptr) return nullptr;
    first_ = work->next;
    if (first_ == nullptr) end_ = &first_;
    return work;
  }

 private:
  Work* first_ = nullptr;
  Work** end_ = &first_;  // where the next one is linked
};

}  // namespace psyne::inline v0
