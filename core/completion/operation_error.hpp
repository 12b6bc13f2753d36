#pragma once

#include <psyne/core/result/error.hpp>

#include <exception>
#include <string>

namespace psyne::inline v0 {

/// What an exception says, as an error: the error itself of a psyne::Exception, else Code::thrown with its what().
/// `what` begins the sentence. Only a bare code when there is no memory for words.
Error thrown_error(const std::exception_ptr& exception, const std::string& what) noexcept;

/// Code::cancelled: whoever was to complete the operation `what` has gone without doing so. Only a bare code when there
/// is no memory for words.
Error abandoned_error(const std::string& what) noexcept;

}  // namespace psyne::inline v0
