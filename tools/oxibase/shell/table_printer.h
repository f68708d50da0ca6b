#pragma once

#include <optional>
#include <string>
#include <vector>

namespace oxibase {

enum class OutputFormat { kTable, kCsv, kJson, kMarkdown };

/// A result as text: what a screen shows is made from this alone.
struct ResultTable {
  std::vector<std::string> names;
  std::vector<bool> right_aligned;
  std::vector<bool> is_number;  // JSON: without quotes
  std::vector<bool> is_json;    // JSON: as it stands
  std::vector<bool> is_bool;    // JSON: true, false
  std::vector<std::vector<std::optional<std::string>>> rows;
  std::string title;
  std::vector<std::string> footers;
  bool default_footer = true;  // "(3 rows)", when there are no others
};

struct PrintOptions {
  OutputFormat format = OutputFormat::kTable;
  bool expanded = false;  // \x
  std::string null_text;  // what stands for NULL, but in JSON
};

/// As psql prints it.
std::string PrintTable(const ResultTable& table, const PrintOptions& options);

/// Columns of a terminal that the text takes: combining marks none, East Asian wide characters two.
size_t DisplayWidth(const std::string& text);

}  // namespace oxibase
