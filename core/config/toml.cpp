#include <psyne/core/config/sources.hpp>

#include <charconv>

// toml++ 3.3 asserts that a header "[[[" has a key, and with NDEBUG lets the compiler assume it, before it checks and
// reports it as any other mistake. A file must neither end the program nor be undefined: neither assert nor assume.
#undef NDEBUG
#define TOML_ASSERT(expression) static_cast<void>(0)
#define TOML_EXCEPTIONS 0
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

namespace psyne::inline v0 {

namespace {

/// Walks the tables, which toml++ bounds to 256 levels, and collects the values.
class Walk {
 public:
  explicit Walk(const std::string& path) : path_(path) {}

  Result<void> table(const toml::table& table, const std::string& prefix) {
    for (const auto& [key, node] : table) {
      const std::string name = prefix + std::string(key.str());
      if (const auto* inner = node.as_table()) {
        if (auto walked = this->table(*inner, name + '.'); !walked) return walked;
        continue;
      }
      auto text = value(node, name);
      if (!text) return text.error();
      entries_.push_back({name, *std::move(text), where(node)});
    }
    return {};
  }

  std::vector<Entry> take() { return std::move(entries_); }

 private:
  std::string where(const toml::node& node) const { return path_ + ':' + std::to_string(node.source().begin.line); }

  Result<std::string> value(const toml::node& node, const std::string& name) const {
    if (const auto text = node.value_exact<std::string>()) return *text;
    if (const auto truth = node.value_exact<bool>()) return std::string(*truth ? "true" : "false");
    if (const auto number = node.value_exact<std::int64_t>()) return std::to_string(*number);
    if (const auto number = node.value_exact<double>()) {
      char digits[32];
      const auto end = std::to_chars(digits, digits + sizeof digits, *number).ptr;
      return std::string(digits, end);
    }
    return Error(Code::invalid_argument, "cannot use " + name + " in " + where(node))
        .because("it is an array or a date")
        .mend("Write a string, a number, true or false.");
  }

  const std::string& path_;
  std::vector<Entry> entries_;
};

}  // namespace

Result<std::vector<Entry>> read_toml(std::string_view text, const std::string& path) {
  const toml::parse_result parsed = toml::parse(text, path);
  if (!parsed) {
    const toml::parse_error& mistake = parsed.error();
    return Error(Code::invalid_argument, "cannot read " + path + ':' + std::to_string(mistake.source().begin.line))
        .because(std::string(mistake.description()))
        .mend("The file is TOML: [table], then key = \"value\".");
  }
  Walk walk(path);
  if (auto walked = walk.table(parsed.table(), ""); !walked) return walked.error();
  return walk.take();
}

}  // namespace psyne::inline v0
