#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace psyne::inline v0 {

/// `text` between double quotes, fit for one line of an error or a log: control bytes, quotes and backslashes are
/// written as \xNN, and what is longer than `most` bytes ends in "...". Bytes from 0x80 on pass, so that UTF-8 stays
/// readable.
std::string quoted(std::string_view text, std::size_t most = 120);

}  // namespace psyne::inline v0
