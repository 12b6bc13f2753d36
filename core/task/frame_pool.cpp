#include <psyne/core/task/frame_pool.hpp>

#include <sanitizer/asan_interface.h>

#include <array>
#include <new>
#include <utility>

namespace psyne::inline v0 {

namespace {

constexpr std::size_t size_step = 64;

struct Unused {
  Unused* next;
};

// A frame in the cache is poisoned but for its link, so that the address sanitizer finds uses after the end.
void hide(Unused* frame, std::size_t bytes) noexcept {
  ASAN_POISON_MEMORY_REGION(frame + 1, bytes - sizeof(Unused));
  static_cast<void>(frame), static_cast<void>(bytes);
}
void show(Unused* frame, std::size_t bytes) noexcept {
  ASAN_UNPOISON_MEMORY_REGION(frame + 1, bytes - sizeof(Unused));
  static_cast<void>(frame), static_cast<void>(bytes);
}

// What is freed by destructors of thread-local objects after this one's goes to the heap.
constinit thread_local bool thread_ends = false;

class FrameCache {
 public:
  constexpr FrameCache() noexcept = default;
  FrameCache(const FrameCache&) = delete;
  FrameCache& operator=(const FrameCache&) = delete;
  ~FrameCache() {
    thread_ends = true;
    for (std::size_t place = 0; place < lists_.size(); ++place) {
      while (void* frame = take(place)) ::operator delete(frame);
    }
  }

  void* take(std::size_t place) noexcept {
    Unused* frame = lists_[place];
    if (frame == nullptr) return nullptr;
    lists_[place] = frame->next;
    bytes_ -= bytes_at(place);
    show(frame, bytes_at(place));
    return frame;
  }

  bool keep(void* memory, std::size_t place) noexcept {
    if (bytes_ + bytes_at(place) > frame_cache_bytes) return false;
    auto* frame = new (memory) Unused{lists_[place]};
    lists_[place] = frame;
    bytes_ += bytes_at(place);
    hide(frame, bytes_at(place));
    return true;
  }

  std::size_t bytes() const noexcept { return bytes_; }

  static std::size_t place_of(std::size_t bytes) noexcept { return (bytes - 1) / size_step; }
  static std::size_t bytes_at(std::size_t place) noexcept { return (place + 1) * size_step; }

 private:
  std::array<Unused*, largest_cached_frame / size_step> lists_{};
  std::size_t bytes_ = 0;
};

constinit thread_local FrameCache cache;

}  // namespace

void* take_frame(std::size_t bytes) {
  if (bytes > largest_cached_frame) return ::operator new(bytes);
  const std::size_t place = FrameCache::place_of(bytes);
  if (!thread_ends) {
    if (void* frame = cache.take(place)) return frame;
  }
  return ::operator new(FrameCache::bytes_at(place));
}

void give_back_frame(void* frame, std::size_t bytes) noexcept {
  if (bytes <= largest_cached_frame && !thread_ends && cache.keep(frame, FrameCache::place_of(bytes))) return;
  ::operator delete(frame);
}

std::size_t cached_frame_bytes() noexcept { return cache.bytes(); }

}  // namespace psyne::inline v0
