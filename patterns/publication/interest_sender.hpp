#pragma once

#include <psyne/core/channel/sender.hpp>
#include <psyne/patterns/envelope/envelope.hpp>
#include <psyne/patterns/publication/interest.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>

namespace psyne::inline v0 {

/// Tells publishers what a subscriber wants. Any thread.
class InterestSender {
 public:
  using Wanted = Envelope<InterestHeader, ByteVector>;

  static Result<std::unique_ptr<InterestSender>> open(std::string uri, EndId id, std::string name, Interest interest);

  /// Errors: too_large (a prefix, or all together), those of sending.
  Result<void> add(std::string_view prefix);
  /// not_found where it was not asked for.
  Result<void> remove(std::string_view prefix);
  /// Says it all again: for a publisher that came later.
  Result<void> tell();

 private:
  InterestSender(std::string uri, SenderOptions options) : uri_(std::move(uri)), options_(std::move(options)) {}
  Result<void> change(Interest interest);
  Result<void> reopen();
  Result<void> send();

  const std::string uri_;
  const SenderOptions options_;
  std::mutex mutex_;
  Interest interest_;
  std::unique_ptr<Sender<Wanted>> sender_;
};

}  // namespace psyne::inline v0
