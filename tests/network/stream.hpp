#pragma once

#include <psyne.hpp>

#include "network/network.hpp"

#include <array>
#include <cstdint>
#include <string>

namespace network {

/// A message of which every word says which it is: a torn one is seen.
struct Block {
  std::array<std::uint64_t, 64> words{};

  static Block of(std::uint64_t number) {
    Block block;
    for (std::uint64_t i = 0; i < block.words.size(); ++i) block.words[i] = number * 64 + i;
    return block;
  }
  std::uint64_t number() const { return words[0] / 64; }
  bool whole() const {
    for (std::uint64_t i = 0; i < words.size(); ++i) {
      if (words[i] != number() * 64 + i) return false;
    }
    return true;
  }
};

/// What a program does that sends blocks one after the other: the number it begins with, and until "stop", when it
/// closes. To "count" it says how many it has sent, to "errors" which errors it has met so far, to "text" the last of
/// them in full, to "stall" what it was told when it last waited for room in vain. After an error it goes on when a
/// receiver comes.
void send_stream(const Program::Line& line, const std::string& uri, const psyne::SenderOptions& options = {},
                 std::uint64_t first = 0);

/// The other end, which takes blocks until "stop". To "count" it says how many it has received, to "next" which one it
/// expects, to "errors" and "text" the same as a sender, to "wrong" what was wrong with the stream: nothing, if it was
/// whole and in order. Where a stream goes on with another link, blocks may come again (`again`), but none is left out.
void receive_stream(const Program::Line& line, const std::string& uri, const psyne::ReceiverOptions& options = {});
void receive_stream(const Program::Line& line, psyne::Receiver<Block>& receiver);

/// Whether a program comes to say `answer` to `question`, or something with `word` in it, or a number of at
/// least `count`.
testing::AssertionResult comes_to_say(const Program& program, const std::string& question, const std::string& answer);
testing::AssertionResult comes_to_mention(const Program& program, const std::string& question, const std::string& word);
testing::AssertionResult comes_to_count(const Program& program, std::uint64_t count,
                                        const std::string& question = "count");

}  // namespace network
