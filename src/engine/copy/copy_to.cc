// COPY (table or query) TO: rows to bytes.

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "engine/copy/copy_options.h"
#include "engine/session_impl.h"
#include "expr/type_io.h"
#include "sql/parse/identifier.h"

namespace oxibase {
namespace {

constexpr std::string_view kHeader("PGCOPY\n\377\r\n\0\0\0\0\0\0\0\0\0", 19);

class CopyToTask : public CopyTask {
 public:
  CopyToTask(SessionImpl& session, CopyOptions options, std::unique_ptr<Portal> query)
      : session_(session), options_(std::move(options)), query_(std::move(query)) {
    const auto columns = query_->columns();
    columns_.assign(columns.begin(), columns.end());
    for (const auto& column : columns_) {
      force_quote_.push_back(options_.force_quote_all ||
                             options_.force_quote.contains(column.name));
    }
  }

  Portal::CopyFormat format() const override {
    return {options_.format == CopyOptions::Format::kBinary,
            static_cast<uint16_t>(columns_.size())};
  }
  std::span<const size_t> row_ends() const override { return row_ends_; }
  uint64_t rows() const override { return rows_; }
  Status Data(std::string_view) override {
    return Error(ErrorCode::kProtocolViolation, "this COPY gives data");
  }
  Result<uint64_t> Done() override {
    return Error(ErrorCode::kProtocolViolation, "this COPY gives data");
  }

  Result<std::string_view> Next() override {
    bytes_.clear();
    row_ends_.clear();
    if (ended_) return std::string_view();
    if (!begun_) {
      begun_ = true;
      AppendHeader();
      // A line of names is a row of its own; what a binary copy begins with belongs to the first.
      if (!bytes_.empty() && options_.format != CopyOptions::Format::kBinary) {
        row_ends_.push_back(bytes_.size());
      }
    }
    ASSIGN_OR_RETURN(const Batch* batch, query_->Next(0));
    if (!batch) {
      ended_ = true;
      if (options_.format == CopyOptions::Format::kBinary) {
        bytes_.append("\377\377", 2);
        row_ends_.push_back(bytes_.size());
      }
      return std::string_view(bytes_);
    }
    const TypeIo io(session_.io_settings(), 0, &session_.catalog_lookup());
    for (uint32_t row = 0; row < batch->size; ++row) {
      RETURN_IF_ERROR(AppendRow(*batch, row, io));
      row_ends_.push_back(bytes_.size());
    }
    rows_ += batch->size;
    return std::string_view(bytes_);
  }

 private:
  void AppendHeader() {
    if (options_.format == CopyOptions::Format::kBinary) {
      bytes_ += kHeader;
    } else if (options_.header) {
      for (size_t i = 0; i < columns_.size(); ++i) {
        if (i) bytes_ += options_.delimiter;
        AppendText(columns_[i].name, false);
      }
      bytes_ += '\n';
    }
  }

  Status AppendRow(const Batch& batch, uint32_t row, const TypeIo& io) {
    const bool binary = options_.format == CopyOptions::Format::kBinary;
    if (binary) AppendInt(static_cast<int16_t>(columns_.size()));
    for (size_t i = 0; i < columns_.size(); ++i) {
      const VectorView view = batch.columns[i].view();
      if (i && !binary) bytes_ += options_.delimiter;
      if (view.IsNull(row)) {
        if (binary) {
          AppendInt(int32_t{-1});
        } else {
          bytes_ += options_.null_text;
        }
        continue;
      }
      value_.clear();
      if (binary) {
        RETURN_IF_ERROR(BinaryOut(columns_[i].type, view, row, io, &value_));
        AppendInt(static_cast<int32_t>(value_.size()));
        bytes_ += value_;
      } else {
        TextOut(columns_[i].type, view, row, io, &value_);
        AppendText(value_, force_quote_[i]);
      }
    }
    if (!binary) bytes_ += '\n';
    return {};
  }

