#include <psyne.hpp>

#include <cstdint>
#include <cstdio>

struct Tick {
  std::uint64_t number;
  double price;
};

// What crosses the library's edge: messages, strings, errors, and exceptions.
int main() {
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
