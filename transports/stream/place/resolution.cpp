#include <psyne/core/process/own_thread.hpp>
#include <psyne/core/service/service.hpp>
#include <psyne/core/uri/quoted.hpp>
#include <psyne/transports/stream/place/resolution.hpp>

#include <netdb.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <utility>

namespace psyne::inline v0::stream {

namespace {

Resolution::Addresses ask(const Endpoint& endpoint, int flags) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = flags;
  addrinfo* first = nullptr;
  const int problem = getaddrinfo(endpoint.host.c_str(), nullptr, &wanted, &first);
  const int number = errno;
  if (problem != 0) {
    return Error(Code::not_found, "cannot find the host " + quoted(endpoint.host))
        .because(problem == EAI_SYSTEM ? system_reason(number) : gai_strerror(problem))
        .mend("Check how it is spelt, and that this machine can resolve names.");
  }
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> list(first, freeaddrinfo);
  std::vector<SocketAddress> found;
  for (const addrinfo* each = first; each != nullptr; each = each->ai_next) {
    const auto address = SocketAddress(each->ai_addr, each->ai_addrlen).with_port(endpoint.port.value_or(0));
    if (std::ranges::find(found, address) == found.end()) found.push_back(address);
  }
  return found;
}

}  // namespace

Resolution::Addresses Resolution::of_numbers(const Endpoint& endpoint) { return ask(endpoint, AI_NUMERICHOST); }

Result<std::unique_ptr<Resolution>> Resolution::start(const Endpoint& endpoint, std::function<void(Addresses)> done) {
  auto service = Service::process();
  if (!service) return service.error();
  auto question = std::make_shared<Question>();
  question->done = std::move(done);
  auto thread = start_own_thread("psyne-resolve", [endpoint, question, service = *service] {
    service->post([question, addresses = ask(endpoint, 0)]() mutable {
      if (!question->dropped) question->done(std::move(addresses));
    });
  });
  if (!thread) return thread.error();
  thread->detach();
  return std::unique_ptr<Resolution>(new Resolution(std::move(question)));
}

Resolution::~Resolution() { question_->dropped = true; }

}  // namespace psyne::inline v0::stream
