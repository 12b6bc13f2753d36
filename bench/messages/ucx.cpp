// UCX over shared memory and cross-memory attach, or over TCP; polled, or asleep until its worker has something.
#include "pair/network.hpp"
#include "pair/session.hpp"
#include "pair/works.hpp"

#include <ucp/api/ucp.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace psyne::bench {
namespace {

void require(ucs_status_t status, const char* what) {
  if (status != UCS_OK) throw std::runtime_error(std::string("UCX: ") + what + ": " + ucs_status_string(status));
}

constexpr ucp_tag_t tag = 1;
constexpr ucp_tag_t whole_tag = ~ucp_tag_t{0};
constexpr ucp_request_param_t defaults{};

/// One endpoint to the other process, and the waiting for what was begun on it.
class Ucx {
 public:
  Ucx(Over over, const Cell& cell, Side side, Control& control) : blocks_(cell.blocks()) {
    if (over == Over::tcp) {
      tune_tcp(cell);
    } else {
      tune_shared_memory(cell);
    }
    ucp_config_t* config = nullptr;
    require(ucp_config_read(nullptr, nullptr, &config), "read configuration");
    ucp_params_t params{};
    params.field_mask = UCP_PARAM_FIELD_FEATURES;
    params.features = UCP_FEATURE_TAG | UCP_FEATURE_AM | UCP_FEATURE_STREAM;
    if (blocks_) params.features |= UCP_FEATURE_WAKEUP;
    const ucs_status_t made = ucp_init(&params, config, &context_);
    ucp_config_release(config);
    require(made, "initialise");

    ucp_worker_params_t worker_params{};
    worker_params.field_mask = UCP_WORKER_PARAM_FIELD_THREAD_MODE;
    worker_params.thread_mode = UCS_THREAD_MODE_SINGLE;
    require(ucp_worker_create(context_, &worker_params, &worker_), "make a worker");
    connect(control);
    exchange_first_messages(side);
  }
  Ucx(const Ucx&) = delete;
  Ucx& operator=(const Ucx&) = delete;
  ~Ucx() {
    ucp_worker_destroy(worker_);
    ucp_cleanup(context_);
  }

  ucp_worker_h worker() const noexcept { return worker_; }
  ucp_ep_h endpoint() const noexcept { return endpoint_; }

  /// Waits until the operation is over; nothing was left to wait for when the request is null.
  void finish(ucs_status_ptr_t request) {
    if (request == nullptr) return;
    if (UCS_PTR_IS_ERR(request)) require(UCS_PTR_STATUS(request), "send or receive");
    while (ucp_request_check_status(request) == UCS_INPROGRESS) progress();
    require(ucp_request_check_status(request), "send or receive");
    ucp_request_free(request);
  }

  /// Does what there is to do; when there is nothing and it may sleep, sleeps until there is.
  void progress() {
    if (ucp_worker_progress(worker_) == 0 && blocks_) require(ucp_worker_wait(worker_), "wait");
  }

 private:
  /// Up to 64 KiB no rendezvous: 28 us one way where the default took 38; and segments that hold such a message:
  /// streams of 64 KiB at 3.1 to 3.6 GB/s in place of 2.0. For 1 MiB the defaults were best, of socket buffers as well.
  static void tune_tcp(const Cell& cell) {
    ::setenv("UCX_TLS", "tcp", 1);
    ::setenv("UCX_NET_DEVICES", network_device().c_str(), 1);
    const bool eager = cell.size <= 64 << 10;
    const bool long_segments = eager && cell.work == Work::stream;
    ::setenv("UCX_RNDV_THRESH", eager ? "inf" : "auto", 1);
    ::setenv("UCX_TCP_TX_SEG_SIZE", long_segments ? "128K" : "8K", 1);
    ::setenv("UCX_TCP_RX_SEG_SIZE", long_segments ? "256K" : "64K", 1);
  }

