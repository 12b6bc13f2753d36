#include <psyne/patterns/publication/interest_sender.hpp>
#include <psyne/patterns/publication/publication_header.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace psyne::inline v0 {

namespace {

Result<void> fits(const Interest& interest, const std::string& uri) {
  const std::string what = "cannot subscribe at " + uri;
  for (const std::string& prefix : interest.prefixes) {
    if (prefix.size() <= longest_topic) continue;
    return Error(Code::too_large, what)
        .because("a prefix has " + std::to_string(prefix.size()) + " bytes, and a topic may have 255");
  }
  if (interest.encode().size() <= longest_interest) return {};
  return Error(Code::too_large, what)
      .because("its prefixes have more than " + std::to_string(longest_interest) + " bytes")
      .mend("Ask for shorter ones: they take in what the longer ones do.");
}

}  // namespace

Result<std::unique_ptr<InterestSender>> InterestSender::open(std::string uri, EndId id, std::string name,
                                                             Interest interest) {
  // All publishers read it. A ring takes messages of half of its size.
  SenderOptions options{.capacity_bytes = std::size_t{128} << 10,
                        .delivery = Delivery::all,
                        .when_full = WhenFull::block,
                        .linger = std::chrono::nanoseconds(0),
                        .name = std::move(name),
                        .id = id};
  std::unique_ptr<InterestSender> own(new InterestSender(std::move(uri), std::move(options)));
  std::ranges::sort(interest.prefixes);
  const auto twice = std::ranges::unique(interest.prefixes);
  interest.prefixes.erase(twice.begin(), twice.end());
  const std::lock_guard lock(own->mutex_);
  if (auto opened = own->reopen(); !opened) return opened.error();
  if (auto changed = own->change(std::move(interest)); !changed) return changed.error();
  return own;
}

Result<void> InterestSender::add(std::string_view prefix) {
  const std::lock_guard lock(mutex_);
  Interest interest = interest_;
  const auto place = std::ranges::lower_bound(interest.prefixes, prefix);
  if (place != interest.prefixes.end() && *place == prefix) return {};
  interest.prefixes.emplace(place, prefix);
  return change(std::move(interest));
}

Result<void> InterestSender::remove(std::string_view prefix) {
  const std::lock_guard lock(mutex_);
  Interest interest = interest_;
  if (std::erase(interest.prefixes, prefix) == 0) {
    return Error(Code::not_found, "cannot unsubscribe at " + uri_).because("this prefix was not asked for");
  }
  return change(std::move(interest));
}

Result<void> InterestSender::tell() {
  const std::lock_guard lock(mutex_);
  return send();
}

Result<void> InterestSender::change(Interest interest) {
  if (auto fit = fits(interest, uri_); !fit) return fit;
  interest_ = std::move(interest);
  return send();
}

Result<void> InterestSender::reopen() {
  sender_.reset();
  auto sender = Sender<Wanted>::open(uri_, options_);
  if (!sender) return sender.error();
  sender_ = std::make_unique<Sender<Wanted>>(std::move(*sender));
  return {};
}

Result<void> InterestSender::send() {
  const std::vector<std::byte> bytes = interest_.encode();
  const auto reserve = [&] { return sender_->reserve({.message = bytes.size()}, std::chrono::milliseconds(100)); };
  const auto write = [&](Draft<Wanted> draft) -> Result<void> {
    if (!draft) return draft.error();
    draft->set_header({});
    std::ranges::copy(bytes, draft->body().begin());
    return draft.commit();
  };
  auto draft = reserve();
  if (draft || (draft.error() != Code::timed_out && draft.error() != Code::peer_lost)) return write(std::move(draft));
  // Full of what nobody takes in, and what is new makes that pointless: a lane with nothing else.
  if (auto opened = reopen(); !opened) return opened;
  return write(reserve());
}

}  // namespace psyne::inline v0
