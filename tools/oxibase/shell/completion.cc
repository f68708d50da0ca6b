#include "completion.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <memory>

namespace oxibase {
namespace {

using Kind = NameQuery::Kind;

// Words that begin a statement, and words within one.
constexpr auto kFirstWords = std::to_array<std::string_view>({"ABORT",
                                                              "ALTER TABLE",
                                                              "ANALYZE",
                                                              "BEGIN",
                                                              "CLOSE",
                                                              "COMMENT ON",
                                                              "COMMIT",
                                                              "COPY",
                                                              "CREATE",
                                                              "DEALLOCATE",
                                                              "DECLARE",
                                                              "DELETE FROM",
                                                              "DISCARD",
                                                              "DROP",
                                                              "END",
                                                              "EXECUTE",
                                                              "EXPLAIN",
                                                              "FETCH",
                                                              "INSERT INTO",
                                                              "LOCK",
                                                              "MOVE",
                                                              "PREPARE",
                                                              "RELEASE SAVEPOINT",
                                                              "RESET",
                                                              "ROLLBACK",
                                                              "SAVEPOINT",
                                                              "SELECT",
                                                              "SET",
                                                              "SHOW",
                                                              "START TRANSACTION",
                                                              "TABLE",
                                                              "TRUNCATE",
                                                              "UPDATE",
                                                              "VACUUM",
                                                              "VALUES",
                                                              "WITH"});
constexpr auto kInnerWords = std::to_array<std::string_view>({"COALESCE",
                                                              "EXTRACT",
                                                              "GREATEST",
                                                              "LEAST",
                                                              "NULLIF",
                                                              "ALL",
                                                              "AND",
                                                              "ANY",
                                                              "AS",
                                                              "ASC",
                                                              "BETWEEN",
                                                              "BY",
                                                              "CASCADE",
                                                              "CASE",
                                                              "CAST",
                                                              "CHECK",
                                                              "COLUMN",
                                                              "CONFLICT",
                                                              "CONSTRAINT",
                                                              "CROSS JOIN",
                                                              "CURRENT_DATE",
                                                              "CURRENT_TIMESTAMP",
                                                              "DEFAULT",
                                                              "DELETE",
                                                              "DESC",
                                                              "DISTINCT",
                                                              "DO",
                                                              "ELSE",
                                                              "END",
                                                              "EXCEPT",
                                                              "EXISTS",
                                                              "FALSE",
                                                              "FILTER",
                                                              "FIRST",
                                                              "FOREIGN KEY",
                                                              "FOR",
                                                              "FROM",
                                                              "FULL JOIN",
                                                              "GENERATED",
                                                              "GROUP BY",
                                                              "GROUPING SETS",
                                                              "HAVING",
                                                              "IDENTITY",
                                                              "ILIKE",
                                                              "IN",
                                                              "INNER JOIN",
                                                              "INTERSECT",
                                                              "INTERVAL",
                                                              "INTO",
                                                              "IS",
                                                              "JOIN",
                                                              "KEY",
                                                              "LAST",
                                                              "LATERAL",
                                                              "LEFT JOIN",
                                                              "LIKE",
                                                              "LIMIT",
                                                              "NATURAL JOIN",
                                                              "NOT",
                                                              "NOTHING",
                                                              "NULL",
                                                              "NULLS",
                                                              "OFFSET",
                                                              "ON",
                                                              "OR",
                                                              "ORDER BY",
                                                              "OVER",
                                                              "PARTITION BY",
                                                              "PRIMARY KEY",
                                                              "RECURSIVE",
                                                              "REFERENCES",
                                                              "RESTRICT",
                                                              "RETURNING",
                                                              "RIGHT JOIN",
                                                              "ROLLUP",
                                                              "SELECT",
                                                              "SET",
                                                              "TABLE",
                                                              "THEN",
                                                              "TO",
                                                              "TRUE",
                                                              "UNION",
                                                              "UNIQUE",
                                                              "UPDATE",
                                                              "USING",
                                                              "VALUES",
                                                              "WHEN",
                                                              "WHERE",
                                                              "WINDOW",
                                                              "WITH",
                                                              "WITHIN GROUP"});
constexpr auto kObjects =
    std::to_array<std::string_view>({"INDEX", "OR REPLACE VIEW", "SCHEMA", "SEQUENCE", "TABLE",
                                     "TEMPORARY TABLE", "UNIQUE INDEX", "VIEW"});
constexpr auto kAlterations = std::to_array<std::string_view>(
    {"ADD COLUMN", "ADD CONSTRAINT", "ALTER COLUMN", "DROP COLUMN", "DROP CONSTRAINT",
     "RENAME COLUMN", "RENAME TO", "SET SCHEMA", "OWNER TO"});
constexpr auto kBackslashCommands = std::to_array<std::string_view>(
    {"\\?",  "\\copy", "\\d",    "\\da", "\\dC", "\\df",   "\\di",     "\\dn",   "\\do", "\\ds",
     "\\dT", "\\dt",   "\\du",   "\\dv", "\\e",  "\\echo", "\\g",      "\\gx",   "\\i",  "\\l",
     "\\o",  "\\p",    "\\pset", "\\q",  "\\r",  "\\sv",   "\\timing", "\\tour", "\\w",  "\\x"});

std::string Cased(std::string_view text, bool upper) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), [&](unsigned char c) {
    return static_cast<char>(upper ? std::toupper(c) : std::tolower(c));
  });
  return out;
}
std::string Upper(std::string_view text) { return Cased(text, true); }

