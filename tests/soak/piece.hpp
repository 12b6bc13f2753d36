#pragma once

#include <psyne/pool/pool/pool.hpp>

#include "ground.hpp"
#include "random.hpp"
#include "verdict.hpp"

#include <cstdint>
#include <string_view>

namespace psyne_soak {

/// One piece of the soak: small, decided by its seed, and checked exactly.
struct Piece {
  const char* name;
  std::uint64_t seed;
  Ground& ground;
  Random random;  // for the thread that does the piece

  /// Any thread.
  void expect(bool kept, std::string_view promise) const noexcept {
    if (!kept) wrong(name, seed, promise);
  }

  Ground::Field& field() { return ground.fields[random.below(ground.fields.size())]; }
  psyne::Pool& pool() { return field().pool; }
  /// Null for the default pool.
  psyne::Pool* any_pool() { return random.one_in(3) ? nullptr : &pool(); }
  psyne::Priority priority() { return static_cast<psyne::Priority>(random.below(psyne::priorities)); }
};

/// The kinds of pieces, each of which returns when all that it began has ended.
void posts(Piece& piece);
void passing_threads(Piece& piece);
void submits(Piece& piece);
void waits_in_each_other(Piece& piece);
void cancels(Piece& piece);
void tells_what_runs(Piece& piece);
void fills_scopes(Piece& piece);
void fails_in_scopes(Piece& piece);
void cancels_scopes(Piece& piece);
void runs_in_series(Piece& piece);
void loops(Piece& piece);
void orders(Piece& piece);
void fails_in_loops(Piece& piece);
void invokes(Piece& piece);
void blocks(Piece& piece);
void sends(Piece& piece);
void holds_mutexes(Piece& piece);
void closes(Piece& piece);
void keeps_priorities(Piece& piece);
/// Only outside of jobs.
void forks(Piece& piece);

}  // namespace psyne_soak
