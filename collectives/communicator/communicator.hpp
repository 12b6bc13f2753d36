#pragma once

#include <psyne/collectives/communicator/communicator_options.hpp>
#include <psyne/collectives/communicator/communicator_state.hpp>
#include <psyne/collectives/communicator/op.hpp>
#include <psyne/collectives/runner/call.hpp>
#include <psyne/core/message/tensor/dtype.hpp>

#include <memory>
#include <ranges>
#include <span>
#include <type_traits>

namespace psyne::inline v0 {

/// Memory that holds numbers: a span, vector or array of an element type.
template <class Range>
concept Numbers = std::ranges::contiguous_range<Range> && std::ranges::sized_range<Range> &&
                  Number<std::remove_cv_t<std::ranges::range_value_t<Range>>>;

/// The ranks of a job that do operations together: each rank calls the same ones in the same order, with the same
/// arguments but for its data.
///
/// Every call waits until this rank's part is done, for no longer than it says; then its memory is its own again, and
/// its result there. It does not mean that the other ranks are done.
/// Counts are equal at all ranks. Buffers of one call are equal or do not overlap.
///
/// Errors of all operations: invalid_argument (nothing was done), peer_lost, peer_unreachable or closed with the rank,
/// timed_out with the ranks that have not entered it, stopped, invalid_state where a rank called something else, with
/// what both called, cancelled where a rank has aborted or was stopped. After any but the first the communicator is
/// broken: each later call gives the same error. A rank whose call fails tells the others, which then wait no more.
///
/// Threads: one call at a time; others wait for their turn. Moved, not copied.
class Communicator {
 public:
  /// Without a size: all ranks of the job that started this process; see CommunicatorOptions.
  /// Errors: invalid_argument, timed_out with the ranks that did not come, unsupported, exhausted, those of the job.
  static Result<Communicator> open(CommunicatorOptions options = {}) {
    auto state = CommunicatorState::open(std::move(options));
    if (!state) return state.error();
    return Communicator(std::move(*state));
  }

  Rank rank() const noexcept { return state_->rank(); }
  Rank size() const noexcept { return state_->size(); }

  /// What all of these become.
  Result<void> run(const Call& call, const Wait& wait = {}) { return state_->run(call, wait); }

  Result<void> barrier(const Wait& wait = {}) { return run({.operation = Operation::barrier}, wait); }

  /// Each rank gets the fold of all ranks' inputs.
  template <Numbers In, Numbers Out>
  Result<void> all_reduce(const In& in, Out&& out, Op op, const Wait& wait = {}) {
    return fold<In, Out>(Operation::all_reduce, in, out, std::ranges::size(in), 1, 1, op, 0, wait);
  }
  template <Numbers Data>
  Result<void> all_reduce(Data&& data, Op op, const Wait& wait = {}) {
    return all_reduce(data, data, op, wait);
  }
  /// The root alone gets it; what others give as `out` is not looked at, and may be empty.
  template <Numbers In, Numbers Out>
  Result<void> reduce(const In& in, Out&& out, Op op, Rank root, const Wait& wait = {}) {
    return fold<In, Out>(Operation::reduce, in, out, std::ranges::size(in), 1, rank() == root ? 1 : 0, op, root, wait);
  }
  /// The input has a block for each rank, and each rank gets the fold of all blocks for it.
  template <Numbers In, Numbers Out>
  Result<void> reduce_scatter(const In& in, Out&& out, Op op, const Wait& wait = {}) {
    return fold<In, Out>(Operation::reduce_scatter, in, out, std::ranges::size(out), blocks(), 1, op, 0, wait);
  }
  /// Rank r gets the fold of ranks 0 to r.
  template <Numbers In, Numbers Out>
  Result<void> scan(const In& in, Out&& out, Op op, const Wait& wait = {}) {
    return fold<In, Out>(Operation::scan, in, out, std::ranges::size(in), 1, 1, op, 0, wait);
  }
  /// Rank r gets the fold of ranks 0 to r - 1; the output of rank 0 is left alone.
  template <Numbers In, Numbers Out>
  Result<void> exclusive_scan(const In& in, Out&& out, Op op, const Wait& wait = {}) {
    return fold<In, Out>(Operation::exclusive_scan, in, out, std::ranges::size(in), 1, 1, op, 0, wait);
  }