  /// A FIFO whose elements hold 256 B and whose buffers hold 4 KiB stay in the cache took 165 ns where the default took
  /// 248 (256 B), 425 where it took 668 (4 KiB); for streams of 8 B messages the default did twice as many.
  static void tune_shared_memory(const Cell& cell) {
    ::setenv("UCX_TLS", "posix,cma,self", 1);
    const bool short_one = cell.work == Work::latency && cell.size > 64 && cell.size <= 8192;
    ::setenv("UCX_POSIX_FIFO_ELEM_SIZE", short_one ? "512" : "128", 1);
    ::setenv("UCX_POSIX_FIFO_SIZE", short_one ? "512" : "64", 1);
  }

  void connect(Control& control) {
    ucp_address_t* address = nullptr;
    std::size_t length = 0;
    require(ucp_worker_get_address(worker_, &address, &length), "get the worker's address");
    control.send(length);
    control.send_bytes(address, length);
    ucp_worker_release_address(worker_, address);
    std::vector<std::byte> peer(control.receive());
    control.receive_bytes(peer.data(), peer.size());
    ucp_ep_params_t params{};
    params.field_mask = UCP_EP_PARAM_FIELD_REMOTE_ADDRESS;
    params.address = reinterpret_cast<const ucp_address_t*>(peer.data());
    require(ucp_ep_create(worker_, &params, &endpoint_), "connect");
  }

  /// Transports are chosen and wired up while the first messages travel.
  void exchange_first_messages(Side side) {
    std::uint64_t word = 0;
    for (int i = 0; i < 100; ++i) {
      if (side == Side::leader) finish(ucp_tag_send_nbx(endpoint_, &word, sizeof word, tag, &defaults));
      finish(ucp_tag_recv_nbx(worker_, &word, sizeof word, tag, whole_tag, &defaults));
      if (side == Side::follower) finish(ucp_tag_send_nbx(endpoint_, &word, sizeof word, tag, &defaults));
    }
  }

  const bool blocks_;
  ucp_context_h context_ = nullptr;
  ucp_worker_h worker_ = nullptr;
  ucp_ep_h endpoint_ = nullptr;
};

/// Tag matching: twice the small messages of active messages, and the best for what is large.
class Tagged {
 public:
  explicit Tagged(Ucx& ucx) : ucx_(ucx) {}

  void send(std::span<const std::byte> message) { ucx_.finish(begin_send(message)); }
  void receive(std::span<std::byte> message) { ucx_.finish(begin_receive(message)); }

  std::size_t window(const Cell& cell) const noexcept { return polled_window(cell); }
  void start_send(std::size_t slot, std::span<const std::byte> message) { slots_[slot] = begin_send(message); }
  void finish_send(std::size_t slot) { ucx_.finish(slots_[slot]); }
  void start_receive(std::size_t slot, std::span<std::byte> message) { slots_[slot] = begin_receive(message); }
  void finish_receive(std::size_t slot) { ucx_.finish(slots_[slot]); }

 private:
  ucs_status_ptr_t begin_send(std::span<const std::byte> message) {
    return ucp_tag_send_nbx(ucx_.endpoint(), message.data(), message.size(), tag, &defaults);
  }

  ucs_status_ptr_t begin_receive(std::span<std::byte> message) {
    return ucp_tag_recv_nbx(ucx_.worker(), message.data(), message.size(), tag, whole_tag, &defaults);
  }

  Ucx& ucx_;
  std::array<ucs_status_ptr_t, 256> slots_{};
};

/// Active messages: no matching, and so the lowest latency of a single message.
class ActiveMessages {
 public:
  explicit ActiveMessages(Ucx& ucx) : ucx_(ucx) { handle(&ActiveMessages::arrive); }
  ActiveMessages(const ActiveMessages&) = delete;
  ActiveMessages& operator=(const ActiveMessages&) = delete;
  ~ActiveMessages() { handle(nullptr); }

