#pragma once

#include <psyne/collectives/bootstrap/job_rank.hpp>
#include <psyne/collectives/bootstrap/store/store_query.hpp>
#include <psyne/collectives/bootstrap/store/store_table.hpp>
#include <psyne/core/result/result.hpp>
#include <psyne/patterns/request/responder.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace psyne::inline v0 {

/// Answers what the other ranks of a job ask of a table: what rank 0 has open. On a thread of its own, which sleeps
/// while nobody asks. A question that waits for a key is kept and answered when the key comes, so nobody waits behind
/// it.
///
/// Memory: a ring of answers of 256 KiB for each client, and over tcp one of its questions. A client that dies while it
/// waits leaves what it waited for until the key comes. One thread; what it goes away from hears Code::closed.
class StoreServer {
 public:
  /// `table` must outlive it. Errors: those of Responder::open (in_use: another job is there).
  static Result<std::unique_ptr<StoreServer>> open(const JobRank& job, StoreTable& table);
  StoreServer(const StoreServer&) = delete;
  StoreServer& operator=(const StoreServer&) = delete;
  ~StoreServer();

 private:
  using Question = Request<StoreMessage, StoreMessage>;

  StoreServer(const JobRank& job, StoreTable& table, std::uint64_t number,
              Responder<StoreMessage, StoreMessage> responder);
  void take(Question question);
  void answer(Question question, const StoreQuery& query);
  void wait(Question question, const StoreQuery& query);
  Result<void> joins(const StoreQuery& query) const;

  const JobRank job_;
  StoreTable& table_;
  const std::uint64_t number_;
  Responder<StoreMessage, StoreMessage> responder_;
  std::optional<Subscription> subscription_;  // goes before what its callback uses
};

/// The URI that rank 0 opens for a store at which others arrive by `store`: over tcp the same with a * for the host,
/// and on its interface where that is loopback. Errors: invalid_argument.
Result<std::string> serving_uri(const std::string& store);

}  // namespace psyne::inline v0
