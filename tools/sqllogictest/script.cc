#include "script.h"

#include <cctype>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace oxibase::slt {
namespace {

std::vector<std::string> Words(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> words;
  for (std::string word; in >> word;) words.push_back(word);
  return words;
}

bool IsBlank(const std::string& line) {
  return line.find_first_not_of(" \t\r") == std::string::npos;
}

std::string Upper(std::string text) {
  for (char& c : text) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  return text;
}

/// Fills in `(42703) part of the message` from the head line after the word "error".
bool ReadError(const std::string& line, Record& record) {
  size_t open = line.find('(');
  size_t close = line.find(')', open);
  record.expect = Expectation::kError;
  if (open == std::string::npos) return Words(line).size() == 2;
  if (close == std::string::npos || close - open != 6) return false;
  record.sqlstate = line.substr(open + 1, 5);
  size_t text = line.find_first_not_of(' ', close + 1);
  if (text != std::string::npos) record.message_part = line.substr(text);
  return true;
}

bool ReadHead(const std::string& line, Record& record) {
  std::vector<std::string> words = Words(line);
  const std::string& kind = words[0];
  if (kind == "halt") return record.kind = RecordKind::kHalt, true;
  if (kind == "restart") return record.kind = RecordKind::kRestart, true;
  if (words.size() < 2) return false;
  const std::string& what = words[1];
  if (kind == "connection") {
    record.kind = RecordKind::kConnection;
    record.name = what;
    return true;
  }
  if (kind != "statement" && kind != "query") return false;
  record.kind = kind == "query" ? RecordKind::kQuery : RecordKind::kStatement;
  if (what == "error") {
    record.kind = RecordKind::kStatement;
    return ReadError(line, record);
  }
  if (kind == "query") {
    record.types = what;
    if (words.size() > 2) {
      if (words[2] == "rowsort") {
        record.sort = SortMode::kRowSort;
      } else if (words[2] == "valuesort") {
        record.sort = SortMode::kValueSort;
      } else if (words[2] != "nosort") {
        return false;
      }
    }
    return true;
  }
  if (what == "ok") return true;
  if (words.size() < 3) return false;
  if (what == "count") {
    record.expect = Expectation::kCount;
    record.count = std::atoll(words[2].c_str());
    return true;
  }
  record.name = words[2];
  if (what == "waits") return record.expect = Expectation::kWaits, true;
  if (what != "wakes" || words.size() < 4) return false;
  record.expect = Expectation::kWakes;
  if (words[3] != "ok") record.sqlstate = words[3];
  return true;
}

/// Splits "COPY ... FROM STDIN;" and the data lines behind it.
void SplitCopyData(Record& record) {
  std::string upper = Upper(record.sql);
  if (!upper.starts_with("COPY") || upper.find("FROM STDIN") == std::string::npos) return;
  size_t end = record.sql.find(";\n");
  if (end == std::string::npos) return;
  std::string data = record.sql.substr(end + 2);
  record.sql.resize(end + 1);
  size_t stop = data.starts_with("\\.") ? 0 : data.rfind("\n\\.");
  if (stop != std::string::npos) data.resize(stop == 0 ? 0 : stop + 1);
  record.copy_data = data;
}

}  // namespace

bool ReadScript(const std::string& path, Script& script, std::string& error) {
  script.path = path;
  std::ifstream in(path);
  if (!in) return error = path + ": cannot be read", false;
  for (std::string line; std::getline(in, line);) script.lines.push_back(line);
  std::vector<std::string> skip_if, only_if;
  const std::vector<std::string>& lines = script.lines;
  for (size_t i = 0; i < lines.size();) {
    if (IsBlank(lines[i]) || lines[i][0] == '#') {
      ++i;
      continue;
    }
    std::vector<std::string> words = Words(lines[i]);
    if ((words[0] == "skipif" || words[0] == "onlyif") && words.size() == 2) {
      (words[0] == "skipif" ? skip_if : only_if).push_back(words[1]);
      ++i;
      continue;
    }
    Record record;
    record.head_line = i;
    if (!ReadHead(lines[i], record)) {
      return error = path + ":" + std::to_string(i + 1) + ": not understood: " + lines[i], false;
    }
    ++i;
    record.skip_if.swap(skip_if);
    record.only_if.swap(only_if);
    bool has_text = record.kind == RecordKind::kStatement || record.kind == RecordKind::kQuery;
    if (has_text) {
      // Blank lines may stand inside COPY data, which ends by \. anyway.
      bool copying = false;
      for (; i < lines.size() && (copying || !IsBlank(lines[i])) && lines[i] != "----"; ++i) {
        record.sql += lines[i] + "\n";
        std::string upper = Upper(lines[i]);
        if (upper.starts_with("COPY") && upper.find("FROM STDIN") != std::string::npos) {
          copying = true;
        }
        if (lines[i] == "\\.") copying = false;
      }
      record.separator_line = i;
      if (i < lines.size() && lines[i] == "----") {
        record.has_rows = true;
        for (++i; i < lines.size() && !lines[i].empty(); ++i) record.rows.push_back(lines[i]);
      }
      SplitCopyData(record);
    }
    record.end_line = i;
    script.records.push_back(std::move(record));
  }
  return true;
}

}  // namespace oxibase::slt