  template <typename Int>
  void AppendInt(Int value) {
    auto raw = static_cast<std::make_unsigned_t<Int>>(value);
    if constexpr (sizeof(Int) == 2) {
      raw = htons(raw);
    } else {
      raw = htonl(raw);
    }
    bytes_.append(reinterpret_cast<const char*>(&raw), sizeof raw);
  }

  void AppendText(std::string_view text, bool force_quote) {
    if (options_.format == CopyOptions::Format::kCsv) {
      AppendCsv(text, force_quote);
      return;
    }
    for (const char c : text) {
      switch (c) {
        case '\b':
          bytes_ += "\\b";
          break;
        case '\f':
          bytes_ += "\\f";
          break;
        case '\n':
          bytes_ += "\\n";
          break;
        case '\r':
          bytes_ += "\\r";
          break;
        case '\t':
          bytes_ += "\\t";
          break;
        case '\v':
          bytes_ += "\\v";
          break;
        case '\\':
          bytes_ += "\\\\";
          break;
        default:
          if (c == options_.delimiter) bytes_ += '\\';
          bytes_ += c;
      }
    }
  }

  void AppendCsv(std::string_view text, bool force_quote) {
    bool quote =
        force_quote || text == options_.null_text || (columns_.size() == 1 && text == "\\.");
    for (const char c : text) {
      quote = quote || c == options_.delimiter || c == options_.quote || c == '\n' || c == '\r';
    }
    if (!quote) {
      bytes_ += text;
      return;
    }
    bytes_ += options_.quote;
    for (const char c : text) {
      if (c == options_.quote || c == options_.escape) bytes_ += options_.escape;
      bytes_ += c;
    }
    bytes_ += options_.quote;
  }

  SessionImpl& session_;
  const CopyOptions options_;
  std::unique_ptr<Portal> query_;
  std::vector<ResultColumn> columns_;
  std::vector<bool> force_quote_;
  std::vector<size_t> row_ends_;  // in bytes_
  std::string bytes_, value_;
  bool begun_ = false, ended_ = false;
  uint64_t rows_ = 0;
};

/// COPY to or from a file of the server's: all of it at once, as a command.
class FileTask : public CopyTask {
 public:
  FileTask(Portal::CopyFormat format, uint64_t rows) : format_(format), rows_(rows) {}
  Portal::CopyFormat format() const override { return format_; }
  Status Data(std::string_view) override { return {}; }
  Result<uint64_t> Done() override { return rows_; }
  Result<std::string_view> Next() override { return std::string_view(); }
  uint64_t rows() const override { return rows_; }

