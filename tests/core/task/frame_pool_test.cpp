#include <psyne/core/task/frame_pool.hpp>

#include <gtest/gtest.h>

#include <cstddef>
#include <cstring>
#include <thread>
#include <vector>

namespace {

using psyne::cached_frame_bytes;
using psyne::frame_cache_bytes;
using psyne::give_back_frame;
using psyne::largest_cached_frame;
using psyne::take_frame;

// Every test on a thread of its own, whose cache is empty.
template <class Body>
void on_new_thread(Body body) {
  std::thread(body).join();
}

TEST(FramePool, GivesTheSameMemoryAgain) {
  on_new_thread([] {
    void* first = take_frame(200);
    give_back_frame(first, 200);
    EXPECT_EQ(cached_frame_bytes(), 256u);
    void* again = take_frame(250);  // the same size class
    EXPECT_EQ(again, first);
    EXPECT_EQ(cached_frame_bytes(), 0u);
    give_back_frame(again, 250);
  });
}

TEST(FramePool, EveryByteOfAFrameIsUsable) {
  on_new_thread([] {
    for (int round = 0; round < 2; ++round) {
      std::vector<void*> frames;
      for (std::size_t bytes = 1; bytes <= largest_cached_frame + 65; bytes += 7) {
        frames.push_back(take_frame(bytes));
        std::memset(frames.back(), 0x5a, bytes);
      }
      std::size_t bytes = 1;
      for (void* frame : frames) {
        EXPECT_EQ(static_cast<unsigned char*>(frame)[bytes - 1], 0x5a);
        give_back_frame(frame, bytes);
        bytes += 7;
      }
    }
  });
}

TEST(FramePool, KeepsABoundedAmount) {
  on_new_thread([] {
    std::vector<void*> frames;
    for (int i = 0; i < 2'000; ++i) frames.push_back(take_frame(1'000));
    for (void* frame : frames) give_back_frame(frame, 1'000);
    EXPECT_LE(cached_frame_bytes(), frame_cache_bytes);
    EXPECT_GT(cached_frame_bytes(), frame_cache_bytes / 2);
  });
}

TEST(FramePool, LargeFramesAreNotKept) {
  on_new_thread([] {
    give_back_frame(take_frame(largest_cached_frame + 1), largest_cached_frame + 1);
    EXPECT_EQ(cached_frame_bytes(), 0u);
    give_back_frame(take_frame(largest_cached_frame), largest_cached_frame);
    EXPECT_EQ(cached_frame_bytes(), largest_cached_frame);
  });
}

TEST(FramePool, MayBeGivenBackOnAnotherThread) {
  std::vector<void*> frames;
  on_new_thread([&] {
    for (int i = 0; i < 500; ++i) frames.push_back(take_frame(300));
  });
  on_new_thread([&] {
    for (void* frame : frames) give_back_frame(frame, 300);
    EXPECT_GT(cached_frame_bytes(), 0u);
  });
}

// A thread-local object that is destroyed after the cache, because it was made before it.
struct Late {
  ~Late() {
    if (frame != nullptr) give_back_frame(frame, 100);
    give_back_frame(take_frame(100), 100);
  }
  void* frame = nullptr;
};

TEST(FramePool, WorksWhileItsThreadEnds) {
  on_new_thread([] {
    thread_local Late late;
    late.frame = take_frame(100);
    give_back_frame(take_frame(100), 100);  // the cache exists from here on
  });
}

}  // namespace
