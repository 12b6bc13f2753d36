#include "footprint.hpp"

#include <malloc.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <new>

namespace {

// A counter for each of some threads, so that counting makes no two wait for each other; one alone may be negative.
struct alignas(64) Counter {
  std::atomic<std::int64_t> bytes{0};
};
Counter counters[64];
std::atomic<unsigned> threads_seen{0};
thread_local const unsigned own = threads_seen.fetch_add(1) % 64;

}  // namespace

#if !defined(__SANITIZE_THREAD__) && !defined(__SANITIZE_ADDRESS__)  // they bring their own
namespace {

void* taken(void* memory) {
  if (memory == nullptr) throw std::bad_alloc();
  counters[own].bytes.fetch_add(static_cast<std::int64_t>(malloc_usable_size(memory)), std::memory_order_relaxed);
  return memory;
}

void give_back(void* memory) noexcept {
  counters[own].bytes.fetch_sub(static_cast<std::int64_t>(malloc_usable_size(memory)), std::memory_order_relaxed);
  std::free(memory);
}

}  // namespace

void* operator new(std::size_t bytes) { return taken(std::malloc(bytes)); }
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  const auto place = static_cast<std::size_t>(alignment);
  return taken(std::aligned_alloc(place, (bytes + place - 1) / place * place));
}
void operator delete(void* memory) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::align_val_t) noexcept { give_back(memory); }
void operator delete(void* memory, std::size_t, std::align_val_t) noexcept { give_back(memory); }
#endif

namespace psyne_soak {
namespace {

std::int64_t entries(const char* folder) {
  using std::filesystem::directory_iterator;
  return std::distance(directory_iterator(folder), directory_iterator());
}

}  // namespace

Footprint Footprint::now() {
  malloc_trim(0);
  Footprint seen{};
  std::int64_t pages = 0;
  std::ifstream("/proc/self/statm") >> pages >> pages;
  seen.resident_bytes = pages * sysconf(_SC_PAGESIZE);
  for (const auto& counter : counters) seen.heap_bytes += counter.bytes;
  seen.threads = entries("/proc/self/task");
  seen.descriptors = entries("/proc/self/fd");
  return seen;
}

}  // namespace psyne_soak
