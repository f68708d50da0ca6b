#include "table_printer.h"

#include <algorithm>

#include "fmt/format.h"

namespace oxibase {
namespace {

/// The code point that begins at `at`, which moves behind it; a byte that begins none is itself.
char32_t NextCodePoint(const std::string& text, size_t* at) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte((*at)++);
  const int more = first < 0xC0 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
  char32_t code = more == 0 ? first : first & (0x3FU >> more);
  for (int i = 0; i < more && *at < text.size() && (byte(*at) & 0xC0) == 0x80; ++i) {
    code = code << 6 | (byte((*at)++) & 0x3FU);
  }
  return code;
}

struct CodeRange {
  char32_t first, last;
};
// The blocks that matter of Unicode's combining marks, and of East Asian Width's W and F.
constexpr CodeRange kZeroWidth[] = {
    {0x0300, 0x036F}, {0x0483, 0x0489}, {0x0591, 0x05BD}, {0x0610, 0x061A}, {0x064B, 0x065F},
    {0x0E34, 0x0E3A}, {0x0E47, 0x0E4E}, {0x1AB0, 0x1AFF}, {0x1DC0, 0x1DFF}, {0x200B, 0x200F},
    {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}, {0xFE20, 0xFE2F}};
constexpr CodeRange kDoubleWidth[] = {{0x1100, 0x115F},   {0x2E80, 0x303E},   {0x3041, 0x33FF},
                                      {0x3400, 0x4DBF},   {0x4E00, 0x9FFF},   {0xA000, 0xA4CF},
                                      {0xAC00, 0xD7A3},   {0xF900, 0xFAFF},   {0xFE30, 0xFE6F},
                                      {0xFF01, 0xFF60},   {0xFFE0, 0xFFE6},   {0x1F300, 0x1F64F},
                                      {0x1F680, 0x1F6FF}, {0x1F900, 0x1F9FF}, {0x20000, 0x3FFFD}};

template <size_t N>
bool Within(const CodeRange (&ranges)[N], char32_t code) {
  return std::any_of(std::begin(ranges), std::end(ranges), [&](const CodeRange& range) {
    return range.first <= code && code <= range.last;
  });
}

size_t Width(const std::string& text) { return DisplayWidth(text); }

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

std::string Aligned(const ResultTable& table, const std::string& null_text) {
  const size_t columns = table.names.size();
  std::vector<size_t> widths;
  for (const auto& name : table.names) widths.push_back(Width(name));
  std::vector<std::vector<std::vector<std::string>>> cells;
  for (const auto& row : table.rows) {
    auto& lines = cells.emplace_back();
    for (size_t c = 0; c < columns; ++c) {
      lines.push_back(Lines(row[c].value_or(null_text)));
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
  if (table.default_footer && table.footers.empty()) {
    out += fmt::format("({} row{})\n", table.rows.size(), table.rows.size() == 1 ? "" : "s");
  }
  for (const auto& footer : table.footers) out += footer + '\n';
  return out + '\n';
}

std::string Expanded(const ResultTable& table, const std::string& null_text) {
  std::string out = table.title.empty() ? "" : table.title + '\n';
  if (table.rows.empty()) return out + (table.default_footer ? "(0 rows)\n\n" : "\n");
  size_t name_width = 0, value_width = 0;
  for (const auto& name : table.names) name_width = std::max(name_width, Width(name));
  std::vector<std::vector<std::vector<std::string>>> cells;
  for (const auto& row : table.rows) {
    auto& lines = cells.emplace_back();
    for (const auto& value : row) {
      lines.push_back(Lines(value.value_or(null_text)));
      for (const auto& line : lines.back()) value_width = std::max(value_width, Width(line));
    }
  }
  for (size_t r = 0; r < table.rows.size(); ++r) {
    std::string head = fmt::format("-[ RECORD {} ]", r + 1);
    while (head.size() < name_width + 1) head += '-';
    if (head.size() == name_width + 1) head += '+';
    while (head.size() < name_width + value_width + 3) head += '-';
    out += head + '\n';
    for (size_t c = 0; c < table.names.size(); ++c) {
      const auto& lines = cells[r][c];
      for (size_t line = 0; line < lines.size(); ++line) {
        const std::string& name = line == 0 ? table.names[c] : "";
        out += name + std::string(name_width - Width(name), ' ') + " | " + lines[line];
        if (line + 1 < lines.size()) {
          out += std::string(value_width - Width(lines[line]), ' ') + '+';
        }
        out += '\n';
      }
    }
  }
  for (const auto& footer : table.footers) out += '\n' + footer + '\n';
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

std::string Csv(const ResultTable& table, const std::string& null_text) {
  std::string out;
  for (size_t c = 0; c < table.names.size(); ++c) out += (c ? "," : "") + CsvField(table.names[c]);
  out += '\n';
  for (const auto& row : table.rows) {
    for (size_t c = 0; c < row.size(); ++c) {
      if (c) out += ',';
      out += row[c] && row[c]->empty() ? "\"\"" : CsvField(row[c].value_or(null_text));
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
      if (!value) {
        out += "null";
      } else if (table.is_bool[c]) {
        out += *value == "t" ? "true" : "false";
      } else if (table.is_json[c] ||
                 (table.is_number[c] && value->find_first_of("NI") == std::string::npos)) {
        out += *value;  // NaN and Infinity are no numbers of JSON
      } else {
        out += JsonString(*value);
      }
    }
    out += '}';
  }
  return out + "\n]\n";
}

std::string Markdown(const ResultTable& table, const std::string& null_text) {
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
    for (const auto& value : row) out += " " + cell(value.value_or(null_text)) + " |";
    out += '\n';
  }
  return out + '\n';
}

}  // namespace

size_t DisplayWidth(const std::string& text) {
  size_t width = 0;
  for (size_t at = 0; at < text.size();) {
    const char32_t code = NextCodePoint(text, &at);
    width += Within(kZeroWidth, code) ? 0 : Within(kDoubleWidth, code) ? 2 : 1;
  }
  return width;
}

std::string PrintTable(const ResultTable& table, const PrintOptions& options) {
  switch (options.format) {
    case OutputFormat::kCsv:
      return Csv(table, options.null_text);
    case OutputFormat::kJson:
      return Json(table);
    case OutputFormat::kMarkdown:
      return Markdown(table, options.null_text);
    case OutputFormat::kTable:
      break;
  }
  return options.expanded ? Expanded(table, options.null_text) : Aligned(table, options.null_text);
}

}  // namespace oxibase
