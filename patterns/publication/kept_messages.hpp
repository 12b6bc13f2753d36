#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace psyne::inline v0 {

/// The last messages of a publisher, as records, for subscribers that come later. One thread at a time.
class KeptMessages {
 public:
  struct Kept {
    std::string topic;
    std::vector<std::byte> record;
  };

  explicit KeptMessages(std::size_t most) : most_(most) {}

  bool keeps() const noexcept { return most_ != 0; }
  void add(std::string_view topic, std::span<const std::byte> record) {
    Kept& place = count_ < most_ ? messages_.emplace_back() : messages_[count_ % most_];
    ++count_;
    place.topic = topic;
    place.record.assign(record.begin(), record.end());
  }

  /// Of those that `wanted(topic)`, the newest `most`, the oldest of these first.
  template <class Wanted>
  std::vector<const Kept*> newest(std::size_t most, Wanted&& wanted) const {
    std::vector<const Kept*> found;
    for (std::size_t back = 1; back <= messages_.size() && found.size() < most; ++back) {
      const Kept& kept = messages_[(count_ - back) % most_];
      if (wanted(std::string_view(kept.topic))) found.push_back(&kept);
    }
    return {found.rbegin(), found.rend()};
  }

 private:
  const std::size_t most_;
  std::uint64_t count_ = 0;  // that were ever added
  std::vector<Kept> messages_;
};

}  // namespace psyne::inline v0
