#pragma once

#include <string>
#include <vector>

namespace psyne_tool {

/// Rows of text in aligned columns: the first column to the left, numbers to the right.
class Table {
 public:
  explicit Table(std::vector<std::string> header) : rows_{std::move(header)} {}
  void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
  /// Columns from `from` on are aligned to the right.
  std::string text(std::size_t right_from = 1) const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

/// A number with as many digits as mean something: "8.31", "104", "1.2 k" is not made; units stand in the header.
std::string digits(double value);
/// "8 B", "64 KiB", "1 MiB".
std::string size_text(std::size_t bytes);

}  // namespace psyne_tool
