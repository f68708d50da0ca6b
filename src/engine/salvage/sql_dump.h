#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/ids.h"
#include "common/status.h"

namespace oxibase {

class Portal;
class Session;

/// Writes a whole database as SQL that psql and `oxibase shell -f` load, in pg_dump's order: what
/// tables need, tables, rows as COPY, then constraints, indexes, views, foreign keys, comments.
/// What cannot be read of it is left out and told. One session's, which does nothing else
/// meanwhile. Uses no index of a user's table.
class SqlDump {
 public:
  using Sink = std::function<Status(std::string_view)>;
  SqlDump(Session& session, Sink sink) : session_(session), sink_(std::move(sink)) {}

  /// Foreign keys are written as NOT VALID: rows that they want may be missing.
  void set_rows_lost() { rows_lost_ = true; }

  /// Errors: the sink's; of reading the catalog.
  Status Write();

  struct Table {
    Oid oid = 0;
    std::string name;                  // qualified, quoted
    std::vector<std::string> columns;  // that COPY reads and writes, quoted
    uint64_t rows = 0;                 // written
    std::string copy_from() const;
    std::string copy_to() const;
  };
  const std::vector<Table>& tables() const { return tables_; }
  /// What could not be written.
  const std::vector<std::string>& failures() const { return failures_; }

 private:
  using Row = std::vector<std::optional<std::string>>;
  /// Columns are text.
  Result<std::vector<Row>> Query(const std::string& sql);
  /// The same of something that may be broken: no rows then, and a failure is told.
  std::vector<Row> Ask(const std::string& what, const std::string& sql);
  Status Put(std::string_view text) { return sink_(text); }

  Status WriteSequences();
  Status WriteTable(Table& table);
  Status OwnSequences();
  Status WriteRows(Table& table);
  Status SetSequences();
  Status WriteConstraints(bool foreign_keys);
  Status WriteIndexes();
  Status WriteViews();
  Status WriteComments();

  Session& session_;
  const Sink sink_;
  bool rows_lost_ = false;
  std::vector<Table> tables_;
  std::vector<std::string> failures_;
};

/// The next rows of a COPY TO, line by line.
class CopyLines {
 public:
  /// `session` outlives it.
  static Result<CopyLines> Open(Session& session, const std::string& copy_to);
  CopyLines(CopyLines&&) noexcept;
  CopyLines& operator=(CopyLines&&) = delete;
  ~CopyLines();

  /// With its end of line; empty at the end. Good until the next call.
  Result<std::string_view> Next();

 private:
  CopyLines(Session& session, std::unique_ptr<Portal> portal);
  Session& session_;
  std::unique_ptr<Portal> portal_;
  std::string_view rest_;
};

}  // namespace oxibase
