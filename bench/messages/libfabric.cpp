// libfabric's providers shm, and tcp below ofi_rxm: tagged messages; polled, or asleep until one is complete.
#include "pair/network.hpp"
#include "pair/session.hpp"
#include "pair/works.hpp"

#include <rdma/fabric.h>
#include <rdma/fi_cm.h>
#include <rdma/fi_domain.h>
#include <rdma/fi_endpoint.h>
#include <rdma/fi_errno.h>
#include <rdma/fi_tagged.h>

#include <array>
#include <cstring>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace psyne::bench {
namespace {

void require(ssize_t status, const char* what) {
  if (status < 0)
    throw std::runtime_error(std::string("libfabric: ") + what + ": " + fi_strerror(static_cast<int>(-status)));
}

/// Any object of the library, closed at the end.
template <class Object>
struct Owned {
  Object* object = nullptr;
  Owned() = default;
  Owned(const Owned&) = delete;
  Owned& operator=(const Owned&) = delete;
  ~Owned() {
    if (object != nullptr) fi_close(&object->fid);
  }
  Object* operator->() const noexcept { return object; }
};

class Libfabric {
 public:
  Libfabric(Over over, const Cell& cell, Side side, Control& control) : blocks_(cell.blocks()) {
    find_provider(over, network_address(side));
    require(fi_fabric(info_->fabric_attr, &fabric_.object, nullptr), "open the fabric");
    require(fi_domain(fabric_.object, info_.get(), &domain_.object, nullptr), "open the domain");
    fi_av_attr peers{};
    peers.type = FI_AV_TABLE;
    require(fi_av_open(domain_.object, &peers, &peers_.object, nullptr), "open the address vector");
    fi_cq_attr queue{};
    queue.format = FI_CQ_FORMAT_CONTEXT;
    queue.size = 1024;
    queue.wait_obj = blocks_ ? FI_WAIT_UNSPEC : FI_WAIT_NONE;
    require(fi_cq_open(domain_.object, &queue, &done_.object, nullptr), "open the completion queue");
    require(fi_endpoint(domain_.object, info_.get(), &endpoint_.object, nullptr), "make an endpoint");
    require(fi_ep_bind(endpoint_.object, &peers_->fid, 0), "bind the address vector");
    require(fi_ep_bind(endpoint_.object, &done_->fid, FI_TRANSMIT | FI_RECV), "bind the completion queue");
    require(fi_enable(endpoint_.object), "enable the endpoint");
    connect(control);
  }

  void send(std::span<const std::byte> message) {
    start_send(0, message);
    finish_send(0);
  }
  void receive(std::span<std::byte> message) {
    start_receive(0, message);
    finish_receive(0);
  }

  std::size_t window(const Cell& cell) const noexcept { return polled_window(cell); }

  void start_send(std::size_t slot, std::span<const std::byte> message) {
    if (message.size() <= info_->tx_attr->inject_size) {
      sends_[slot].done = true;
      retry([&] { return fi_tinject(endpoint_.object, message.data(), message.size(), peer_, tag); }, "inject");
    } else {
      sends_[slot].done = false;
      retry(
          [&] {
            return fi_tsend(endpoint_.object, message.data(), message.size(), nullptr, peer_, tag, &sends_[slot]);
          },
          "send");
    }
  }
  void finish_send(std::size_t slot) { wait_for(sends_[slot]); }

  void start_receive(std::size_t slot, std::span<std::byte> message) {
    receives_[slot].done = false;
    retry(
        [&] {
          return fi_trecv(endpoint_.object, message.data(), message.size(), nullptr, FI_ADDR_UNSPEC, tag, 0,
                          &receives_[slot]);
        },
        "receive");
  }
  void finish_receive(std::size_t slot) { wait_for(receives_[slot]); }

 private:
  static constexpr std::uint64_t tag = 1;

  /// What the library is given as the context of an operation: its own part must come first.
  struct Operation {
    fi_context2 context;
    bool done = true;
  };

  struct FreeInfo {
    void operator()(fi_info* info) const noexcept { fi_freeinfo(info); }
  };

  void find_provider(Over over, const std::string& address) {
    std::unique_ptr<fi_info, FreeInfo> hints(fi_allocinfo());
    hints->caps = FI_TAGGED;
    hints->mode = FI_CONTEXT | FI_CONTEXT2;
    hints->ep_attr->type = FI_EP_RDM;
    hints->domain_attr->threading = FI_THREAD_DOMAIN;
    hints->domain_attr->mr_mode = FI_MR_VIRT_ADDR | FI_MR_HMEM;
    const bool tcp = over == Over::tcp;
    hints->fabric_attr->prov_name = ::strdup(tcp ? "tcp;ofi_rxm" : "shm");
    fi_info* found = nullptr;
    require(fi_getinfo(FI_VERSION(1, 17), tcp ? address.c_str() : nullptr, nullptr, tcp ? FI_SOURCE : 0, hints.get(),
                       &found),
            "find the provider");
    info_.reset(found);
  }

  void connect(Control& control) {
    std::array<std::byte, 256> address{};
    std::size_t length = address.size();
    require(fi_getname(&endpoint_->fid, address.data(), &length), "get the endpoint's address");
    control.send_bytes(address.data(), address.size());
    control.receive_bytes(address.data(), address.size());
    if (fi_av_insert(peers_.object, address.data(), 1, &peer_, 0, nullptr) != 1) {
      throw std::runtime_error("libfabric: the peer's address is refused");
    }
  }

  template <class Post>
  void retry(Post post, const char* what) {
    ssize_t status = post();
    while (status == -FI_EAGAIN) {
      poll();
      status = post();
    }
    require(status, what);
  }

  void wait_for(const Operation& operation) {
    while (!operation.done) {
      if (blocks_) {
        sleep();
      } else {
        poll();
      }
    }
  }

  void poll() {
    std::array<fi_cq_entry, 16> entries;
    note(entries, fi_cq_read(done_.object, entries.data(), entries.size()));
  }

  void sleep() {
    std::array<fi_cq_entry, 16> entries;
    note(entries, fi_cq_sread(done_.object, entries.data(), entries.size(), nullptr, -1));
  }

  void note(std::span<const fi_cq_entry> entries, ssize_t count) {
    if (count == -FI_EAGAIN) return;
    require(count, "completion");
    for (const fi_cq_entry& entry : entries.first(static_cast<std::size_t>(count))) {
      auto* operation = static_cast<Operation*>(entry.op_context);
      if (operation != nullptr) operation->done = true;
    }
  }

  const bool blocks_;
  std::unique_ptr<fi_info, FreeInfo> info_;
  Owned<fid_fabric> fabric_;
  Owned<fid_domain> domain_;
  Owned<fid_av> peers_;
  Owned<fid_cq> done_;
  Owned<fid_ep> endpoint_;
  fi_addr_t peer_ = FI_ADDR_UNSPEC;
  std::array<Operation, 256> sends_{};
  std::array<Operation, 256> receives_{};
};

}  // namespace
}  // namespace psyne::bench

int main(int argc, char** argv) {
  using namespace psyne::bench;
  return run_pair(argc, argv, [](const Options& options) -> Measure {
    return [over = options.over](const Cell& cell, Side side, Control& control) {
      Libfabric peer(over, cell, side, control);
      return measure_peer(peer, cell, side, control);
    };
  });
}
