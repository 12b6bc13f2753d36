#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace psyne::inline v0 {

/// Appends values to bytes that go to a peer: in this machine's byte order, which a handshake compares first, or, where
/// both ends must understand each other before that, little-endian. Thread safety: as a value.
class ByteWriter {
 public:
  /// `bytes` outlives it.
  explicit ByteWriter(std::vector<std::byte>& bytes) : bytes_(bytes) {}

  template <class T>
    requires std::is_trivially_copyable_v<T>
  void put(const T& value) {
    put(std::as_bytes(std::span(&value, 1)));
  }
  void put(std::span<const std::byte> bytes) { bytes_.insert(bytes_.end(), bytes.begin(), bytes.end()); }
  template <class T>
  void put_little_endian(T value) {
    for (std::size_t i = 0; i < sizeof value; ++i) {
      bytes_.push_back(static_cast<std::byte>(static_cast<std::make_unsigned_t<T>>(value) >> (8 * i)));
    }
  }
  /// `text` in a field of that many bytes: cut there, or filled with zeros.
  void put_padded(std::string_view text, std::size_t field) {
    const auto kept = std::as_bytes(std::span(text.substr(0, field)));
    put(kept);
    bytes_.resize(bytes_.size() + field - kept.size());
  }

 private:
  std::vector<std::byte>& bytes_;
};

/// Takes values from the front of bytes that a peer sent; once something is not there, good() is false and all that
/// follows is zero. Thread safety: as a value.
class ByteReader {
 public:
  /// `bytes` outlive it.
  explicit ByteReader(std::span<const std::byte> bytes) : rest_(bytes) {}

  bool good() const { return good_; }
  bool at_end() const { return good_ && rest_.empty(); }
  std::span<const std::byte> take(std::size_t bytes) {
    if (bytes > rest_.size()) good_ = false;
    if (!good_) return {};
    const auto front = rest_.first(bytes);
    rest_ = rest_.subspan(bytes);
    return front;
  }
  std::span<const std::byte> take_rest() { return take(rest_.size()); }
  template <class T>
  T take() {
    T value{};
    if (const auto bytes = take(sizeof value); !bytes.empty()) std::memcpy(&value, bytes.data(), sizeof value);
    return value;
  }
  template <class T>
  T take_little_endian() {
    std::make_unsigned_t<T> value = 0;
    const auto bytes = take(sizeof value);
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      value = static_cast<std::make_unsigned_t<T>>(
          value | std::make_unsigned_t<T>{std::to_integer<std::uint8_t>(bytes[i])} << (8 * i));
    }
    return static_cast<T>(value);
  }
  /// The text of a field of that many bytes, up to the first zero.
  std::string_view take_padded(std::size_t field) {
    const auto bytes = take(field);
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    return text.substr(0, text.find('\0'));
  }

 private:
  std::span<const std::byte> rest_;
  bool good_ = true;
};

}  // namespace psyne::inline v0
