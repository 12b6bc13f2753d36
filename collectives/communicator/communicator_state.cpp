#include <psyne/collectives/communicator/communicator_state.hpp>
#include <psyne/collectives/communicator/job_of_communicator.hpp>
#include <psyne/collectives/tuner/default_table.hpp>

#include <algorithm>
#include <chrono>
#include <utility>

namespace psyne::inline v0 {

namespace {

using namespace std::chrono_literals;

// As long as a message of some KB takes.
constexpr std::uint32_t eager_looks = 256;
// Looks between two at the peers' states and the clock, which cost more than a look.
constexpr std::uint32_t looks_at_once = 256;
// Rounds of these before a sleep: as long as a sleep and a wake take.
constexpr std::uint32_t rounds_before_sleep = 64;
// A peer that ends rings our bell; what else there is to see is seen this often.
constexpr auto longest_sleep = 100ms;

Error cannot(const Call& call, Code code = Code::invalid_argument) { return Error(code, "cannot do " + call.text()); }

}  // namespace

CommunicatorState::CommunicatorState(CommunicatorOptions options)
    : options_(std::move(options)), layout_(options_.size, options_.slot_bytes, options_.stage_bytes) {}

CommunicatorState::~CommunicatorState() = default;

Result<std::unique_ptr<CommunicatorState>> CommunicatorState::open(CommunicatorOptions options) {
  const auto refusal = [&](std::string why) {
    return Error(Code::invalid_argument, "cannot open a communicator as rank " + std::to_string(options.rank) + " of " +
                                             std::to_string(options.size))
        .because(std::move(why));
  };
  if (options.size == 0) {
    if (auto taken = take_from_job(options); !taken) return taken.error();
  }
  if (options.size < 1 || options.rank < 0 || options.rank >= options.size) {
    return refusal("ranks are numbered from 0 to their number less one");
  }
  if (options.slot_bytes == 0) options.slot_bytes = default_slot_bytes(options.size);
  if (options.stage_bytes == 0) options.stage_bytes = options.slot_bytes;
  if (options.slot_bytes < cache_line || options.slot_bytes % cache_line != 0 || options.stage_bytes < cache_line ||
      options.stage_bytes % cache_line != 0) {
    return refusal("slot_bytes and stage_bytes have to be whole cache lines of " + std::to_string(cache_line) +
                   " bytes");
  }
  if (options.size > 1 && !options.exchange) return refusal("there is nothing by which it could find the other ranks");
  StandardAtomics::join_barriers();
  std::unique_ptr<CommunicatorState> state(new CommunicatorState(std::move(options)));
  const CommunicatorOptions& given = state->options_;
  auto window =
      Region::allocate(state->layout_.bytes(), "window of a rank", {.shareable = true, .others = Access::write});
  if (!window) return window.error();
  state->window_ = std::make_shared<const Region>(std::move(*window));
  auto bell = Bell::make();
  if (!bell) return bell.error();
  state->bell_ = std::move(*bell);
  auto mesh = Mesh::open(
      {.rank = given.rank,
       .size = given.size,
       .job = given.job,
       .token = given.token,
       .transports = given.transports,
       .exchange = given.size > 1
                       ? given.exchange
                       : [](const std::string& mine, const Wait&) { return Result<std::vector<std::string>>({mine}); }},
      state->window_, Wait(given.open_within));
  if (!mesh) return mesh.error();
  state->mesh_ = std::move(*mesh);
  for (Peer& peer : state->mesh_->peers()) {
    if (!peer.link) continue;
    if (auto attached = peer.link->attach_bell(state->bell_.get()); !attached) return attached.error();
    if (!peer.mapped.empty()) continue;
    state->all_mapped_ = false;
    if (!peer.link->capabilities().lends) {
      return refusal("the transport to " + peer.name + " cannot put from a program's memory");
    }
    state->unmapped_.push_back(peer.link.get());
  }
  state->runner_.emplace(given.rank, state->layout_, state->window_->bytes(), state->mesh_->peers());
  state->watch_.emplace(given.rank, state->layout_, state->window_->bytes(), state->mesh_->peers(), *state->runner_);
  return state;
}

Result<void> CommunicatorState::check(const Call& call) const {
  if (call.root < 0 || call.root >= size()) {
    return cannot(call).because("there is no rank " + std::to_string(call.root) + " of " + std::to_string(size()));
  }
  if (!folds(call.operation)) return {};
  if (fold_kernel(call.fold, call.dtype) == nullptr || (call.average && average_kernel(call.dtype) == nullptr)) {
    return cannot(call).because("that is not defined for " + std::string(name(call.dtype)));
  }
  if (call.average && (call.operation == Operation::scan || call.operation == Operation::exclusive_scan)) {
    return cannot(call).because("a scan has no average").mend("Use Op::sum, and divide by what each rank's should be.");
  }
  return {};
}

Result<const Plan*> CommunicatorState::plan(const Call& call, const Algorithm* algorithm) {
  const bool aliased = in_place(call, rank());
  const PlanName name{call.operation, call.count, size_of(call.dtype), call.root, aliased, algorithm};
  if (last_plan_ != nullptr && name == last_name_) return last_plan_;
  auto found = plans_.find(name);
  if (found == plans_.end()) {
    const Algorithm& chosen = algorithm != nullptr ? *algorithm
                                                   : default_algorithm({.operation = call.operation,
                                                                        .size = size(),
                                                                        .bytes = call.bytes(),
                                                                        .mapped = all_mapped_,
                                                                        .canonical = options_.deterministic});
    auto made = make_plan(chosen, call, rank(), size(), {layout_.slot_bytes(), layout_.stage_bytes()});
    if (!made) return made.error();
    found = plans_.emplace(name, std::move(*made)).first;
  }
  last_name_ = name;
  last_plan_ = &found->second;
  return last_plan_;
}

Result<void> CommunicatorState::run(const Call& call, const Wait& wait, const Algorithm* algorithm) {
  if (auto checked = check(call); !checked) return checked;
  if (epoch_ != fork_epoch()) return forked_error("cannot do " + call.text());
  auto done = run_alone(call, wait, algorithm);
  if (aborted_.load(std::memory_order_seq_cst)) [[unlikely]]
    give_up();
  return done;
}

Result<void> CommunicatorState::run_alone(const Call& call, const Wait& wait, const Algorithm* algorithm) {
  const std::lock_guard lock(running_);
  if (broken_) return *broken_;
  auto chosen = plan(call, algorithm);
  if (!chosen) return chosen.error();
  runner_->start(call, **chosen);
  watch_->enter();
  auto done = drive(wait);
  if (!done) broken_ = done.error();
  return done;
}

void CommunicatorState::look() {
  for (Link* link : unmapped_) static_cast<void>(link->progress());
}

// Without a pause: a pause takes as long as a signal between two cores.
Runner::Motion CommunicatorState::look_eagerly() {
  if (mesh_->crowded()) return Runner::Motion::waits;
  for (std::uint32_t count = 0; count < eager_looks; ++count) {
    if (!unmapped_.empty()) look();
    if (const auto motion = runner_->advance(); motion != Runner::Motion::waits) return motion;
  }
  return Runner::Motion::waits;
}

Runner::Motion CommunicatorState::look_patiently() {
  for (std::uint32_t count = 0; count < looks_at_once; ++count) {
    if (!unmapped_.empty()) look();
    if (const auto motion = runner_->advance(); motion != Runner::Motion::waits) return motion;
    if (mesh_->crowded()) {
      StandardAtomics::yield();
    } else {
      StandardAtomics::pause();
    }
  }
  return Runner::Motion::waits;
}

Result<void> CommunicatorState::drive(const Wait& wait) {
  Runner::Motion motion = runner_->advance();
  if (motion == Runner::Motion::waits) motion = look_eagerly();
  if (motion == Runner::Motion::done) return {};
  const Deadline deadline = wait.deadline != no_deadline ? wait.deadline : Clock::now() + options_.patience;
  for (std::uint32_t round = 0; motion == Runner::Motion::waits; ++round) {
    motion = look_patiently();
    if (motion != Runner::Motion::waits) break;
    if (auto trouble = watch_->trouble()) return *std::move(trouble);
    if (aborted_.load(std::memory_order_acquire)) return watch_->aborted(abort_reason_);
    if (wait.stop.stop_requested()) return watch_->out_of_time(Code::stopped);
    const auto now = Clock::now();
    if (now >= deadline) return watch_->out_of_time(Code::timed_out);
    if (round >= rounds_before_sleep) motion = sleep(std::min(deadline, now + longest_sleep));
  }
  if (motion == Runner::Motion::failed) return watch_->failed();
  return {};
}

Runner::Motion CommunicatorState::sleep(Deadline until) {
  auto& door = *reinterpret_cast<Doorplate*>(window_->bytes().data() + WindowLayout::doorplate());
  door.sleeps.store(1, std::memory_order_relaxed);
  StandardAtomics::heavy_barrier();  // with the light one of whoever signals: see Runner::signal
  Runner::Motion motion = runner_->advance();
  if (motion == Runner::Motion::waits) {
    for (Link* link : unmapped_) link->settle();
    motion = runner_->advance();
    if (motion == Runner::Motion::waits) bell_->sleep(until);
  }
  door.sleeps.store(0, std::memory_order_relaxed);
  for (Peer& peer : mesh_->peers()) {
    if (peer.link) static_cast<void>(peer.link->progress());
  }
  return motion == Runner::Motion::waits ? runner_->advance() : motion;
}

// Whoever sees it first, the thread that runs an operation or the one that aborts, breaks the communicator.
void CommunicatorState::abort(std::string reason) {
  {
    const std::lock_guard lock(aborting_);
    if (aborted_.load(std::memory_order_relaxed)) return;
    abort_reason_ = std::move(reason);
    aborted_.store(true, std::memory_order_seq_cst);
  }
  bell_->ring();
  give_up();
}

// Sequentially consistent with the flag: of who aborts and who ends an operation, one finds the other done.
void CommunicatorState::give_up() {
  const std::unique_lock lock(running_, std::try_to_lock);
  if (lock.owns_lock() && !broken_) broken_ = watch_->aborted(abort_reason_);
}

}  // namespace psyne::inline v0
