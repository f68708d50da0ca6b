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
  std::vector<std::vector<std::optional<std::string>>> rows;
  std::string title;
};

/// As psql prints it; `expanded` is \x.
std::string PrintTable(const ResultTable& table, OutputFormat format, bool expanded);

}  // namespace oxibase
