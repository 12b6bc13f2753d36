#include <psyne.hpp>

#include <chrono>
#include <cstdint>
#include <cstdio>

struct Tick {
  std::uint64_t number;
  double price;
};

// Each part that the one header promises, so that one it lacks, or that the library does not export, is missed here.
bool other_parts_work() {
  using namespace std::chrono_literals;
  psyne::ThreadExecutor executor;
  psyne::Parker<> parker;
  parker.wake();
  psyne::EventCount<> event;
  event.wake_all();
  const psyne::metrics::Page page = psyne::metrics::Page::disabled(psyne::Code::unsupported);
  psyne::metrics::Section section = page.add("consumer", "", {{"turns", psyne::metrics::Kind::counter}});
  section.counter("turns").add();
  return executor.start() && psyne::sleep_async(1ms).wait() && section.counter("turns").value() == 1 &&
         !psyne::metrics::Reader::open("/nowhere") && !psyne::Config::process().settings().empty() &&
         psyne::BlockingObserver::current() == nullptr;
}

// What crosses the library's edge: messages, strings, errors, and exceptions.
int main() {
  if (!other_parts_work()) return 4;
  auto sender = psyne::Sender<Tick>::open("memory://consumer").value();
  auto receiver = psyne::Receiver<Tick>::open("memory://consumer").value();
  sender.send({7, 101.5}).value();
  const auto tick = receiver.receive();
  if (!tick || tick->number != 7 || tick->price != 101.5) return 1;

  try {
    psyne::Sender<Tick>::open("nowhere://consumer").value();
    return 2;
  } catch (const psyne::Exception& exception) {
    std::puts(exception.what());
    return exception.error() == psyne::Code::not_found ? 0 : 3;
  }
}