bool IsWordChar(char c) {
  return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || c == '$' || c == '"' ||
         (c & 0x80) != 0;
}

/// The text's words, without strings and comments; punctuation characters are words of their own.
std::vector<std::string> Words(std::string_view text) {
  std::vector<std::string> words;
  for (size_t i = 0; i < text.size();) {
    const char c = text[i];
    size_t end = i + 1;
    if (c == '\'') {
      end = text.find('\'', i + 1);
      end = end == std::string_view::npos ? text.size() : end + 1;
      words.emplace_back("''");
    } else if (text.substr(i, 2) == "--") {
      end = std::min(text.find('\n', i), text.size());
    } else if (IsWordChar(c)) {
      while (end < text.size() && (IsWordChar(text[end]) || text[end] == '.')) ++end;
      words.emplace_back(text.substr(i, end - i));
    } else if (std::isspace(static_cast<unsigned char>(c)) == 0) {
      words.emplace_back(1, c);
    }
    i = end;
  }
  return words;
}

/// Names in FROM, JOIN, UPDATE and INTO with their aliases: alias (or name), relation.
std::vector<std::pair<std::string, std::string>> NamedRelations(
    const std::vector<std::string>& words) {
  static constexpr auto kNoAlias = std::to_array<std::string_view>(
      {"WHERE",  "JOIN",   "ON",      "USING",  "SET",    "LEFT",  "RIGHT",  "FULL",
       "INNER",  "CROSS",  "NATURAL", "GROUP",  "ORDER",  "LIMIT", "VALUES", "RETURNING",
       "SELECT", "HAVING", "UNION",   "WINDOW", "OFFSET", "FOR",   "DEFAULT"});
  std::vector<std::pair<std::string, std::string>> found;
  bool list = false;  // behind FROM, where commas go on
  for (size_t i = 0; i + 1 < words.size(); ++i) {
    const std::string word = Upper(words[i]);
    const bool begins = word == "FROM" || word == "JOIN" || word == "UPDATE" || word == "INTO" ||
                        word == "TABLE" || word == "ON";
    if (word == "FROM") list = true;
    if (word == "WHERE" || word == "SELECT" || word == "GROUP" || word == "ORDER") list = false;
    if (!begins && !(list && word == ",")) continue;
    const std::string& relation = words[i + 1];
    if (!IsWordChar(relation[0])) continue;
    found.emplace_back(relation, relation);
    const size_t dot = relation.rfind('.');
    if (dot != std::string::npos) found.back().first = relation.substr(dot + 1);
    size_t next = i + 2;
    if (next < words.size() && Upper(words[next]) == "AS") ++next;
    if (next < words.size() && IsWordChar(words[next][0]) &&
        std::find(kNoAlias.begin(), kNoAlias.end(), Upper(words[next])) == kNoAlias.end()) {
      found.emplace_back(words[next], relation);
    }
  }
  return found;
}

