#include "network/stream.hpp"

#include <chrono>
#include <cstdlib>
#include <thread>

namespace network {

namespace {

using namespace std::chrono_literals;
using psyne::Code;
using psyne::Receiver;
using psyne::Sender;

/// Errors in the order in which they came, one of a kind in a row once.
class Errors {
 public:
  void add(const psyne::Error& error) {
    text_ = error.text();
    const std::string code(name(error.code()));
    if (code == last_) return;
    last_ = code;
    all_ += (all_.empty() ? "" : " ") + code;
  }
  void went_on() { last_.clear(); }
  std::string all() const { return all_.empty() ? "none" : all_; }
  std::string text() const { return text_.empty() ? "none" : text_; }

 private:
  std::string all_, last_, text_;
};

class Stream {
 public:
  explicit Stream(Receiver<Block>& receiver) : receiver_(receiver) {}

  /// Takes what comes for a while, and checks it.
  void take() {
    const auto block = receiver_.receive(5ms);
    if (!block) {
      if (block.error() == Code::timed_out) return;
      errors.add(block.error());
      fresh_ = true;
      return;
    }
    errors.went_on();
    const std::uint64_t number = block->number();
    if (!block->whole()) {
      complain("torn", number);
    } else if (fresh_ ? number > next && count != 0 : number != next) {
      complain("out of order", number);
    }
    fresh_ = false;
    next = number + 1;
    ++count;
  }

  Errors errors;
  std::uint64_t count = 0;
  std::uint64_t next = 0;
  std::string wrong = "nothing";

 private:
  void complain(const std::string& what, std::uint64_t number) {
    if (wrong == "nothing") wrong = what + ": " + std::to_string(number) + " where " + std::to_string(next) + " is due";
  }

  Receiver<Block>& receiver_;
  bool fresh_ = true;  // a link begins
};

}  // namespace

void send_stream(const Program::Line& line, const std::string& uri, const psyne::SenderOptions& options,
                 std::uint64_t first) {
  auto opened = Sender<Block>::open(uri, options);
  line.say(opened ? "open" : opened.error().text());
  if (!opened) return;
  Errors errors;
  std::string stall = "none";
  std::uint64_t number = first;
  for (std::string asked; asked != "stop"; asked = line.hear(0ms)) {
    if (asked == "count") line.say(std::to_string(number));
    if (asked == "errors") line.say(errors.all());
    if (asked == "text") line.say(errors.text());
    if (asked == "stall") line.say(stall);
    const auto sent = opened->send(Block::of(number), 20ms);
    if (sent) {
      ++number;
      errors.went_on();
    } else if (sent.error() == Code::timed_out) {
      stall = sent.error().text();
    } else {
      errors.add(sent.error());
      static_cast<void>(opened->wait_for_receiver(5ms));
    }
  }
  const auto closed = opened->close(20s);
  line.say(closed ? std::to_string(number) : closed.error().text());
}

void receive_stream(const Program::Line& line, const std::string& uri, const psyne::ReceiverOptions& given) {
  psyne::ReceiverOptions options = given;
  options.wait_for_senders = true;
  auto opened = Receiver<Block>::open(uri, options);
  line.say(opened ? "open" : opened.error().text());
  if (!opened) return;
  receive_stream(line, *opened);
}

void receive_stream(const Program::Line& line, Receiver<Block>& receiver) {
  Stream stream(receiver);
  for (std::string asked; asked != "stop"; asked = line.hear(0ms)) {
    if (asked == "count") line.say(std::to_string(stream.count));
    if (asked == "next") line.say(std::to_string(stream.next));
    if (asked == "errors") line.say(stream.errors.all());
    if (asked == "text") line.say(stream.errors.text());
    if (asked == "wrong") line.say(stream.wrong);
    stream.take();
  }
}

namespace {

template <class Good>
testing::AssertionResult answers(const Program& program, const std::string& question, const std::string& wanted,
                                 Good good) {
  std::string heard;
  for (const auto until = psyne::Clock::now() + 20s; psyne::Clock::now() < until; std::this_thread::sleep_for(2ms)) {
    heard = program.ask(question);
    if (good(heard)) return testing::AssertionSuccess();
    if (heard.empty()) break;
  }
  return testing::AssertionFailure() << question << ": \"" << heard << "\" and not \"" << wanted
                                     << "\"; the last error: " << (heard.empty() ? "" : program.ask("text"));
}

}  // namespace

testing::AssertionResult comes_to_say(const Program& program, const std::string& question, const std::string& answer) {
  return answers(program, question, answer, [&](const std::string& heard) { return heard == answer; });
}

testing::AssertionResult comes_to_mention(const Program& program, const std::string& question,
                                          const std::string& word) {
  return answers(program, question, word,
                 [&](const std::string& heard) { return heard.find(word) != std::string::npos; });
}

testing::AssertionResult comes_to_count(const Program& program, std::uint64_t count, const std::string& question) {
  const auto enough = [&](const std::string& heard) {
    return !heard.empty() && std::strtoull(heard.c_str(), nullptr, 10) >= count;
  };
  return answers(program, question, std::to_string(count), enough);
}

}  // namespace network
