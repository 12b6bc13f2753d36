#pragma once

#include <psyne/patterns/publication/publisher.hpp>
#include <psyne/patterns/publication/subscriber.hpp>

#include "channel/schemes.hpp"
#include "eventually.hpp"

#include <gtest/gtest.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

namespace psyne_test {

using namespace std::chrono_literals;
using Feed = psyne::Publisher<Tick>;
using Reader = psyne::Subscriber<Tick>;

inline constexpr std::array feed_schemes = pattern_schemes;

/// A test that runs over every transport: the publisher listens where somebody has to.
class FeedOverEveryScheme : public OverEveryScheme {
 protected:
  Feed publisher(psyne::PublisherOptions options = {}) const {
    if (!options.linger) options.linger = 20ms;
    return Feed::open(at_, options).value();
  }
  Reader subscriber(std::vector<std::string> topics, std::size_t replay = 0) const {
    return Reader::open(to_, {.topics = std::move(topics), .replay = replay}).value();
  }
  const std::string& at() const { return at_; }
  const std::string& to() const { return to_; }

 private:
  const std::string at_ = uri();
  const std::string to_ = OverEveryScheme::to(at_);
};

/// Closes a publisher while its subscribers take what is left: over a wire it waits for that.
class Closing {
 public:
  explicit Closing(Feed& feed) : thread_([&feed] { EXPECT_TRUE(feed.close(20s)); }) {}
  ~Closing() { thread_.join(); }
  Closing(const Closing&) = delete;
  Closing& operator=(const Closing&) = delete;

 private:
  std::thread thread_;
};

/// The numbers of all that comes until the publisher has closed.
inline std::vector<std::uint64_t> all_numbers(Reader& reader) {
  std::vector<std::uint64_t> numbers;
  for (auto& [topic, tick] : reader) numbers.push_back(tick.number);
  return numbers;
}

}  // namespace psyne_test
