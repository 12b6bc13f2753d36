#include <psyne/transports/ipc/meeting/handshake.hpp>

#include <fcntl.h>

#include <cerrno>
#include <utility>

namespace psyne::inline v0 {

Handshake::Handshake(Side side, Host& host, std::string uri, std::shared_ptr<LifeLine> line, std::int64_t pid)
    : side_(side), host_(host), uri_(std::move(uri)), line_(std::move(line)) {
  peer_.pid = pid;
  peer_.name = pid != 0 ? "pid " + std::to_string(pid) : "a process of another PID namespace";
}

Result<Packet> Handshake::hello() {
  auto page = Region::allocate(CounterPage::bytes, "counters", {.shareable = true, .others = Access::write});
  if (!page) return page.error();
  Descriptor theirs(fcntl(page->descriptor(), F_DUPFD_CLOEXEC, 0));
  if (!theirs) return system_error(errno, "cannot connect " + uri_).mend("Raise the limit of open files (ulimit -n).");
  counters_ = std::move(*page);
  return encode(Hello::own(std::move(theirs)));
}

Result<Handshake::Turn> Handshake::take(Packet packet) {
  if (awaits_ == Awaits::hello) return take_hello(std::move(packet));
  auto message = message_of(packet);
  if (!message) return named(message.error());
  switch (*message) {
    case Message::refusal: refused_ = true; return decode_refusal(packet, "cannot connect " + uri_, peer_.name);
    case Message::wake:
      // The offering end owns the link from admission on, and may signal before its welcome was sent.
      if (awaits_ == Awaits::welcome) return Turn{};
      break;
    case Message::offer:
      if (awaits_ == Awaits::offer) return take_offer(std::move(packet));
      break;
    case Message::answer:
      if (awaits_ == Awaits::answer) return take_answer(std::move(packet));
      break;
    case Message::welcome:
      if (awaits_ == Awaits::welcome) return take_welcome();
      break;
  }
  return named(Error(Code::corrupted, uri_).because("it sent a message that is not due"));
}

Result<Handshake::Turn> Handshake::take_hello(Packet packet) {
  auto hello = decode_hello(std::move(packet));
  if (!hello) return named(hello.error());
  if (peer_.pid == 0) peer_.name += " (pid " + std::to_string(hello->pid) + " there)";
  heard_hello_ = true;
  auto page = Mapping::of(std::move(hello->counters), 0, CounterPage::bytes, Access::write);
  if (!page) return named(page.error());
  link_ = std::make_unique<IpcLink>(line_, std::move(counters_), std::move(*page), peer_);
  if (side_ == Side::answering) {
    awaits_ = Awaits::offer;
    return Turn{};
  }
  lent_ = link_.get();
  auto offer = host_.offer(*link_);
  if (!offer) return offer.error();
  auto reply = encode(Message::offer, std::move(*offer));
  if (!reply) return reply.error();
  awaits_ = Awaits::answer;
  return Turn{.reply = std::move(*reply)};
}

Result<Handshake::Turn> Handshake::take_offer(Packet packet) {
  auto offer = decode_greeting(std::move(packet));
  if (!offer) return named(offer.error());
  lent_ = link_.get();
  auto answer = host_.answer(*link_, std::move(*offer));
  if (!answer) return answer.error();
  auto reply = encode(Message::answer, std::move(*answer));
  if (!reply) return reply.error();
  awaits_ = Awaits::welcome;
  return Turn{.reply = std::move(*reply)};
}

Result<Handshake::Turn> Handshake::take_answer(Packet packet) {
  auto answer = decode_greeting(std::move(packet));
  if (!answer) return named(answer.error());
  if (auto watched = static_cast<IpcLink&>(*link_).watch_peer(); !watched) return named(watched.error());
  if (auto admitted = host_.admit(link_, std::move(*answer)); !admitted) return admitted.error();
  return Turn{.reply = encode_welcome(), .linked = true};
}

Result<Handshake::Turn> Handshake::take_welcome() {
  if (auto watched = static_cast<IpcLink&>(*link_).watch_peer(); !watched) return named(watched.error());
  host_.welcome(std::move(link_));
  return Turn{.reply = std::nullopt, .linked = true};
}

void Handshake::miss(const Error& error) {
  host_.missed(lent_, error);
  link_.reset();
  lent_ = nullptr;
}

Error Handshake::named(const Error& error) const {
  return Error(error.code(), "cannot connect " + uri_)
      .peer(peer_.name)
      .because(std::string(error.reason().empty() ? error.what() : error.reason()))
      .mend(std::string(error.advice()));
}

}  // namespace psyne::inline v0
