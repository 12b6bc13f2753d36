// One process streams real images as tensors to two others, each image to one of them; these compute the mean image of
// every class and report to the first process, which draws them and compares checksums of both ends.
#include "digits/drawing.hpp"
#include "digits/images.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <functional>
#include <string>
#include <thread>
#include <vector>

using namespace std::chrono_literals;
using psyne::Clock;
using psyne::Delivery;
using psyne::Error;
using psyne::Receiver;
using psyne::Result;
using psyne::Sender;
using psyne::Tensor;

namespace {

constexpr std::size_t batch = 64;      // images in one tensor
constexpr std::uint64_t passes = 500;  // times that the whole data set is streamed
constexpr std::size_t consumers = 2;

/// What every process tells the first one. A plain struct is a message.
struct Report {
  std::uint64_t consumer = 0;  // consumers: the producer
  std::uint64_t images = 0;
  std::uint64_t bytes = 0;
  std::uint64_t checksum = 0;
  double seconds = 0;
  bool finished = false;
  ClassSums sums;
};

std::uint64_t checksum(std::span<const std::uint8_t> bytes) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a; sums of it do not depend on who got which message
  for (const std::uint8_t byte : bytes) hash = (hash ^ byte) * 0x100000001b3;
  return hash;
}

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

Result<void> produce(const std::string& images_uri, const std::string& reports_uri, const std::vector<Image>& images) {
  auto sender = Sender<Tensor>::open(images_uri, {.delivery = Delivery::any, .name = "camera"});
  if (!sender) return sender.error();
  auto reports = Sender<Report>::open(reports_uri);
  if (!reports) return reports.error();
  while (sender->receivers() < consumers) std::this_thread::sleep_for(1ms);

  Report report{};
  report.consumer = consumers;
  const auto start = Clock::now();
  for (std::uint64_t pass = 0; pass < passes; ++pass) {
    for (std::size_t first = 0; first < images.size(); first += batch) {
      const std::size_t count = std::min(batch, images.size() - first);
      auto draft = sender->reserve<std::uint8_t>({static_cast<std::int64_t>(count), 65}, 10s);
      if (!draft) return draft.error();
      const auto bytes =
          draft->span<std::uint8_t>();  // memory inside the ring: the images are written where they are read
      for (std::size_t i = 0; i < count; ++i) std::ranges::copy(images[first + i], bytes.subspan(i * 65).begin());
      report.checksum += checksum(bytes);
      report.bytes += bytes.size();
      report.images += count;
      if (auto sent = draft.commit(); !sent) return sent;
    }
  }
  if (auto closed = sender->close(); !closed) return closed;
  report.seconds = seconds_since(start);
  report.finished = true;
  return reports->send(report);
}

Result<void> consume(const std::string& images_uri, const std::string& reports_uri, std::uint64_t number) {
  auto receiver = Receiver<Tensor>::open(images_uri, {.delivery = Delivery::any});
  if (!receiver) return receiver.error();
  auto reports = Sender<Report>::open(reports_uri);
  if (!reports) return reports.error();

  Report report{};
  report.consumer = number;
  std::uint64_t told = 0;
  const auto start = Clock::now();
  for (const auto& images : *receiver) {
    const auto bytes = images.span<std::uint8_t>();
    for (std::size_t i = 0; i + 65 <= bytes.size(); i += 65) report.sums.add(bytes.data() + i);
    report.checksum += checksum(bytes);
    report.bytes += bytes.size();
    report.images += bytes.size() / 65;
    if (report.images - told >= 20'000) {
      told = report.images;
      if (auto sent = reports->send(report); !sent) return sent;
    }
  }
  if (auto ended = receiver->status(); !ended) return ended;
  report.seconds = seconds_since(start);
  report.finished = true;
  return reports->send(report);
}

