#pragma once

#include <psyne/core/result/result.hpp>
#include <psyne/core/uri/endpoint.hpp>
#include <psyne/core/uri/name.hpp>

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace psyne::inline v0 {

/// Where to open something, and how: scheme://place?key=value&key=value, checked.
///
/// The scheme is a letter and then letters, digits, + - . in any case, kept in lower case. The place is everything up
/// to the question mark, percent-decoded, never empty; name() and endpoint() read it as what the scheme needs. Keys are
/// lower case letters, digits, . _ -, each at most once; values are percent-decoded and may be empty. Space, control
/// bytes (%0A as well) and # are refused, + is a plus. At most 4096 bytes.
/// A plain value: copying copies, const calls are thread safe.
class Uri {
 public:
  static constexpr std::size_t longest = 4096;

  struct Parameter {
    std::string key;
    std::string value;
    std::size_t position;  ///< of the key in text(), counted from 1, for errors

    friend bool operator==(const Parameter&, const Parameter&) = default;
  };

  /// Code::invalid_argument with what is wrong where (characters count from 1), or Code::too_large. Linear in the
  /// length, quadratic in the number of keys, of which there are at most `most_keys`.
  static Result<Uri> parse(std::string_view text);
  static constexpr std::size_t most_keys = 64;

  const std::string& scheme() const noexcept { return scheme_; }
  const std::string& place() const noexcept { return place_; }
  /// The place as the name of a channel of this machine.
  Result<Name> name() const;
  /// The place as host and port.
  Result<Endpoint> endpoint() const;

  /// Every parameter, in the order of the text.
  std::span<const Parameter> query() const noexcept { return query_; }
  /// The value of `key`, or nothing. The view lives as long as this Uri.
  std::optional<std::string_view> find(std::string_view key) const noexcept;

  /// As it was given.
  const std::string& text() const noexcept { return text_; }
  /// As it was given, without the query: what errors and logs call it, since a query may hold secrets.
  std::string_view address() const noexcept { return std::string_view(text_).substr(0, address_length_); }

 private:
  Uri() = default;

  std::string text_;
  std::string scheme_;
  std::string place_;
  std::vector<Parameter> query_;
  std::size_t address_length_ = 0;
};

}  // namespace psyne::inline v0
