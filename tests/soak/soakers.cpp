#include "soakers.hpp"

#include "piece.hpp"

#include <array>
#include <exception>

namespace psyne_soak {

struct Kind {
  const char* name;
  void (*run)(Piece&);
};

namespace {

using Clock = std::chrono::steady_clock;

constexpr std::array all_kinds = {
    Kind{"posts", posts},
    Kind{"passing threads", passing_threads},
    Kind{"submits", submits},
    Kind{"submits", submits},
    Kind{"waits in each other", waits_in_each_other},
    Kind{"cancels", cancels},
    Kind{"tells what runs", tells_what_runs},
    Kind{"fills scopes", fills_scopes},
    Kind{"fails in scopes", fails_in_scopes},
    Kind{"cancels scopes", cancels_scopes},
    Kind{"runs in series", runs_in_series},
    Kind{"loops", loops},
    Kind{"orders", orders},
    Kind{"fails in loops", fails_in_loops},
    Kind{"invokes", invokes},
    Kind{"blocks", blocks},
    Kind{"sends", sends},
    Kind{"holds mutexes", holds_mutexes},
    Kind{"closes", closes},
    Kind{"keeps priorities", keeps_priorities},
};

constexpr auto between_forks = std::chrono::seconds(2);

}  // namespace

/// What one thread does now; the watchdog reads it.
struct Soakers::Diary {
  std::atomic<const char*> kind{nullptr};  // null between two pieces
  std::atomic<const char*> where{""};
  std::atomic<std::uint64_t> seed{0};
  std::atomic<std::uint64_t> began{0};  // of seconds_
};

Soakers::Soakers(std::size_t threads, std::uint64_t seed, std::string_view only) : seed_(seed) {
  for (const Kind& kind : all_kinds) {
    if (only.empty() || kind.name == only) kinds_.push_back(&kind);
  }
  for (std::size_t number = 0; number < threads; ++number) diaries_.push_back(std::make_unique<Diary>());
}

Soakers::~Soakers() = default;

void Soakers::soak(Ground& ground, Clock::duration how_long) {
  ending_ = false;
  std::vector<std::thread> threads;
  for (auto& diary : diaries_) {
    threads.emplace_back([this, &ground, &diary, forks_too = threads.empty(), seed = Random(++seed_).next()] {
      run(ground, *diary, seed, forks_too);
    });
  }
  std::this_thread::sleep_for(how_long);
  ending_ = true;
  for (auto& thread : threads) thread.join();
}

void Soakers::run(Ground& ground, Diary& diary, std::uint64_t seed, bool forks_too) {
  Random seeds(seed);
  auto fork_next = Clock::now() + between_forks / 10;
  while (!ending_) {
    const std::uint64_t own = seeds.next();
    diary.seed = own;
    diary.began = seconds_.load();
    if (forks_too && Clock::now() >= fork_next) {
      diary.where = "outside";
      diary.kind = "forks";
      Piece piece{"forks", own, ground, Random(own)};
      forks(piece);
      fork_next = Clock::now() + between_forks;
    } else {
      step(ground, diary, own);
    }
    diary.kind = nullptr;
    ++done_;
  }
}

void Soakers::step(Ground& ground, Diary& diary, std::uint64_t seed) {
  Random random(seed);
  const Kind& kind = *kinds_[random.below(kinds_.size())];
  Piece piece{kind.name, seed, ground, Random(random.next())};
  const bool in_job = random.one_in(3);
  diary.where = in_job ? "in a job" : "outside";
  diary.kind = kind.name;
  try {
    if (in_job) {
      piece.pool().submit([&] { kind.run(piece); }).get();
    } else {
      kind.run(piece);
    }
  } catch (const std::exception& thrown) {
    piece.expect(false, thrown.what());
  }
}

bool Soakers::stuck(std::uint64_t seconds, std::string& what) {
  const std::uint64_t now = ++seconds_;
  bool any = false;
  for (std::size_t number = 0; number < diaries_.size(); ++number) {
    const Diary& diary = *diaries_[number];
    const char* const kind = diary.kind;
    if (kind == nullptr) continue;
    const std::uint64_t began = diary.began;
    any = any || now > began + seconds;
    what += "thread " + std::to_string(number) + ": " + kind + " " + diary.where.load() + " (seed " +
            std::to_string(diary.seed) + ") for " + std::to_string(now - began) + " s\n";
  }
  return any;
}

}  // namespace psyne_soak