 private:
  Portal::CopyFormat format_;
  uint64_t rows_;
};

constexpr size_t kFileChunkBytes = size_t{256} << 10;

}  // namespace

Result<std::vector<ResultColumn>> CopyColumns(const ast::CopyStmt& statement,
                                              const TableDef& table);
Result<std::unique_ptr<CopyTask>> MakeCopyFrom(SessionImpl& session, CopyOptions options,
                                               const ast::CopyStmt& statement);

namespace {

Result<std::unique_ptr<CopyTask>> MakeCopyTo(SessionImpl& session, CopyOptions options,
                                             const ast::CopyStmt& statement,
                                             std::shared_ptr<const ast::Statement> tree) {
  std::shared_ptr<PreparedStatement> prepared;
  if (statement.query) {
    std::shared_ptr<const ast::Statement> query(std::move(tree), statement.query.get());
    ASSIGN_OR_RETURN(auto made, session.PrepareToRun("COPY", query, {}));
    if (made->columns().empty() && statement.query->kind != ast::StatementKind::kSelect) {
      return Error(ErrorCode::kFeatureNotSupported, "COPY query must have a RETURNING clause");
    }
    prepared = std::move(made);
  } else {
    ASSIGN_OR_RETURN(const std::shared_ptr<const TableDef> table,
                     session.LockNamedTable(statement.table, TableLockMode::kAccessShare));
    if (!table) {
      return Error(ErrorCode::kWrongObjectType, "cannot copy from view \"{}\"",
                   statement.table.name)
          .Hint("Try the COPY (SELECT ...) TO variant.");
    }
    ASSIGN_OR_RETURN(const std::vector<ResultColumn> columns, CopyColumns(statement, *table));
    std::string names;
    for (const auto& column : columns)
      names += (names.empty() ? "" : ", ") + QuoteIdentifier(column.name);
    const auto schema = session.catalog()->SchemaByOid(table->schema);
    ASSIGN_OR_RETURN(prepared, session.Prepare("SELECT " + names + " FROM " +
                                                   QuoteQualified(schema->name, table->name),
                                               {}));
  }
  for (const auto& name : options.force_quote) {
    const auto columns = prepared->columns();
    const bool found = std::any_of(columns.begin(), columns.end(),
                                   [&](const ResultColumn& c) { return c.name == name; });
    if (!found) {
      return Error(ErrorCode::kInvalidColumnReference,
                   "FORCE_QUOTE column \"{}\" not referenced by COPY", name);
    }
  }
  ASSIGN_OR_RETURN(auto portal, session.Bind(std::move(prepared), {}));
  return std::unique_ptr<CopyTask>(
      std::make_unique<CopyToTask>(session, std::move(options), std::move(portal)));
}

Result<uint64_t> ReadFile(SessionImpl& session, CopyTask& task, const std::string& path) {
  FileSystem& files = session.db().env.files();
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files.Open(path, OpenMode::kRead));
  std::vector<std::byte> chunk(kFileChunkBytes);
  for (uint64_t at = 0;;) {
    ASSIGN_OR_RETURN(const size_t count, file->ReadAt(at, chunk));
    if (count == 0) return task.Done();
    RETURN_IF_ERROR(task.Data({reinterpret_cast<const char*>(chunk.data()), count}));
    at += count;
  }
}

Result<uint64_t> WriteFile(SessionImpl& session, CopyTask& task, const std::string& path) {
  FileSystem& files = session.db().env.files();
  ASSIGN_OR_RETURN(const std::unique_ptr<File> file, files.Open(path, OpenMode::kCreateOrEmpty));
  for (uint64_t at = 0;;) {
    ASSIGN_OR_RETURN(const std::string_view bytes, task.Next());
    if (bytes.empty()) return task.rows();
    RETURN_IF_ERROR(file->WriteAt(at, std::as_bytes(std::span(bytes.data(), bytes.size()))));
    at += bytes.size();
  }
}

}  // namespace

Result<std::unique_ptr<CopyTask>> MakeCopyTask(SessionImpl& session, const ast::CopyStmt& statement,
                                               std::shared_ptr<const ast::Statement> tree) {
  if (statement.program) {
    return Error(ErrorCode::kFeatureNotSupported, "COPY PROGRAM is not supported");
  }
  ASSIGN_OR_RETURN(CopyOptions options, ReadCopyOptions(statement));
  ASSIGN_OR_RETURN(std::unique_ptr<CopyTask> task,
                   statement.from
                       ? MakeCopyFrom(session, std::move(options), statement)
                       : MakeCopyTo(session, std::move(options), statement, std::move(tree)));
  if (statement.filename.empty()) return task;
  if (!statement.filename.starts_with('/')) {
    return Error(ErrorCode::kInvalidName, "relative path not allowed for COPY to file");
  }
  ASSIGN_OR_RETURN(const uint64_t rows, statement.from
                                            ? ReadFile(session, *task, statement.filename)
                                            : WriteFile(session, *task, statement.filename));
  return std::unique_ptr<CopyTask>(std::make_unique<FileTask>(task->format(), rows));
}

}  // namespace oxibase
