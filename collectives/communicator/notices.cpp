#include <psyne/collectives/communicator/notices.hpp>

#include <algorithm>

namespace psyne::inline v0 {

Notices::Notices(Rank rank, const WindowLayout& layout, std::span<std::byte> window, std::vector<Peer>& peers)
    : rank_(rank), layout_(layout), window_(window), peers_(peers), heard_(peers.size()) {}

void Notices::tell_all(const Notice& notice) {
  told_ = notice.encoded();
  ++count_;
  untold_.clear();
  for (Rank rank = 0; rank < static_cast<Rank>(peers_.size()); ++rank) {
    if (rank != rank_ && !tell(rank)) untold_.push_back(rank);
  }
}

// False where its queue is full.
bool Notices::tell(Rank rank) {
  Peer& peer = peers_[static_cast<std::size_t>(rank)];
  const std::uint64_t place = layout_.notice(rank_, count_ % 2);
  if (peer.mapped.empty()) {
    const Put put{.local = std::as_bytes(std::span(told_)), .remote = &peer.window, .offset = place, .raw = true};
    const auto posted =
        peer.link->post({&put, 1}, {.counter = WindowLayout::notice_counter, .value = count_, .wake = true});
    return posted || posted.error() != Code::would_block;  // who is gone needs none
  }
  auto& box = *reinterpret_cast<NoticeBox*>(peer.mapped.data() + layout_.notices(rank_));
  for (std::size_t word = 0; word < Notice::word_count; ++word) {
    box.places[count_ % 2][word].store(told_[word], std::memory_order_relaxed);
  }
  box.count.store(count_, std::memory_order_release);
  peer.link->wake();
  return true;
}

void Notices::poll() {
  std::erase_if(untold_, [&](Rank rank) { return tell(rank); });
  for (std::size_t rank = 0; rank < peers_.size(); ++rank) {
    Peer& peer = peers_[rank];
    if (!peer.link) continue;
    const auto& box = *reinterpret_cast<const NoticeBox*>(window_.data() + layout_.notices(static_cast<Rank>(rank)));
    // Acquire: the notice was written before it was counted.
    const std::uint64_t count = peer.mapped.empty() ? peer.link->counter(WindowLayout::notice_counter)
                                                    : box.count.load(std::memory_order_acquire);
    Heard& heard = heard_[rank];
    if (count == heard.count) continue;
    Notice::Words words{};
    for (std::size_t word = 0; word < Notice::word_count; ++word) {
      words[word] = box.places[count % 2][word].load(std::memory_order_relaxed);
    }
    auto notice = Notice::decoded(words);
    if (!notice) continue;  // the next one is being written over it: it is counted soon
    heard.count = count;
    heard.newest = std::move(notice);
  }
}

}  // namespace psyne::inline v0
