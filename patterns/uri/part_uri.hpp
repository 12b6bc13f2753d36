#pragma once

#include <psyne/core/result/result.hpp>

#include <string>
#include <string_view>

namespace psyne::inline v0 {

/// Where the channel `part` of a pattern lies that is open at `uri`: what both sides of a pattern derive their channels
/// from. A pattern has one name and several channels.
///
///   ipc://quotes?capacity=1M     part "ask"    ipc://quotes.ask?capacity=1M      and so memory://, sim://, auto://
///   tcp://host:5555              part "ask"    tcp://host:5555/ask               one port, told apart by their paths
///   tcp://host:5555/quotes       part "ask"    tcp://host:5555/quotes.ask
///   unix:///run/quotes           part "ask"    unix:///run/quotes//ask           one socket
///
/// `part` is letters only; empty where the pattern has one channel, which lies at `uri` itself. Errors: those of
/// Uri::parse; invalid_argument, where the query says `delivery`, which is the pattern's own.
Result<std::string> part_uri(std::string_view uri, std::string_view part);

}  // namespace psyne::inline v0
