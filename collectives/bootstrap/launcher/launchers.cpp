#include <psyne/collectives/bootstrap/launcher/launchers.hpp>

#include <array>

namespace psyne::inline v0 {

std::span<const Launcher> launchers() {
  static constexpr std::array all{
      Launcher{"psyne run", psyne_run_speaks, read_psyne_run}, Launcher{"torchrun", torchrun_speaks, read_torchrun},
      Launcher{"Open MPI", open_mpi_speaks, read_open_mpi}, Launcher{"MPICH", mpich_speaks, read_mpich},
      Launcher{"Slurm", slurm_speaks, read_slurm}};
  return all;
}

}  // namespace psyne::inline v0
