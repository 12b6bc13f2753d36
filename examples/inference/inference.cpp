// An inference front end: clients send images of handwritten digits and get classes back. The server takes what waits
// for it as one batch, classifies it on all workers of its pool, and answers each when it is done.
#include <psyne.hpp>

#include "classify_digits/neighbours.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <deque>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using psyne::Result;

namespace {

struct Query {
  std::uint64_t image;  // its place in the file, which both sides have
};
struct Answer {
  std::uint8_t digit;
  std::uint8_t batch;  // how many were classified together
};

constexpr std::size_t clients = 3;
constexpr std::size_t in_flight = 8;  // of each client
constexpr std::size_t largest_batch = 16;
constexpr auto patience = 30s;

/// What a client saw of its share of the images.
struct Seen {
  std::uint64_t asked = 0, right = 0, batches = 0;
  std::uint64_t median_us = 0, slowest_us = 0;
};

/// Asks for every image of its share, several at a time, and tells what came.
Result<void> ask_all(const std::string& uri, std::size_t client, const std::vector<Image>& images) {
  using Asked = std::pair<std::size_t, psyne::Completion<psyne::Answer<Answer>>>;
  auto front = psyne::Requester<Query, Answer>::open(uri + "-digits");
  if (!front) return front.error();
  auto report = psyne::Pusher<Seen>::open(uri + "-seen");
  if (!report) return report.error();
  std::deque<std::pair<psyne::Clock::time_point, Asked>> pending;
  std::vector<std::uint64_t> took;
  Seen seen;
  const auto take_oldest = [&]() -> Result<void> {
    auto [began, asked] = std::move(pending.front());
    pending.pop_front();
    auto answer = asked.second.take();
    if (!answer) return answer.error();
    const auto time = std::chrono::duration_cast<std::chrono::microseconds>(psyne::Clock::now() - began);
    took.push_back(static_cast<std::uint64_t>(time.count()));
    ++seen.asked;
    seen.right += answer->digit == images[asked.first][pixels] ? 1 : 0;
    seen.batches += answer->batch;
    return {};
  };
  for (std::size_t image = client; image < images.size(); image += clients) {
    if (pending.size() == in_flight) {
      if (auto taken = take_oldest(); !taken) return taken;
    }
    pending.emplace_back(psyne::Clock::now(), Asked(image, front->ask_async({.image = image}, patience)));
  }
  while (!pending.empty()) {
    if (auto taken = take_oldest(); !taken) return taken;
  }
  std::ranges::sort(took);
  seen.median_us = took[took.size() / 2];
  seen.slowest_us = took.back();
  if (auto told = report->send(seen, patience); !told) return told.error();
  return report->close(patience);
}

/// Answers until it is stopped.
Result<void> serve(const std::string& uri, const std::vector<Image>& images, const psyne::StopToken& stop) {
  auto front = psyne::Responder<Query, Answer>::open(uri + "-digits");
  if (!front) return front.error();
  const Neighbours neighbours(images);
  for (;;) {
    std::vector<psyne::Request<Query, Answer>> batch;
    auto first = front->receive(stop);
    if (!first) return first.error() == psyne::Code::stopped ? Result<void>() : first.error();
    batch.push_back(std::move(first));
    while (batch.size() < largest_batch) {
      auto next = front->try_receive();
      if (!next) break;
      batch.push_back(std::move(next));
    }
    const auto size = static_cast<std::uint8_t>(batch.size());
    psyne::par_for_each(batch, [&](psyne::Request<Query, Answer>& request) {
      const std::uint64_t image = request->image;
      if (image >= images.size()) {
        static_cast<void>(request.fail(psyne::Error(psyne::Code::invalid_argument, "there is no such image")));
      } else {  // an asker that is gone is its own loss
        static_cast<void>(request.reply({.digit = neighbours.classify(image), .batch = size}));
      }
    });
  }
}

bool told(const char* who, const Result<void>& result) {
  if (!result) std::fprintf(stderr, "inference: %s: %s\n", who, result.error().text().c_str());
  return result.has_value();
}

/// A line for each client, as they end.
bool show(const std::string& uri) {
  auto reports = psyne::Puller<Seen>::open(uri + "-seen", {.wait_for_senders = true});
  if (!reports) return told("front end", reports.error());
  std::printf("  images   right     in one batch   median us   slowest us\n");
  for (std::size_t i = 0; i < clients; ++i) {
    auto seen = reports->receive(patience);
    if (!seen) return told("front end", seen.error());
    std::printf("  %6llu   %5.2f %%   %12.1f   %9llu   %10llu\n", static_cast<unsigned long long>(seen->asked),
                100.0 * static_cast<double>(seen->right) / static_cast<double>(seen->asked),
                static_cast<double>(seen->batches) / static_cast<double>(seen->asked),
                static_cast<unsigned long long>(seen->median_us), static_cast<unsigned long long>(seen->slowest_us));
  }
  return true;
}

}  // namespace

int main(int count, char** arguments) {
  const auto images = read_images(count > 1 ? arguments[1] : DIGITS_FILE);
  if (!images) {
    std::fprintf(stderr, "inference: %s\n", images.error().text().c_str());
    return 1;
  }
  const std::string uri = "ipc://inference-" + std::to_string(getpid());
  std::printf("%zu clients ask for the classes of %zu digits, each %zu at a time:\n\n", clients, images->size(),
              in_flight);
  std::fflush(stdout);
  std::vector<pid_t> children;
  for (std::size_t client = 0; client < clients; ++client) {
    const pid_t child = fork();
    if (child == 0) _exit(told("client", ask_all(uri, client, *images)) ? 0 : 1);
    children.push_back(child);
  }
  const auto began = psyne::Clock::now();
  psyne::StopSource stop;
  bool served = false;
  std::thread server([&] { served = told("front end", serve(uri, *images, stop.token())); });
  const bool shown = show(uri);
  const double seconds = std::chrono::duration<double>(psyne::Clock::now() - began).count();
  stop.request_stop();
  server.join();
  if (shown) std::printf("\n  %.0f answers/s\n", static_cast<double>(images->size()) / seconds);
  bool good = shown && served;
  for (const pid_t child : children) {
    int status = -1;
    good = waitpid(child, &status, 0) == child && status == 0 && good;
  }
  return good ? 0 : 1;
}
