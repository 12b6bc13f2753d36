#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <new>
#include <span>

namespace psyne_test {

/// A record on the heap, on a cache line, of exactly its length: the address sanitizer sees an access one byte beyond.
class AlignedRecord {
 public:
  explicit AlignedRecord(std::size_t bytes) : size_(bytes), bytes_(new(alignment) std::byte[bytes]) {
    std::memset(bytes_.get(), 0xa5, bytes);  // what lay there before, which no message may show
  }
  explicit AlignedRecord(std::span<const std::byte> bytes) : AlignedRecord(bytes.size()) {
    if (!bytes.empty()) std::memcpy(bytes_.get(), bytes.data(), bytes.size());
  }

  std::span<std::byte> span() { return {bytes_.get(), size_}; }
  std::span<const std::byte> received() const { return {bytes_.get(), size_}; }
  std::byte& operator[](std::size_t index) { return bytes_[index]; }
  std::size_t size() const { return size_; }

 private:
  static constexpr std::align_val_t alignment{64};
  struct Free {
    void operator()(std::byte* bytes) const { ::operator delete[](bytes, alignment); }
  };
  std::size_t size_;
  std::unique_ptr<std::byte[], Free> bytes_;
};

}  // namespace psyne_test