pid_t start_process(const char* what, const std::function<Result<void>()>& body) {
  const pid_t pid = fork();
  if (pid != 0) return pid;
  const auto done = body();
  if (!done) std::fprintf(stderr, "\n%s: %s\n", what, done.error().text().c_str());
  _exit(done ? 0 : 1);
}

void show_progress(const std::vector<Report>& last, std::uint64_t total) {
  std::uint64_t seen = 0;
  for (std::size_t i = 0; i < consumers; ++i) seen += last[i].images;
  if (isatty(STDOUT_FILENO) == 0) return;
  std::printf("\r  %3llu %% of %llu images", static_cast<unsigned long long>(seen * 100 / total),
              static_cast<unsigned long long>(total));
  std::fflush(stdout);
}

Result<std::vector<Report>> collect(const std::string& reports_uri, std::uint64_t total) {
  auto receiver = Receiver<Report>::open(reports_uri, {.wait_for_senders = true});
  if (!receiver) return receiver.error();
  std::vector<Report> last(consumers + 1);
  for (std::size_t finished = 0; finished < last.size();) {
    auto report = receiver->receive(60s);
    if (!report) return report.error();
    if (report->consumer >= last.size()) return Error(psyne::Code::corrupted, "a report of nobody");
    last[report->consumer] = *report;
    finished += report->finished ? 1 : 0;
    show_progress(last, total);
  }
  return last;
}

bool print(const std::vector<Report>& reports) {
  const Report& sent = reports[consumers];
  ClassSums sums;
  std::uint64_t images = 0, sum = 0;
  for (std::size_t i = 0; i < consumers; ++i) {
    sums.add(reports[i].sums);
    images += reports[i].images;
    sum += reports[i].checksum;
  }
  std::printf("\rThe mean of each digit, computed by two processes from one stream:\n%s\n", draw_means(sums).c_str());
  for (std::size_t i = 0; i < consumers; ++i) {
    std::printf("  consumer %zu   %8llu images   %5.1f %%\n", i + 1, static_cast<unsigned long long>(reports[i].images),
                100.0 * static_cast<double>(reports[i].images) / static_cast<double>(images));
  }
  std::printf("  together     %8llu images in %.2f s: %.2f M images/s, %.2f GB/s, %.2f M tensors/s\n",
              static_cast<unsigned long long>(images), sent.seconds, static_cast<double>(images) / sent.seconds / 1e6,
              static_cast<double>(sent.bytes) / sent.seconds / 1e9,
              static_cast<double>(images) / batch / sent.seconds / 1e6);
  const bool same = images == sent.images && sum == sent.checksum;
  std::printf("  checksum     %016llx sent, %016llx received: %s\n", static_cast<unsigned long long>(sent.checksum),
              static_cast<unsigned long long>(sum), same ? "the same" : "DIFFERENT");
  return same;
}

}  // namespace

int main(int argc, char** argv) {
  const auto images = read_images(argc > 1 ? argv[1] : DIGITS_FILE);
  if (!images) {
    std::fprintf(stderr, "digits: %s\n", images.error().text().c_str());
    return 1;
  }
  const std::string name = "ipc://digits-" + std::to_string(getpid());
  std::printf("Streaming %zu real handwritten digits, %llu times, over %s to two processes ...\n", images->size(),
              static_cast<unsigned long long>(passes), name.c_str());
  std::fflush(stdout);

  std::vector<pid_t> processes{start_process("producer", [&] { return produce(name, name + "-reports", *images); })};
  for (std::uint64_t i = 0; i < consumers; ++i) {
    processes.push_back(start_process("consumer", [&] { return consume(name, name + "-reports", i); }));
  }
  const auto reports = collect(name + "-reports", images->size() * passes);
  if (!reports) std::fprintf(stderr, "\ndigits: %s\n", reports.error().text().c_str());
  bool good = reports && print(*reports);
  for (const pid_t process : processes) {
    int status = -1;
    good = waitpid(process, &status, 0) == process && status == 0 && good;
  }
  return good ? 0 : 1;
}