  /// Each rank gets all ranks' inputs, one behind the other.
  template <Numbers In, Numbers Out>
  Result<void> all_gather(const In& in, Out&& out, const Wait& wait = {}) {
    return move<In, Out>(Operation::all_gather, in, out, std::ranges::size(in), 1, blocks(), 0, wait);
  }
  /// All get what the root has.
  template <Numbers Data>
  Result<void> broadcast(Data&& data, Rank root, const Wait& wait = {}) {
    return move<Data, Data>(Operation::broadcast, data, data, std::ranges::size(data), 1, 1, root, wait);
  }
  /// The root gets all ranks' inputs; what others give as `out` is not looked at, and may be empty.
  template <Numbers In, Numbers Out>
  Result<void> gather(const In& in, Out&& out, Rank root, const Wait& wait = {}) {
    return move<In, Out>(Operation::gather, in, out, std::ranges::size(in), 1, rank() == root ? blocks() : 0, root,
                         wait);
  }
  /// Each rank gets its block of the root's input; what others give as `in` is not looked at, and may be empty.
  template <Numbers In, Numbers Out>
  Result<void> scatter(const In& in, Out&& out, Rank root, const Wait& wait = {}) {
    return move<In, Out>(Operation::scatter, in, out, std::ranges::size(out), rank() == root ? blocks() : 0, 1, root,
                         wait);
  }
  /// Each rank gets from each its block for it.
  template <Numbers In, Numbers Out>
  Result<void> all_to_all(const In& in, Out&& out, const Wait& wait = {}) {
    return move<In, Out>(Operation::all_to_all, in, out, std::ranges::size(in) / blocks(), blocks(), blocks(), 0, wait);
  }

  /// Ends what all ranks do or are about to do with it: their calls, and later ones, fail with Code::cancelled, this
  /// rank and the first 64 bytes of the reason. Any thread, while another one waits in a call; waits for nothing.
  void abort(std::string reason) { state_->abort(std::move(reason)); }

  CommunicatorState& state() noexcept { return *state_; }

 private:
  explicit Communicator(std::unique_ptr<CommunicatorState> state) noexcept : state_(std::move(state)) {}
  std::size_t blocks() const noexcept { return static_cast<std::size_t>(size()); }

  // `in_blocks` and `out_blocks`: how many blocks of `count` elements this rank's buffers have to have.
  template <class In, class Out>
  Result<void> fold(Operation operation, const In& in, Out& out, std::size_t count, std::size_t in_blocks,
                    std::size_t out_blocks, Op op, Rank root, const Wait& wait) {
    return start<In, Out>(
        {.operation = operation, .fold = op.fold, .average = op.average_of_sum, .root = root, .count = count}, in, out,
        in_blocks, out_blocks, wait);
  }
  template <class In, class Out>
  Result<void> move(Operation operation, const In& in, Out& out, std::size_t count, std::size_t in_blocks,
                    std::size_t out_blocks, Rank root, const Wait& wait) {
    return start<In, Out>({.operation = operation, .root = root, .count = count}, in, out, in_blocks, out_blocks, wait);
  }

  template <class In, class Out>
  Result<void> start(Call call, const In& in, Out& out, std::size_t in_blocks, std::size_t out_blocks,
                     const Wait& wait) {
    using Element = std::remove_cv_t<std::ranges::range_value_t<In>>;
    static_assert(std::is_same_v<Element, std::remove_cv_t<std::ranges::range_value_t<Out>>>,
                  "psyne: input and output are of one type");
    static_assert(!std::is_const_v<std::remove_reference_t<std::ranges::range_reference_t<Out>>>,
                  "psyne: the output has to be writable");
    call.dtype = dtype_of<Element>;
    if ((in_blocks > 0 && std::ranges::size(in) != call.count * in_blocks) ||
        (out_blocks > 0 && std::ranges::size(out) != call.count * out_blocks)) {
      return wrong_sizes(call, std::ranges::size(in), std::ranges::size(out), in_blocks, out_blocks);
    }
    call.input = reinterpret_cast<const std::byte*>(std::ranges::data(in));
    call.output = reinterpret_cast<std::byte*>(std::ranges::data(out));
    return run(call, wait);
  }
  Error wrong_sizes(const Call& call, std::size_t in, std::size_t out, std::size_t in_blocks,
                    std::size_t out_blocks) const;

  std::unique_ptr<CommunicatorState> state_;
};

}  // namespace psyne::inline v0
