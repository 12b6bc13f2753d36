#pragma once

#include <psyne/collectives/communicator/communicator_options.hpp>
#include <psyne/core/result/result.hpp>

namespace psyne::inline v0 {

/// Fills in what `options` leaves to the job that this process is a rank of: rank, size, the name of the meeting
/// places, and the exchange by the job's store, which is opened once for a process and stays until it ends. The n-th
/// call of each rank belongs to the n-th of the others. Any thread; one after the other.
/// Errors: those of job_rank_of_process() and of the store.
Result<void> take_from_job(CommunicatorOptions& options);

}  // namespace psyne::inline v0