std::vector<std::string> FileNames(std::string_view word) {
  const size_t slash = word.rfind('/');
  const std::string folder =
      slash == std::string_view::npos ? "" : std::string(word.substr(0, slash + 1));
  const std::string_view prefix = slash == std::string_view::npos ? word : word.substr(slash + 1);
  std::vector<std::string> names;
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(opendir(folder.empty() ? "." : folder.c_str()),
                                                    &closedir);
  while (entries) {
    const dirent* entry = readdir(entries.get());
    if (!entry) break;
    const std::string_view name = entry->d_name;
    if (!name.starts_with(prefix) || (name.starts_with('.') && !prefix.starts_with('.'))) continue;
    std::string path = folder + std::string(name);
    struct stat info{};
    if (stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) path += '/';
    names.push_back(std::move(path));
  }
  std::sort(names.begin(), names.end());
  return names;
}

class Completer {
 public:
  Completer(Session& session, std::string_view text) : session_(session) {
    size_t begin = text.size();
    while (begin > 0 && (IsWordChar(text[begin - 1]) || text[begin - 1] == '.')) --begin;
    word_ = text.substr(begin);
    words_ = Words(text.substr(0, begin));
  }

  Completion Run() {
    const size_t dot = word_.rfind('.');
    if (dot != std::string::npos) {
      CompleteQualified(word_.substr(0, dot), word_.substr(dot + 1));
    } else {
      CompletePlain();
    }
    return Finish();
  }

  Completion RunBackslash(std::string_view line) {
    const size_t blank = line.find_first_of(" \t");
    if (blank == std::string_view::npos) {
      word_ = line;
      AddWords(kBackslashCommands, false);
      return Finish();
    }
    const std::string_view command = line.substr(0, blank);
    const size_t last = line.find_last_of(" \t");
    const std::string_view rest = line.substr(last + 1);
    const std::string before = Upper(line.substr(0, last));
    if (command == "\\i" || command == "\\o" || command == "\\w" || command == "\\e" ||
        (command == "\\copy" && (before.ends_with(" FROM") || before.ends_with(" TO")))) {
      word_ = rest;
      found_ = FileNames(rest);
    } else if (command == "\\x" || command == "\\timing") {
      AddWords(std::to_array<std::string_view>({"on", "off"}), false);
    } else if (command == "\\pset" && before.ends_with("FORMAT")) {
      AddWords(std::to_array<std::string_view>({"aligned", "csv", "json", "markdown"}), false);
    } else if (command == "\\pset") {
      AddWords(std::to_array<std::string_view>({"expanded", "format", "null"}), false);
    } else if (command == "\\copy" && last > blank) {
      AddWords(std::to_array<std::string_view>({"FROM", "TO", "WITH"}), true);
    } else {
      const size_t dot = word_.rfind('.');
      if (dot != std::string::npos) {
        CompleteQualified(word_.substr(0, dot), word_.substr(dot + 1));
      } else {
        AddNames(command == "\\di"                                  ? Kind::kIndex
                 : command == "\\dt" || command == "\\dt+"          ? Kind::kTable
                 : command.starts_with("\\dv") || command == "\\sv" ? Kind::kView
                 : command.starts_with("\\ds")                      ? Kind::kSequence
                 : command.starts_with("\\dn")                      ? Kind::kSchema
                 : command.starts_with("\\df")                      ? Kind::kFunction
                                                                    : Kind::kRelation);
        if (!command.starts_with("\\df") && !command.starts_with("\\dn")) AddNames(Kind::kSchema);
      }
    }
    return Finish();
  }

