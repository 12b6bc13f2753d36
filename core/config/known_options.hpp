#pragma once

#include <psyne/core/config/option.hpp>
#include <psyne/core/config/runtime_directory.hpp>

#include <span>

namespace psyne::inline v0 {

/// The library's own options: data only, nothing here acts. Options of modules loaded at run time are added by
/// Config::know().
namespace option {

inline constexpr Option channel_capacity{.name = "channel.capacity",
                                         .kind = Kind::bytes,
                                         .fallback = "2M",
                                         .about = "bytes of one lane's ring; a message may take half of it",
                                         .scope = OptionScope::channel};
inline constexpr Option channel_delivery{
    .name = "channel.delivery",
    .kind = Kind::choice,
    .fallback = "single",
    .about = "who gets a message: the single receiver, all, any one of several, or the one that is named",
    .scope = OptionScope::channel,
    .choices = "single|all|any|routed"};
inline constexpr Option channel_when_full{.name = "channel.when_full",
                                          .kind = Kind::choice,
                                          .fallback = "block",
                                          .about = "what a sender does when the ring is full",
                                          .scope = OptionScope::channel,
                                          .choices = "block|drop_newest|drop_oldest|retry|callback|adaptive"};
inline constexpr Option channel_linger{.name = "channel.linger",
                                       .kind = Kind::duration,
                                       .fallback = "5s",
                                       .about = "how long close waits for receivers to take what was committed",
                                       .scope = OptionScope::channel};
inline constexpr Option channel_compress{
    .name = "channel.compress",
    .kind = Kind::choice,
    .fallback = "none",
    .about = "how messages longer than compress_above travel, where their type has no fixed size",
    .scope = OptionScope::channel,
    .choices = "none|lz4|zstd"};
inline constexpr Option channel_compress_above{.name = "channel.compress_above",
                                               .kind = Kind::bytes,
                                               .fallback = "4K",
                                               .about = "bytes up to which a message travels as it is",
                                               .scope = OptionScope::channel};
inline constexpr Option channel_compress_level{.name = "channel.compress_level",
                                               .kind = Kind::count,
                                               .fallback = "1",
                                               .about = "level of zstd: 1, the quickest, to 22, the shortest",
                                               .scope = OptionScope::channel};
inline constexpr Option channel_spins{.name = "channel.patience.spins",
                                      .kind = Kind::count,
                                      .fallback = "64",
                                      .about = "looks back to back before a waiting thread begins to pause",
                                      .scope = OptionScope::channel};
inline constexpr Option channel_pauses{.name = "channel.patience.pauses",
                                       .kind = Kind::count,
                                       .fallback = "512",
                                       .about = "pauses of the core before a waiting thread yields or sleeps",
                                       .scope = OptionScope::channel};
inline constexpr Option channel_yields{.name = "channel.patience.yields",
                                       .kind = Kind::count,
                                       .fallback = "0",
                                       .about = "times that a waiting thread offers its CPU to others before it sleeps",
                                       .scope = OptionScope::channel};
inline constexpr Option ipc_directory{.name = "ipc.directory",
                                      .kind = Kind::text,
                                      .about = "the directory that holds a private directory per channel",
                                      .scope = OptionScope::channel,
                                      .computed_fallback = runtime_directory};
inline constexpr Option ipc_group{.name = "ipc.group",
                                  .kind = Kind::text,
                                  .fallback = "",
                                  .about = "a group whose members may connect too; empty: this user only",
                                  .scope = OptionScope::channel};
inline constexpr Option ipc_huge_pages{.name = "ipc.huge_pages",
                                       .kind = Kind::boolean,
                                       .fallback = "no",
                                       .about = "whether rings take huge pages, where the system has some free",
                                       .scope = OptionScope::channel};
inline constexpr Option tcp_token{.name = "tcp.token",
                                  .kind = Kind::text,
                                  .fallback = "",
                                  .about = "the secret that both ends of a tcp, tls or unix connection must have",
                                  .scope = OptionScope::channel,
                                  .environment = "PSYNE_TOKEN",
                                  .secret = true};
inline constexpr Option tcp_insecure{.name = "tcp.insecure",
                                     .kind = Kind::boolean,
                                     .fallback = "no",
                                     .about = "whether connections off this host may do without a token",
                                     .scope = OptionScope::channel};
inline constexpr Option tcp_iface{.name = "tcp.iface",
                                  .kind = Kind::text,
                                  .fallback = "",
                                  .about = "interface, or address of one, to listen on or to connect from; empty: any",
                                  .scope = OptionScope::channel};
inline constexpr Option tcp_advertise{.name = "tcp.advertise",
                                      .kind = Kind::text,
                                      .fallback = "",
                                      .about = "host, and perhaps port, by which others find a listening end",
                                      .scope = OptionScope::channel};
inline constexpr Option tcp_unreachable_after{.name = "tcp.unreachable_after",
                                              .kind = Kind::duration,
                                              .fallback = "15s",
                                              .about = "how long a host may be silent before it is given up",
                                              .scope = OptionScope::channel};
inline constexpr Option tcp_reconnect{
    .name = "tcp.reconnect",
    .kind = Kind::duration,
    .fallback = "0s",
    .about = "how long a link may be without a connection before it ends; 0: not at all",
    .scope = OptionScope::channel};
inline constexpr Option tcp_send_buffer{.name = "tcp.send_buffer",
                                        .kind = Kind::bytes,
                                        .fallback = "0",
                                        .about = "bytes of a socket's send buffer; 0: the kernel's own choice",
                                        .scope = OptionScope::channel};
inline constexpr Option tcp_receive_buffer{.name = "tcp.receive_buffer",
                                           .kind = Kind::bytes,
                                           .fallback = "0",
                                           .about = "bytes of a socket's receive buffer; 0: the kernel's own choice",
                                           .scope = OptionScope::channel};
inline constexpr Option tls_certificate{.name = "tls.certificate",
                                        .kind = Kind::text,
                                        .fallback = "",
                                        .about = "file (PEM) of the certificate that this end shows; empty: none",
                                        .scope = OptionScope::channel};
inline constexpr Option tls_key{.name = "tls.key",
                                .kind = Kind::text,
                                .fallback = "",
                                .about = "file (PEM) of the private key to tls.certificate; empty: the same file",
                                .scope = OptionScope::channel};
inline constexpr Option tls_authority{
    .name = "tls.authority",
    .kind = Kind::text,
    .fallback = "",
    .about = "file (PEM) of those who may sign the other end's certificate, or \"system\"; empty: none is asked for",
    .scope = OptionScope::channel};
inline constexpr Option tls_name{.name = "tls.name",
                                 .kind = Kind::text,
                                 .fallback = "",
                                 .about = "name in the certificate of who listens; empty: the host in the URI",
                                 .scope = OptionScope::channel};
inline constexpr Option log_level{.name = "log.level",
                                  .kind = Kind::choice,
                                  .fallback = "off",
                                  .about = "the least severe lines that are logged",
                                  .choices = "trace|debug|info|warn|error|off",
                                  .environment = "PSYNE_LOG"};
inline constexpr Option metrics_enabled{.name = "metrics.enabled",
                                        .kind = Kind::boolean,
                                        .fallback = "yes",
                                        .about = "whether this process has a counters page that tools can read"};
inline constexpr Option metrics_capacity{
    .name = "metrics.capacity", .kind = Kind::bytes, .fallback = "256K", .about = "bytes of the counters page"};

inline constexpr Option metrics_directory{.name = "metrics.directory",
                                          .kind = Kind::text,
                                          .about = "the directory of counters pages, best in memory",
                                          .computed_fallback = mapped_directory};

}  // namespace option

/// All of the above, in the order of `psyne info`.
std::span<const Option> known_options();
/// The schemes whose tables may override [channel].
std::span<const std::string_view> known_modules();

}  // namespace psyne::inline v0
