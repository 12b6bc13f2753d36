#pragma once

#include <psyne/core/result/error.hpp>

#include <concepts>
#include <exception>
#include <string>
#include <type_traits>
#include <utility>

#include <tl/expected.hpp>

namespace psyne::inline v0 {

/// What Result<T>::value() throws on an error: Error::text() as what(), and the error itself.
class Exception : public std::exception {
 public:
  explicit Exception(Error error) : error_(std::move(error)), text_(error_.text()) {}
  const char* what() const noexcept override { return text_.c_str(); }
  const Error& error() const noexcept { return error_; }

 private:
  Error error_;
  std::string text_;
};

/// A value or an Error: a tl::expected whose value() throws psyne::Exception with the whole text.
/// Returning an Error or a Code from a function that returns Result<T> makes the failed result.
template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
  using Expected = tl::expected<T, Error>;

 public:
  using Expected::Expected;
  Result(Error error) : Expected(tl::unexpected<Error>(std::move(error))) {}  // NOLINT(google-explicit-constructor)
  Result(Code code) : Expected(tl::unexpected<Error>(Error(code))) {}         // NOLINT(google-explicit-constructor)

  T& value() & { return check(), **this; }
  const T& value() const& { return check(), **this; }
  T&& value() && { return check(), std::move(**this); }

 private:
  void check() const {
    if (!this->has_value()) throw Exception(this->error());
  }
};

template <>
class [[nodiscard]] Result<void> : public tl::expected<void, Error> {
  using Expected = tl::expected<void, Error>;

 public:
  using Expected::Expected;
  Result(Error error) : Expected(tl::unexpected<Error>(std::move(error))) {}  // NOLINT(google-explicit-constructor)
  Result(Code code) : Expected(tl::unexpected<Error>(Error(code))) {}         // NOLINT(google-explicit-constructor)

  void value() const {
    if (!has_value()) throw Exception(error());
  }
};

/// Both succeeded, with equal values, or both failed, with equal codes. (That of tl::expected cannot tell a result from
/// a value that it might hold.)
template <class T, class U>
  requires(std::is_void_v<T> && std::is_void_v<U>) || requires(const T& one, const U& other) {
    { one == other } -> std::convertible_to<bool>;
  }
bool operator==(const Result<T>& one, const Result<U>& other) {
  if (one.has_value() != other.has_value()) return false;
  if (!one.has_value()) return one.error() == other.error();
  if constexpr (std::is_void_v<T>) {
    return true;
  } else {
    return *one == *other;
  }
}

}  // namespace psyne::inline v0