 private:
  std::string Word(size_t from_end) const {
    return words_.size() >= from_end ? Upper(words_[words_.size() - from_end]) : std::string();
  }

  template <size_t N>
  void AddWords(const std::array<std::string_view, N>& list, bool sql) {
    const bool upper = !sql || word_.empty() || std::isupper(static_cast<unsigned char>(word_[0]));
    const std::string prefix = sql ? Upper(word_) : word_;
    for (const std::string_view word : list) {
      if (word.starts_with(prefix)) found_.push_back(sql ? Cased(word, upper) : std::string(word));
    }
  }

  void AddNames(Kind kind, std::vector<std::string> relations = {}, std::string schema = {}) {
    for (auto& name : session_.Complete({kind, word_, std::move(schema), std::move(relations)})) {
      found_.push_back(std::move(name));
    }
  }

  void AddColumns() {
    std::vector<std::string> relations;
    for (const auto& [alias, relation] : NamedRelations(words_)) relations.push_back(relation);
    AddNames(Kind::kColumn, std::move(relations));
  }

  void CompleteQualified(const std::string& qualifier, const std::string& prefix) {
    word_ = prefix;
    for (const auto& [alias, relation] : NamedRelations(words_)) {
      if (alias == qualifier) AddNames(Kind::kColumn, {relation});
    }
    AddNames(Kind::kRelation, {}, qualifier);
  }

  void CompletePlain() {
    const std::string last = Word(1), before = Word(2);
    if (words_.empty() || last == ";") return AddWords(kFirstWords, true);
    if (words_.size() == 1 && (last == "CREATE" || last == "DROP")) return AddWords(kObjects, true);
    if (last == "SHOW" || last == "RESET" || (last == "SET" && words_.size() == 1)) {
      return AddNames(Kind::kSetting);
    }
    const std::string first = Upper(words_[0]);
    if (last == "INDEX" && first == "DROP") return AddNames(Kind::kIndex);
    if (last == "VIEW" && first == "DROP") return AddNames(Kind::kView);
    if (last == "SEQUENCE" && first != "CREATE") return AddNames(Kind::kSequence);
    if (last == "SCHEMA" && first != "CREATE") return AddNames(Kind::kSchema);
    if (last == "::" || last == ":") return AddNames(Kind::kType);
    const bool relation = last == "FROM" || last == "JOIN" || last == "INTO" || last == "UPDATE" ||
                          last == "REFERENCES" || last == "COPY" || last == "TRUNCATE" ||
                          last == "ANALYZE" || last == "VACUUM" ||
                          (last == "TABLE" && first != "CREATE") ||
                          (last == "ON" && first == "CREATE");
    if (relation) {
      AddNames(Kind::kRelation);
      AddNames(Kind::kSchema);
      if (last == "JOIN" || last == "FROM") {
        AddWords(std::to_array<std::string_view>({"LATERAL"}), true);
      }
      return;
    }
    if (first == "ALTER" && before == "TABLE") return AddWords(kAlterations, true);
    AddColumns();
    const bool columns_only =
        last == "SET" || last == "COLUMN" || (first == "INSERT" && last == "(");
    if (columns_only) return;
    AddWords(kInnerWords, true);
    if (!found_.empty()) return;
    AddNames(Kind::kRelation);
    AddNames(Kind::kFunction);
  }

  Completion Finish() {
    std::sort(found_.begin(), found_.end());
    found_.erase(std::unique(found_.begin(), found_.end()), found_.end());
    return {word_.size(), std::move(found_)};
  }

  Session& session_;
  std::string word_;                // before the cursor, to be replaced
  std::vector<std::string> words_;  // before that
  std::vector<std::string> found_;
};

}  // namespace

Completion CompleteText(Session& session, std::string_view text) {
  const size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin != std::string_view::npos && text[begin] == '\\') {
    return Completer(session, text).RunBackslash(text.substr(begin));
  }
  return Completer(session, text).Run();
}

}  // namespace oxibase
