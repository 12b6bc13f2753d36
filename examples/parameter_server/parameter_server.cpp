// A parameter server: it keeps the weights of a classifier, workers in processes of their own pull them, compute
// gradients on their share of real handwritten digits, and push them. Nobody waits for anybody else.
#include <psyne.hpp>

#include "parameter_server/softmax.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdio>
#include <mutex>
#include <random>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

using namespace std::chrono_literals;
using psyne::Result;

namespace {

struct Pull {
  std::uint64_t worker;
};
struct Model {
  std::uint64_t version;  // gradients that are in it
  Weights weights;
};
struct Gradient {
  std::uint64_t worker;
  std::uint64_t version;  // of the model that it was computed on
  double loss;
  Weights values;
};

constexpr std::size_t workers = 2;
constexpr std::uint64_t steps = 1500;  // of each worker
constexpr std::uint64_t rows = 6;      // of the table
constexpr std::size_t batch = 32;
constexpr float rate = 0.2F;
constexpr std::size_t ahead = 16 * psyne::KiB;  // of gradients that wait: who runs far ahead computes on old models
constexpr auto patience = 30s;

/// Pulls, computes and pushes, `steps` times.
Result<void> work(const std::string& uri, std::uint64_t worker, std::span<const Image> images) {
  auto models = psyne::Requester<Pull, Model>::open(uri + "-models");
  if (!models) return models.error();
  auto gradients = psyne::Pusher<Gradient>::open(uri + "-gradients", {.capacity_bytes = ahead});
  if (!gradients) return gradients.error();
  std::minstd_rand random(static_cast<std::uint32_t>(worker + 1));
  std::vector<Image> chosen(batch);
  for (std::uint64_t step = 0; step < steps; ++step) {
    for (Image& image : chosen) image = images[random() % images.size()];
    auto model = models->ask({.worker = worker}, patience);
    if (!model) return model.error();
    auto gradient = gradients->reserve(patience);  // computed where it will be sent from
    if (!gradient) return gradient.error();
    *gradient = Gradient{.worker = worker, .version = model->version, .loss = 0, .values = {}};
    gradient->loss = add_gradient(model->weights, chosen, gradient->values);
    if (auto pushed = gradient.commit(); !pushed) return pushed.error();
  }
  return gradients->close(patience);
}

/// What the server keeps, for the thread that answers pulls and the one that takes gradients.
class Parameters {
 public:
  Model model() {
    const std::lock_guard lock(mutex_);
    return model_;
  }
  void apply(const Gradient& gradient) {
    const std::lock_guard lock(mutex_);
    for (std::size_t i = 0; i < model_.weights.size(); ++i) model_.weights[i] -= rate * gradient.values[i];
    ++model_.version;
  }

 private:
  std::mutex mutex_;
  Model model_{};
};

/// Applies what is pushed; after each part of it a line of what it came to, on images that no worker has seen.
Result<void> learn(psyne::Puller<Gradient>& gradients, Parameters& parameters, std::span<const Image> unseen) {
  constexpr std::uint64_t all = workers * steps;
  std::printf("  gradients   from worker 0, 1   behind by   loss   accuracy   gradients/s\n");
  std::array<std::uint64_t, workers> from{};
  std::uint64_t behind = 0, part = 0;
  double loss = 0;
  auto began = psyne::Clock::now();
  for (std::uint64_t count = 1; count <= all; ++count) {
    auto gradient = gradients.receive(patience);
    if (!gradient) return gradient.error();
    behind += count - 1 - gradient->version;
    loss += gradient->loss;
    ++from[gradient->worker % workers];
    parameters.apply(*gradient);
    ++part;
    if (count % (all / rows) != 0) continue;
    const double seconds = std::chrono::duration<double>(psyne::Clock::now() - began).count();
    const auto share = static_cast<double>(part);
    std::printf("  %9llu   %8llu, %-7llu %10.1f   %4.2f   %6.1f %%   %11.0f\n", static_cast<unsigned long long>(count),
                static_cast<unsigned long long>(from[0]), static_cast<unsigned long long>(from[1]),
                static_cast<double>(behind) / share, loss / share, 100 * accuracy(parameters.model().weights, unseen),
                share / seconds);
    std::fflush(stdout);
    began = psyne::Clock::now();
    behind = part = 0;
    loss = 0;
  }
  return {};
}

Result<void> serve(const std::string& uri, std::span<const Image> unseen) {
  auto models = psyne::Responder<Pull, Model>::open(uri + "-models");
  if (!models) return models.error();
  auto gradients = psyne::Puller<Gradient>::open(uri + "-gradients", {.wait_for_senders = true});
  if (!gradients) return gradients.error();
  Parameters parameters;
  psyne::StopSource stop;
  std::thread answering(
      [&] { static_cast<void>(models->serve([&](const Pull&) { return parameters.model(); }, stop.token())); });
  auto learned = learn(*gradients, parameters, unseen);
  stop.request_stop();
  answering.join();
  return learned;
}

bool told(const char* who, const Result<void>& result) {
  if (!result) std::fprintf(stderr, "parameter_server: %s: %s\n", who, result.error().text().c_str());
  return result.has_value();
}

}  // namespace

int main(int count, char** arguments) {
  const auto images = read_images(count > 1 ? arguments[1] : DIGITS_FILE);
  if (!images) {
    std::fprintf(stderr, "parameter_server: %s\n", images.error().text().c_str());
    return 1;
  }
  const std::span all(*images);
  const std::size_t seen = all.size() * 2 / 3, share = seen / workers;
  const std::string uri = "ipc://parameters-" + std::to_string(getpid());
  std::printf("%zu workers learn to read %zu digits from a server of %zu weights; it is tested on %zu others:\n\n",
              workers, seen, Weights().size(), all.size() - seen);
  std::fflush(stdout);
  std::vector<pid_t> children;
  for (std::size_t worker = 0; worker < workers; ++worker) {
    const pid_t child = fork();
    if (child == 0) _exit(told("worker", work(uri, worker, all.subspan(worker * share, share))) ? 0 : 1);
    children.push_back(child);
  }
  bool good = told("server", serve(uri, all.subspan(seen)));
  for (const pid_t child : children) {
    int status = -1;
    good = waitpid(child, &status, 0) == child && status == 0 && good;
  }
  return good ? 0 : 1;
}
