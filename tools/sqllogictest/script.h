#pragma once
// A .test file as records. The format is sqllogictest's, with PostgreSQL's text forms as values:
//
//   # comment                          statement ok | count N | error (SQLSTATE) [part of message]
//   connection NAME                    statement waits NAME      still blocked after a short while
//   skipif | onlyif BACKEND            statement wakes NAME ok|SQLSTATE   the waiting one has ended
//   halt                               query TYPES [nosort|rowsort|valuesort]
//   restart                            query error (SQLSTATE)
//
// A record's SQL runs to the next blank line or `----`; after `----` come the expected rows, one a
// line, values separated by a space or a tab. NULL prints as NULL, an empty string as (empty), a
// line break as \n. `COPY ... FROM STDIN;` is followed by its data, ended by `\.`; what COPY ... TO
// STDOUT sends counts as rows of one column. BACKEND is embedded, wire, postgres or oxibase (the
// first two).

#include <string>
#include <vector>

namespace oxibase::slt {

enum class RecordKind { kStatement, kQuery, kConnection, kRestart, kHalt };
enum class Expectation { kOk, kCount, kError, kWaits, kWakes };
enum class SortMode { kNoSort, kRowSort, kValueSort };

struct Record {
  RecordKind kind = RecordKind::kStatement;
  Expectation expect = Expectation::kOk;
  SortMode sort = SortMode::kNoSort;
  /// Of `connection`, `waits` and `wakes`.
  std::string name;
  /// Of `error` and `wakes`; empty is "ok" or any.
  std::string sqlstate;
  std::string message_part;
  std::string types;
  int64_t count = 0;
  std::string sql;
  std::string copy_data;
  bool has_rows = false;
  std::vector<std::string> rows;
  /// Back ends named by skipif and onlyif before the record.
  std::vector<std::string> skip_if, only_if;
  /// Lines of the file, from 0: the record's head, the `----` (or where it would be), and past the
  /// last expected row.
  size_t head_line = 0, separator_line = 0, end_line = 0;
};

struct Script {
  std::string path;
  std::vector<std::string> lines;
  std::vector<Record> records;
};

/// False with `error` set if the file cannot be read or has a line that means nothing.
bool ReadScript(const std::string& path, Script& script, std::string& error);

}  // namespace oxibase::slt
