#pragma once

#include <psyne/core/task/task.hpp>
#include <psyne/patterns/request/requester.hpp>
#include <psyne/patterns/request/responder.hpp>

#include "channel/schemes.hpp"
#include "eventually.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <thread>
#include <utility>

namespace psyne_test {

struct Query {
  std::uint64_t symbol;
};
struct Quote {
  std::uint64_t symbol;
  double price;
};

inline Quote quote_for(const Query& query) { return {query.symbol, 2.0 * static_cast<double>(query.symbol)}; }

using Requester = psyne::Requester<Query, Quote>;
using Responder = psyne::Responder<Query, Quote>;
using Request = psyne::Request<Query, Quote>;
using Answer = psyne::Answer<Quote>;

/// Asks for the symbols 0, 1, ..., one after the other.
inline psyne::Task<double> sum_of_prices(Requester& desk, std::uint64_t count) {
  double sum = 0;
  for (std::uint64_t symbol = 0; symbol < count; ++symbol) {
    auto answer = co_await desk.ask_async({symbol}, std::chrono::seconds(20));
    if (!answer) throw psyne::Exception(answer.error());
    sum += answer->price;
  }
  co_return sum;
}

/// A thread that answers by `callable` until it goes.
template <class Callable, class AnyResponder = Responder>
class Serving {
 public:
  explicit Serving(const std::string& uri, Callable callable = Callable(), psyne::ResponderOptions options = {})
      : responder_(AnyResponder::open(uri, options).value()),
        thread_([this, callable]() mutable { served_ = responder_.serve(callable, source_.token()); }) {}
  Serving(const Serving&) = delete;
  Serving& operator=(const Serving&) = delete;
  ~Serving() { static_cast<void>(stop()); }

  psyne::Result<void> stop() {
    source_.request_stop();
    if (thread_.joinable()) thread_.join();
    return served_;
  }
  AnyResponder& responder() { return responder_; }

 private:
  psyne::StopSource source_;
  AnyResponder responder_;
  psyne::Result<void> served_;
  std::thread thread_;
};

inline auto serving(const std::string& uri, psyne::ResponderOptions options = {}) {
  return Serving(
      uri, [](const Query& query) { return quote_for(query); }, std::move(options));
}

}  // namespace psyne_test
