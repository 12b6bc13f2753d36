#include <psyne/core/config/known_options.hpp>

#include <array>

namespace psyne::inline v0 {

std::span<const Option> known_options() {
  using namespace option;
  static constexpr std::array all{
      channel_capacity,
      channel_delivery,
      channel_when_full,
      channel_linger,
      channel_compress,
      channel_compress_above,
      channel_compress_level,
      channel_spins,
      channel_pauses,
      channel_yields,
      ipc_directory,
      ipc_group,
      ipc_huge_pages,
      tcp_token,
      tcp_insecure,
      tcp_iface,
      tcp_advertise,
      tcp_unreachable_after,
      tcp_reconnect,
      tcp_send_buffer,
      tcp_receive_buffer,
      tls_certificate,
      tls_key,
      tls_authority,
      tls_name,
      log_level,
      metrics_enabled,
      metrics_capacity,
      metrics_directory,
  };
  return all;
}

std::span<const std::string_view> known_modules() {
  static constexpr std::array<std::string_view, 7> all{"memory", "ipc", "sim", "tcp", "tls", "unix", "auto"};
  return all;
}

}  // namespace psyne::inline v0
