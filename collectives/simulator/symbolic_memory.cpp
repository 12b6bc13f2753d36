#include <psyne/collectives/simulator/symbolic_memory.hpp>

#include <algorithm>
#include <utility>

namespace psyne::inline v0 {

namespace {

const char* name(Space space) {
  switch (space) {
    case Space::input: return "input";
    case Space::output: return "output";
    case Space::workspace: return "workspace";
    case Space::slot: return "slot";
    case Space::mail: return "mail";
    case Space::stage: return "stage";
  }
  return "unknown";
}

}  // namespace

std::string MemoryName::text() const {
  std::string text = std::string(name(space)) + " of rank " + std::to_string(owner);
  if (writer != owner) text += " for rank " + std::to_string(writer);
  const bool of_the_program = space == Space::input || space == Space::output;
  return text + (of_the_program ? ", operation " : ", bank ") + std::to_string(turn);
}

SymbolicMemory::SymbolicMemory(Rank size, bool hazards) : hazards_(hazards) {
  if (!hazards) return;
  clocks_.assign(static_cast<std::size_t>(size), VectorClock(size));
  for (Rank rank = 0; rank < size; ++rank) clocks_[static_cast<std::size_t>(rank)].tick(rank);
}

SymbolicMemory::Cell& SymbolicMemory::cell(const MemoryName& name, std::uint64_t element) {
  std::vector<Cell>& cells = memories_[name];
  if (element >= cells.size()) cells.resize(element + 1);
  return cells[element];
}

void SymbolicMemory::hazard(Rank rank, const char* does, const Access& before, const char* did, const MemoryName& name,
                            std::uint64_t element) {
  if (fault_) return;
  fault_ = "rank " + std::to_string(rank) + " " + does + " element " + std::to_string(element) + " of " + name.text() +
           ", which rank " + std::to_string(before.rank) + " " + did + ", and no signal orders the two";
}

Symbol SymbolicMemory::load(Rank rank, const MemoryName& name, std::uint64_t element) {
  Cell& here = cell(name, element);
  if (here.symbol.count == 0 && !fault_) {
    fault_ = "rank " + std::to_string(rank) + " reads element " + std::to_string(element) + " of " + name.text() +
             ", where nobody has written";
  }
  if (!hazards_) return here.symbol;
  if (!ordered(rank, here.written)) hazard(rank, "reads", here.written, "wrote", name, element);
  const auto mine =
      std::find_if(here.read.begin(), here.read.end(), [&](const Access& read) { return read.rank == rank; });
  if (mine == here.read.end()) {
    here.read.push_back({rank, now(rank)});
  } else {
    mine->time = now(rank);
  }
  return here.symbol;
}

void SymbolicMemory::write(Rank rank, const MemoryName& name, std::uint64_t element, Cell& cell) {
  if (!hazards_) return;
  if (!ordered(rank, cell.written)) hazard(rank, "writes", cell.written, "wrote", name, element);
  for (const Access& read : cell.read) {
    if (!ordered(rank, read)) hazard(rank, "writes", read, "reads", name, element);
  }
  cell.read.clear();
  cell.written = {rank, now(rank)};
}

void SymbolicMemory::store(Rank rank, const MemoryName& name, std::uint64_t element, const Symbol& symbol) {
  Cell& here = cell(name, element);
  write(rank, name, element, here);
  here.symbol = symbol;
}

Symbol SymbolicMemory::peek(const MemoryName& name, std::uint64_t element) const {
  const auto memory = memories_.find(name);
  return memory != memories_.end() && element < memory->second.size() ? memory->second[element].symbol : Symbol{};
}

void SymbolicMemory::reuse(const MemoryName& name) {
  const auto memory = memories_.find(name);
  if (memory == memories_.end()) return;
  for (std::uint64_t element = 0; element < memory->second.size(); ++element) {
    Cell& here = memory->second[element];
    write(name.owner, name, element, here);
    here.symbol = {};
  }
}

void SymbolicMemory::signal(Rank from, Rank to, std::uint32_t bank, std::uint64_t count) {
  Channel& channel = channels_[{from, to, bank}];
  if (count != channel.count + 1 && !fault_) {
    fault_ = "rank " + std::to_string(from) + " signals " + std::to_string(count) + " to rank " + std::to_string(to) +
             " after " + std::to_string(channel.count);
  }
  channel.count = count;
  if (!hazards_) return;
  VectorClock& mine = clocks_[static_cast<std::size_t>(from)];
  channel.clocks.push_back(mine);
  mine.tick(from);
}

std::uint64_t SymbolicMemory::signalled(Rank from, Rank to, std::uint32_t bank) const {
  const auto channel = channels_.find({from, to, bank});
  return channel == channels_.end() ? 0 : channel->second.count;
}

void SymbolicMemory::seen(Rank to, Rank from, std::uint32_t bank, std::uint64_t count) {
  if (!hazards_ || count == 0) return;
  Channel& channel = channels_[{from, to, bank}];
  if (count < channel.oldest) return;  // that one, or a later one, was seen before
  const std::uint64_t passed = count - channel.oldest;
  clocks_[static_cast<std::size_t>(to)].join(channel.clocks[passed]);
  channel.clocks.erase(channel.clocks.begin(), channel.clocks.begin() + static_cast<std::ptrdiff_t>(passed) + 1);
  channel.oldest = count + 1;
}

}  // namespace psyne::inline v0
