#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/core/transport/link.hpp>
#include <psyne/core/uri/uri.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace psyne::inline v0 {

/// What two ends tell each other when they meet: a few plain bytes and the regions that belong to them.
struct Greeting {
  static constexpr std::size_t longest = 4096;
  static constexpr std::size_t most_spans = 4;
  std::vector<std::byte> bytes;
  std::vector<RemoteSpan> spans;
};

/// What a channel end does when others come. All calls are made by the service thread (or by the thread that opens,
/// before open returns), one at a time for one host; none may block. `link` is given over by welcome; before that it is
/// lent.
///
///   offering side              answering side
///   offer(link)        ---->   answer(link, offer)      a refusal (an Error) travels back as text
///   admit(link, answer) <----
///   (welcome travels)  ---->   welcome(link)
class Host {
 public:
  virtual ~Host() = default;
  /// Offering side: what this end is, for a peer that has just come.
  virtual Result<Greeting> offer(Link& link) = 0;
  /// Offering side: the peer answered. On success the link is this end's.
  virtual Result<void> admit(std::unique_ptr<Link>& link, Greeting answer) = 0;
  /// Answering side: look at an offer, answer it.
  virtual Result<Greeting> answer(Link& link, Greeting offer) = 0;
  /// Answering side: the other has admitted this end, the link is its own.
  virtual void welcome(std::unique_ptr<Link> link) = 0;
  /// A peer that had been heard of did not become a link: it refused, died or spoke nonsense. `link` is the one that
  /// was lent to offer or answer and goes after this call, or nullptr where none had been lent yet.
  virtual void missed(const Link* link, const Error& error) = 0;
};

enum class Side : std::uint8_t { offering, answering };

/// One end's presence at a name, from open to close; its destructor ends it and returns when no call into the host is
/// under way (it must not be destroyed from one).
class Presence {
 public:
  virtual ~Presence() = default;
  /// Where this end can be found, for people: "ipc://ticks (/run/user/1000/psyne/ticks)".
  virtual std::string where() const = 0;
};

struct PresenceOptions {
  bool exclusive = false;  ///< of this side only one may be present at the name; a second is refused with in_use
};

class Config;

/// A way to reach peers by name. Stateless to its callers; thread safe.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual std::string_view scheme() const = 0;
  /// One line for `psyne info`: that it works here, or why not and what would mend it.
  virtual Result<std::string> available() const = 0;
  /// Whether lanes over this transport share memory (and so need shareable regions), so that an end can be laid out
  /// before its first peer comes.
  virtual bool maps() const = 0;
  /// Whether regions must be shareable to be mapped by a peer.
  virtual bool needs_shareable() const = 0;
  /// Whether rings are to lie in huge pages, by what `config` says for one URI.
  virtual bool huge_pages(const Config& config) const = 0;
  /// Becomes present at `uri` as one of two sides. Either side may come first.
  /// `host` outlives the presence. Errors: invalid_argument, in_use, refused, exhausted.
  virtual Result<std::unique_ptr<Presence>> appear(const Uri& uri, Side side, Host& host,
                                                   const PresenceOptions& options) = 0;
};

/// The transports of this build. Defined where the library is put together (transports/schemes.cpp): core knows none.
const std::vector<Transport*>& transports();

/// What auto:// means here, and why, for people.
struct AutomaticChoice {
  Transport* transport;
  std::string reason;
};
/// Errors: that of the transport which should be chosen and does not work here; no other is taken silently.
Result<AutomaticChoice> choose_automatically();

/// The one for `scheme` (for auto the chosen one; the log says which and why); not_found lists the known ones.
Result<Transport*> transport_for(std::string_view scheme);

}  // namespace psyne::inline v0
