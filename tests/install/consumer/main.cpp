#include <psyne.hpp>

#include <cstdio>

// What crosses the library's edge: strings, errors, and exceptions.
int main() {
  psyne::Result<int> failed = psyne::Error(psyne::Code::not_found, "cannot open ipc://ticks").mend("Start its sender.");
  try {
    return failed.value();
  } catch (const psyne::Exception& exception) {
    std::puts(exception.what());
    return exception.error() == psyne::Code::not_found ? 0 : 1;
  }
}
