#include <psyne/core/transport/link.hpp>
#include <psyne/core/transport/post.hpp>

#include <string>

namespace psyne::inline v0 {

namespace {

/// Null where nothing is.
const char* wrong_with(const Put& put, const Link& link) {
  const auto* attached = put.remote == nullptr ? nullptr : put.remote->attachment();
  if (attached == nullptr || attached->link != &link) return "the remote region is not attached to this link";
  if (attached->revoked) return "the peer has taken the region back";
  if (attached->access != Access::write) return "the peer granted reading only";
  // Not offset + size, which may wrap.
  if (put.offset > attached->length || put.local.size() > attached->length - put.offset) {
    return "it ends outside of the remote region";
  }
  if (put.raw && put.local.size() > link.capabilities().inline_bytes) {
    return "it has more raw bytes than the link takes";
  }
  if (put.early.counter != Signal::none && put.early.counter >= link.capabilities().counters) {
    return "it signals a counter that the link does not have";
  }
  return nullptr;
}

}  // namespace

Result<void> check_post(const Link& link, std::span<const Put> puts, const Signal& signal) {
  const std::uint32_t counters = link.capabilities().counters;
  if (signal.counter != Signal::none && signal.counter >= counters) {
    return Error(Code::invalid_argument, "cannot signal counter " + std::to_string(signal.counter))
        .because("a link has " + std::to_string(counters));
  }
  for (const Put& put : puts) {
    const char* wrong = wrong_with(put, link);
    if (wrong == nullptr) continue;
    return Error(Code::invalid_argument,
                 "cannot put " + std::to_string(put.local.size()) + " bytes at offset " + std::to_string(put.offset))
        .peer(link.peer().name)
        .because(wrong);
  }
  return {};
}

}  // namespace psyne::inline v0