  void send(std::span<const std::byte> message) {
    ucx_.finish(ucp_am_send_nbx(ucx_.endpoint(), id, nullptr, 0, message.data(), message.size(), &defaults));
  }

  void receive(std::span<std::byte> message) {
    destination_ = message;
    while (!arrived_) ucx_.progress();
    arrived_ = false;
    ucx_.finish(std::exchange(fetch_, nullptr));
  }

 private:
  static constexpr unsigned id = 1;

  void handle(ucp_am_recv_callback_t callback) {
    ucp_am_handler_param_t params{};
    params.field_mask = UCP_AM_HANDLER_PARAM_FIELD_ID | UCP_AM_HANDLER_PARAM_FIELD_CB | UCP_AM_HANDLER_PARAM_FIELD_ARG;
    params.id = id;
    params.cb = callback;
    params.arg = this;
    require(ucp_worker_set_am_recv_handler(ucx_.worker(), &params), "set the handler");
  }

  /// One message is under way at a time, so the destination stands before it can come.
  static ucs_status_t arrive(void* self, const void*, std::size_t, void* data, std::size_t length,
                             const ucp_am_recv_param_t* how) {
    auto& peer = *static_cast<ActiveMessages*>(self);
    peer.arrived_ = true;
    if ((how->recv_attr & UCP_AM_RECV_ATTR_FLAG_RNDV) == 0) {
      std::memcpy(peer.destination_.data(), data, length);
      return UCS_OK;
    }
    peer.fetch_ = ucp_am_recv_data_nbx(peer.ucx_.worker(), data, peer.destination_.data(), length, &defaults);
    return UCS_INPROGRESS;
  }

  Ucx& ucx_;
  std::span<std::byte> destination_;
  bool arrived_ = false;
  ucs_status_ptr_t fetch_ = nullptr;
};

/// A stream of bytes without messages: the quickest for 1 MiB when the cores are near, the slowest when they are far
/// apart.
class Streamed {
 public:
  explicit Streamed(Ucx& ucx) : ucx_(ucx) {}

  void send(std::span<const std::byte> message) {
    ucx_.finish(ucp_stream_send_nbx(ucx_.endpoint(), message.data(), message.size(), &defaults));
  }
  void receive(std::span<std::byte> message) {
    ucp_request_param_t params{};
    params.op_attr_mask = UCP_OP_ATTR_FIELD_FLAGS;
    params.flags = UCP_STREAM_RECV_FLAG_WAITALL;
    std::size_t length = 0;
    ucx_.finish(ucp_stream_recv_nbx(ucx_.endpoint(), message.data(), message.size(), &length, &params));
  }

 private:
  Ucx& ucx_;
};

/// The quickest of the three ways: which one that is depends on the size and on how far apart the cores are.
double measure_latency(Ucx& ucx, Cell cell, Side side, Control& control) {
  cell.milliseconds = cell.milliseconds / 3 + 1;
  Tagged tagged(ucx);
  ActiveMessages active(ucx);
  Streamed streamed(ucx);
  return std::min({take_part(Latency<Tagged>(tagged, cell, control), side),
                   take_part(Latency<ActiveMessages>(active, cell, control), side),
                   take_part(Latency<Streamed>(streamed, cell, control), side)});
}

std::optional<double> measure(Over over, const Cell& cell, Side side, Control& control) {
  Ucx ucx(over, cell, side, control);
  if (cell.work == Work::latency || cell.blocks()) return measure_latency(ucx, cell, side, control);
  Tagged tagged(ucx);
  return measure_peer(tagged, cell, side, control);
}

}  // namespace
}  // namespace psyne::bench

int main(int argc, char** argv) {
  using namespace psyne::bench;
  return run_pair(argc, argv, [](const Options& options) -> Measure {
    return [over = options.over](const Cell& cell, Side side, Control& control) {
      return measure(over, cell, side, control);
    };
  });
}
