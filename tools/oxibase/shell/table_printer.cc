#include "table_printer.h"

#include <algorithm>

#include "fmt/format.h"

namespace oxibase {
namespace {

/// Columns of a terminal: code points, wide ones (East Asian) counted as one too.
size_t Width(const std::string& text) {
  return static_cast<size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::vector<std::string> Lines(const std::string& text) {
  std::vector<std::string> lines(1);
  for (const char c : text) {
    if (c == '\n') {
      lines.emplace_back();
    } else {
      lines.back() += c;
    }
  }
  return lines;
}

std::string Aligned(const ResultTable& table) {
  const size_t columns = table.names.size();
  std::vector<size_t> widths;
  for (const auto& name : table.names) widths.push_back(Width(name));
  std::vector<std::vector<std::vector<std::string>>> cells;
  for (const auto& row : table.rows) {
    auto& lines = cells.emplace_back();
    for (size_t c = 0; c < columns; ++c) {
      lines.push_back(Lines(row[c].value_or("")));
      for (const auto& line : lines.back()) widths[c] = std::max(widths[c], Width(line));
    }
  }
  std::string out;
  size_t total = columns ? columns * 3 - 1 : 0;
  for (const size_t width : widths) total += width;
  if (!table.title.empty()) {
    const size_t width = Width(table.title);
    out += std::string(total > width ? (total - width) / 2 : 0, ' ') + table.title + "\n";
  }
  for (size_t c = 0; c < columns; ++c) {
    const size_t room = widths[c] - Width(table.names[c]);
    if (c) out += '|';
    out += std::string(room / 2 + 1, ' ') + table.names[c];
    out += std::string(room - room / 2 + 1, ' ');
  }
  out += '\n';
  for (size_t c = 0; c < columns; ++c) out += (c ? "+" : "") + std::string(widths[c] + 2, '-');
  out += '\n';
  for (const auto& row : cells) {
    size_t height = 1;
    for (const auto& lines : row) height = std::max(height, lines.size());
    for (size_t line = 0; line < height; ++line) {
      for (size_t c = 0; c < columns; ++c) {
        const std::string text = line < row[c].size() ? row[c][line] : "";
        const bool more = line + 1 < row[c].size();
        const std::string fill(widths[c] - Width(text), ' ');
        if (c) out += '|';
        out += ' ';
        out += table.right_aligned[c] ? fill + text : text + (c + 1 < columns || more ? fill : "");
        if (more) {
          out += '+';
        } else if (c + 1 < columns) {
          out += ' ';
        }
      }
      out += '\n';
    }
  }
  out += fmt::format("({} row{})\n\n", table.rows.size(), table.rows.size() == 1 ? "" : "s");
  return out;
}

std::string Expanded(const ResultTable& table) {
  if (table.rows.empty()) return "(0 rows)\n\n";
  size_t name_width = 0, value_width = 0;
  for (const auto& name : table.names) name_width = std::max(name_width, Width(name));
  for (const auto& row : table.rows) {
    for (const auto& value : row) {
      for (const auto& line : Lines(value.value_or(""))) {
        value_width = std::max(value_width, Width(line));
      }
    }
  }
  std::string out;
  for (size_t r = 0; r < table.rows.size(); ++r) {
    std::string head = fmt::format("-[ RECORD {} ]", r + 1);
    while (head.size() < name_width + 1) head += '-';
    if (head.size() == name_width + 1) head += '+';
    while (head.size() < name_width + value_width + 3) head += '-';
    out += head + '\n';
    for (size_t c = 0; c < table.names.size(); ++c) {
      bool first = true;
      for (const auto& line : Lines(table.rows[r][c].value_or(""))) {
        const std::string& name = first ? table.names[c] : "";
        out += name + std::string(name_width - Width(name), ' ') + " | " + line + '\n';
        first = false;
      }
    }
  }
  return out + '\n';
}

std::string CsvField(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string JsonString(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    switch (c) {
      case '"':
        out += "\\\"";
        break;
      case '\\':
        out += "\\\\";
        break;
      case '\n':
        out += "\\n";
        break;
      case '\r':
        out += "\\r";
        break;
      case '\t':
        out += "\\t";
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out += fmt::format("\\u{:04x}", static_cast<int>(c));
        } else {
          out += c;
        }
    }
  }
  return out + '"';
}

std::string Csv(const ResultTable& table) {
  std::string out;
  for (size_t c = 0; c < table.names.size(); ++c) out += (c ? "," : "") + CsvField(table.names[c]);
  out += '\n';
  for (const auto& row : table.rows) {
    for (size_t c = 0; c < row.size(); ++c) {
      if (c) out += ',';
      if (row[c]) out += row[c]->empty() ? "\"\"" : CsvField(*row[c]);
    }
    out += '\n';
  }
  return out;
}

std::string Json(const ResultTable& table) {
  std::string out = "[";
  for (size_t r = 0; r < table.rows.size(); ++r) {
    out += r ? ",\n {" : "\n {";
    for (size_t c = 0; c < table.names.size(); ++c) {
      if (c) out += ", ";
      out += JsonString(table.names[c]) + ": ";
      const auto& value = table.rows[r][c];
      const bool bare =
          table.is_number[c] && value && value->find_first_of("NI") == std::string::npos;
      out += !value ? "null" : bare ? *value : JsonString(*value);
    }
    out += '}';
  }
  return out + "\n]\n";
}

std::string Markdown(const ResultTable& table) {
  const auto cell = [](const std::string& text) {
    std::string out;
    for (const char c : text) out += c == '|' ? "\\|" : c == '\n' ? "<br>" : std::string(1, c);
    return out;
  };
  std::string out = "|";
  for (const auto& name : table.names) out += " " + cell(name) + " |";
  out += "\n|";
  for (const bool right : table.right_aligned) out += right ? "---:|" : "---|";
  out += '\n';
  for (const auto& row : table.rows) {
    out += '|';
    for (const auto& value : row) out += " " + cell(value.value_or("")) + " |";
    out += '\n';
  }
  return out + '\n';
}

}  // namespace

std::string PrintTable(const ResultTable& table, OutputFormat format, bool expanded) {
  switch (format) {
    case OutputFormat::kCsv:
      return Csv(table);
    case OutputFormat::kJson:
      return Json(table);
    case OutputFormat::kMarkdown:
      return Markdown(table);
    case OutputFormat::kTable:
      break;
  }
  return expanded ? Expanded(table) : Aligned(table);
}

}  // namespace oxibase
