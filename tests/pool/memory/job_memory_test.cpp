#include <psyne/pool/memory/job_memory.hpp>

#include <gtest/gtest.h>

#include <cstdint>
#include <cstring>
#include <random>
#include <thread>
#include <utility>
#include <vector>

namespace {

using namespace std::chrono_literals;
using psyne::give_back_job_memory;
using psyne::job_slabs;
using psyne::take_job_memory;

struct Piece {
  std::byte* at;
  std::size_t bytes;
  std::byte fill;
};

Piece piece(std::size_t bytes, unsigned seed) {
  auto* at = static_cast<std::byte*>(take_job_memory(bytes));
  std::memset(at, static_cast<int>(seed & 255U), bytes);
  return {at, bytes, static_cast<std::byte>(seed & 255U)};
}

void check_and_give_back(const Piece& piece) {
  for (std::size_t place = 0; place < piece.bytes; ++place) ASSERT_EQ(piece.at[place], piece.fill);
  give_back_job_memory(piece.at, piece.bytes);
}

TEST(JobMemory, PiecesOfAnySizeAreApartAndAligned) {
  std::mt19937 random(1);
  std::vector<Piece> pieces;
  for (unsigned number = 0; number < 5'000; ++number) {
    pieces.push_back(piece(1 + random() % (2 * psyne::largest_job), number));
    ASSERT_EQ(reinterpret_cast<std::uintptr_t>(pieces.back().at) % __STDCPP_DEFAULT_NEW_ALIGNMENT__, 0U);
    if (random() % 3 != 0) continue;
    std::swap(pieces[random() % pieces.size()], pieces.back());
    check_and_give_back(pieces.back());
    pieces.pop_back();
  }
  for (const Piece& one : pieces) check_and_give_back(one);
}

TEST(JobMemory, PiecesTravelBetweenThreads) {
  for (int round = 0; round < 20; ++round) {
    std::vector<Piece> pieces;
    std::thread maker([&] {
      for (unsigned number = 0; number < 2'000; ++number) pieces.push_back(piece(16 + number % 300, number));
    });
    maker.join();  // its slab is left half used
    std::vector<std::thread> threads;
    for (std::size_t thread = 0; thread < 3; ++thread) {
      threads.emplace_back([&, thread] {
        for (std::size_t place = thread; place < pieces.size(); place += 3) check_and_give_back(pieces[place]);
      });
    }
    for (std::thread& thread : threads) thread.join();
  }
}

TEST(JobMemory, UsesTheSameSlabsAgain) {
  const auto many = [] {
    std::vector<Piece> pieces;
    for (unsigned number = 0; number < 10'000; ++number) pieces.push_back(piece(64, number));
    for (const Piece& one : pieces) check_and_give_back(one);
  };
  many();
  const std::size_t slabs = job_slabs();
  for (int round = 0; round < 50; ++round) many();
  EXPECT_LE(job_slabs(), slabs + 1);
}

TEST(JobMemory, TheNewestPieceIsTheNextAgain) {
  void* const older = take_job_memory(100);
  void* const newest = take_job_memory(40);
  give_back_job_memory(newest, 40);
  EXPECT_EQ(take_job_memory(48), newest);  // rounded, they are as large
  give_back_job_memory(older, 100);        // not the newest: it lies there until its slab is empty
  void* const next = take_job_memory(100);
  EXPECT_NE(next, older);
  // Of another thread nothing is the newest.
  std::thread other([next] { give_back_job_memory(next, 100); });
  other.join();
  void* const last = take_job_memory(16);
  EXPECT_NE(last, next);
  give_back_job_memory(last, 16);
  give_back_job_memory(newest, 48);
}

TEST(JobMemory, WhatIsNotNeededAnyMoreGoesBack) {
  std::vector<Piece> pieces;
  for (unsigned number = 0; number < 100'000; ++number) pieces.push_back(piece(64, number));
  const std::size_t slabs = job_slabs();
  EXPECT_GE(slabs, 390U);
  for (const Piece& one : pieces) check_and_give_back(one);
  // Two looks: what lay there unused between them is surplus. A slab comes back with every 255 pieces.
  for (int look = 0; look < 3; ++look) {
    std::this_thread::sleep_for(psyne::slab_patience + 100ms);
    void* before = take_job_memory(64);
    for (int count = 0; count < 1'000; ++count) give_back_job_memory(std::exchange(before, take_job_memory(64)), 64);
    give_back_job_memory(before, 64);
  }
  EXPECT_LT(job_slabs(), psyne::kept_slabs + 20);
}

TEST(JobMemory, ADestructorOfTheThreadMayStillTakeSome) {
  struct Late {
    ~Late() { give_back_job_memory(take_job_memory(48), 48); }
  };
  std::thread thread([] {
    thread_local Late late;  // destroyed after what is made below, or before
    static_cast<void>(late);
    check_and_give_back(piece(100, 3));
  });
  thread.join();
}

}  // namespace
