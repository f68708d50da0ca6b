// COPY table FROM: bytes to rows, rows through a prepared INSERT.

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "engine/copy/copy_filter.h"
#include "engine/copy/copy_options.h"
#include "engine/copy/line_reader.h"
#include "engine/session_impl.h"
#include "expr/type_io.h"
#include "sql/parse/identifier.h"

namespace oxibase {
namespace {

constexpr std::string_view kSignature("PGCOPY\n\377\r\n\0", 11);
/// Rows between two looks at cancel requests.
constexpr uint64_t kRowsPerCheck = 1024;
constexpr size_t kFieldShownMax = 100;

class CopyFromTask : public CopyTask {
 public:
  CopyFromTask(SessionImpl& session, CopyOptions options, std::string table,
               std::vector<ResultColumn> columns, std::unique_ptr<Portal> insert,
               std::shared_ptr<const TableDef> definition, std::unique_ptr<CopyFilter> filter)
      : session_(session),
        options_(std::move(options)),
        table_(std::move(table)),
        columns_(std::move(columns)),
        insert_(std::move(insert)),
        definition_(std::move(definition)),
        filter_(std::move(filter)),
        reader_(options_),
        row_(columns_.size()),
        skip_header_(options_.header) {
    for (const auto& column : columns_) {
      force_not_null_.push_back(options_.force_not_null_all ||
                                options_.force_not_null.contains(column.name));
      force_null_.push_back(options_.force_null_all || options_.force_null.contains(column.name));
    }
  }

  Portal::CopyFormat format() const override {
    return {options_.format == CopyOptions::Format::kBinary,
            static_cast<uint16_t>(columns_.size())};
  }
  uint64_t rows() const override { return rows_; }
  Result<std::string_view> Next() override {
    return Error(ErrorCode::kProtocolViolation, "this COPY takes data");
  }

  Status Data(std::string_view bytes) override {
    if (options_.format == CopyOptions::Format::kBinary) {
      binary_ += bytes;
      return TakeBinary();
    }
    reader_.Feed(bytes);
    return TakeLines();
  }

  Result<uint64_t> Done() override {
    if (options_.format == CopyOptions::Format::kBinary) {
      if (!binary_started_) {
        if (binary_.size() < kSignature.size()) {
          return Error(ErrorCode::kBadCopyFileFormat, "COPY file signature not recognized");
        }
        return Error(ErrorCode::kBadCopyFileFormat, "invalid COPY file header (missing flags)");
      }
      // The end of the data where a row would begin ends it as well as a trailer.
      if (!binary_ended_ && binary_.size() >= sizeof(int16_t)) {
        return Where(Error(ErrorCode::kBadCopyFileFormat, "unexpected EOF in COPY data"));
      }
      return rows_;
    }
    reader_.FeedEnd();
    RETURN_IF_ERROR(TakeLines());
    return rows_;
  }

 private:
  static std::string Shown(std::string_view text) {
    if (text.size() <= kFieldShownMax) return fmt::format(": \"{}\"", text);
    size_t size = kFieldShownMax;
    while (size > 0 && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80) --size;
    return fmt::format(": \"{}...\"", text.substr(0, size));
  }
  /// Adds which line, and of which column.
  Status Where(Status status, size_t column = SIZE_MAX) const {
    std::string where = fmt::format("COPY {}, line {}", table_, line_);
    if (column < columns_.size()) where += fmt::format(", column {}", columns_[column].name);
    return std::move(status).Context(std::move(where));
  }
  Status AtField(Status status, size_t column, const CopyField& field) const {
    Status at = Where(std::move(status), column);
    at.info().context += field.is_null ? ": null input" : Shown(field.text);
    return at;
  }
  Status AtLine(Status status) const {
    Status at = Where(std::move(status));
    if (options_.format != CopyOptions::Format::kBinary) {
      at.info().context += Shown(reader_.line_text());
    }
    return at;
  }
  /// A row cannot be inserted. PostgreSQL looks at keys when it has read further, and at foreign
  /// keys when it has read all.
  Status NotInserted(Status status) const {
    if (status.code() == ErrorCode::kForeignKeyViolation) return status;
    if (status.code() == ErrorCode::kUniqueViolation) return Where(std::move(status));
    return AtLine(std::move(status));
  }

  Status TakeLines() {
    const TypeIo io(session_.io_settings(), 0, &session_.catalog_lookup());
    for (;;) {
      Result<bool> more = reader_.Next(&fields_);
      line_ = reader_.line();
      if (!more.ok()) return AtLine(std::move(more).status());
      if (!*more) return {};
      if (skip_header_) {
        skip_header_ = false;
        if (options_.header_match) RETURN_IF_ERROR(CheckHeader());
        continue;
      }
      // A table without columns has empty lines.
      if (columns_.empty() && fields_.size() == 1 && fields_[0].text.empty()) fields_.clear();
      if (fields_.size() > columns_.size()) {
        return AtLine(
            Error(ErrorCode::kBadCopyFileFormat, "extra data after last expected column"));
      }
      if (fields_.size() < columns_.size()) {
        return AtLine(Error(ErrorCode::kBadCopyFileFormat, "missing data for column \"{}\"",
                            columns_[fields_.size()].name));
      }
      for (size_t i = 0; i < columns_.size(); ++i) {
        CopyField field = fields_[i];
        if (field.is_null && force_not_null_[i]) {
          field = {false, options_.null_text};
        } else if (!field.is_null && force_null_[i] && field.text == options_.null_text) {
          field.is_null = true;
        }
        if (field.is_null) {
          row_[i] = Value::Null(columns_[i].type);
          continue;
        }
        if (Status status = CheckUtf8(field.text); !status.ok()) {
          return Where(std::move(status));
        }
        Result<Value> value = TextIn(columns_[i].type, field.text, io);
        if (!value.ok()) return AtField(std::move(value).status(), i, field);
        row_[i] = std::move(*value);
      }
      RETURN_IF_ERROR(InsertOne());
    }
  }

  Status CheckHeader() {
    if (fields_.size() != columns_.size()) {
      return Error(ErrorCode::kBadCopyFileFormat,
                   "wrong number of fields in header line: got {}, expected {}", fields_.size(),
                   columns_.size());
    }
    for (size_t i = 0; i < columns_.size(); ++i) {
      if (fields_[i].is_null || fields_[i].text != columns_[i].name) {
        return Error(ErrorCode::kBadCopyFileFormat,
                     "column name mismatch in header line field {}: got \"{}\", expected \"{}\"",
                     i + 1, fields_[i].text, columns_[i].name);
      }
    }
    return {};
  }

  Status InsertOne() {
    if (filter_) {
      Result<bool> passes = filter_->Passes(row_);
      if (!passes.ok()) return AtLine(std::move(passes).status());
      if (!*passes)
        return ++lines_left_out_ % kRowsPerCheck ? Status() : session_.CheckInterrupts();
    }
    Status status = insert_->Rebind(row_);
    if (status.ok()) {
      for (;;) {
        Result<const Batch*> batch = insert_->Next(0);
        if (!batch.ok()) {
          status = std::move(batch).status();
          break;
        }
        if (!*batch) break;
      }
    }
    if (!status.ok()) return NotInserted(std::move(status));
    // A trigger-free INSERT changes one row or, with ON CONFLICT, none.
    ++rows_;
    if (rows_ % kRowsPerCheck != 0) return {};
    session_.progress_counter().Add(kRowsPerCheck);
    return session_.CheckInterrupts();
  }

  // The binary format: signature, flags, header extension; then rows of a 16-bit field count and
  // length-prefixed fields; a count of -1 ends it.
  template <typename Int>
  bool ReadInt(size_t* at, Int* value) const {
    if (binary_.size() - *at < sizeof(Int)) return false;
    std::make_unsigned_t<Int> raw;
    std::memcpy(&raw, binary_.data() + *at, sizeof raw);
    if constexpr (sizeof(Int) == 2) {
      raw = ntohs(raw);
    } else {
      raw = ntohl(raw);
    }
    *value = static_cast<Int>(raw);
    *at += sizeof(Int);
    return true;
  }

  Status TakeBinary() {
    const TypeIo io(session_.io_settings(), 0, &session_.catalog_lookup());
    size_t done = 0;
    if (!binary_started_) {
      size_t at = kSignature.size();
      int32_t flags = 0, extension = 0;
      const size_t have = std::min(binary_.size(), kSignature.size());
      if (std::string_view(binary_).substr(0, have) != kSignature.substr(0, have)) {
        return Error(ErrorCode::kBadCopyFileFormat, "COPY file signature not recognized");
      }
      if (have < kSignature.size() || !ReadInt(&at, &flags) || !ReadInt(&at, &extension)) return {};
      if (flags != 0 || extension < 0) {
        return Error(ErrorCode::kBadCopyFileFormat,
                     "unrecognized critical flags in COPY file header");
      }
      if (binary_.size() - at < static_cast<size_t>(extension)) return {};
      done = at + static_cast<size_t>(extension);
      binary_started_ = true;
    }
    for (;;) {
      if (binary_ended_ && done < binary_.size()) {
        return Error(ErrorCode::kBadCopyFileFormat, "received copy data after EOF marker");
      }
      size_t at = done;
      int16_t count;
      if (!ReadInt(&at, &count)) break;
      if (count == -1) {
        binary_ended_ = true;
        done = at;
        continue;
      }
      line_ = rows_ + lines_left_out_ + 1;
      if (count < 0 || static_cast<size_t>(count) != columns_.size()) {
        return Where(Error(ErrorCode::kBadCopyFileFormat, "row field count is {}, expected {}",
                           count, columns_.size()));
      }
      bool whole = true;
      for (size_t i = 0; i < columns_.size() && whole; ++i) {
        int32_t size;
        if (!ReadInt(&at, &size)) {
          whole = false;
        } else if (size == -1) {
          row_[i] = Value::Null(columns_[i].type);
        } else if (size < 0) {
          return Where(Error(ErrorCode::kBadCopyFileFormat, "invalid field size"), i);
        } else if (binary_.size() - at < static_cast<size_t>(size)) {
          whole = false;
        } else {
          Result<Value> value =
              BinaryIn(columns_[i].type,
                       std::string_view(binary_).substr(at, static_cast<size_t>(size)), io);
          if (!value.ok()) return Where(std::move(value).status(), i);
          row_[i] = std::move(*value);
          at += static_cast<size_t>(size);
        }
      }
      if (!whole) break;
      RETURN_IF_ERROR(InsertOne());
      done = at;
    }
    binary_.erase(0, done);
    return {};
  }

  SessionImpl& session_;
  const CopyOptions options_;
  const std::string table_;
  const std::vector<ResultColumn> columns_;
  std::unique_ptr<Portal> insert_;
  std::shared_ptr<const TableDef> definition_;  // kept for the filter
  std::unique_ptr<CopyFilter> filter_;          // null: every row goes in
  uint64_t lines_left_out_ = 0;
  LineReader reader_;
  std::vector<CopyField> fields_;
  std::vector<Value> row_;
  std::vector<bool> force_not_null_, force_null_;
  bool skip_header_;
  uint64_t rows_ = 0, line_ = 0;
  std::string binary_;
  bool binary_started_ = false, binary_ended_ = false;
};

Status CheckColumns(const std::set<std::string>& names, std::span<const ResultColumn> columns,
                    std::string_view option) {
  for (const auto& name : names) {
    const bool found = std::any_of(columns.begin(), columns.end(),
                                   [&](const ResultColumn& c) { return c.name == name; });
    if (!found) {
      return Error(ErrorCode::kInvalidColumnReference, "{} column \"{}\" not referenced by COPY",
                   option, name);
    }
  }
  return {};
}

}  // namespace

/// The columns that a COPY of a table names, or all that can be written.
Result<std::vector<ResultColumn>> CopyColumns(const ast::CopyStmt& statement,
                                              const TableDef& table) {
  std::vector<ResultColumn> columns;
  if (statement.columns.empty()) {
    for (const auto& column : table.columns) {
      if (!column.dropped && !column.hidden && !column.generated) {
        columns.push_back({column.name, column.type});
      }
    }
    return columns;
  }
  for (const auto& name : statement.columns) {
    const ColumnDef* column = table.FindColumn(name);
    if (!column) {
      return Error(ErrorCode::kUndefinedColumn, "column \"{}\" of relation \"{}\" does not exist",
                   name, table.name);
    }
    if (column->generated) {
      return Error(ErrorCode::kInvalidColumnReference, "column \"{}\" is a generated column", name)
          .Detail("Generated columns cannot be used in COPY.");
    }
    for (const auto& other : columns) {
      if (other.name == name) {
        return Error(ErrorCode::kDuplicateColumn, "column \"{}\" specified more than once", name);
      }
    }
    columns.push_back({name, column->type});
  }
  return columns;
}

Result<std::unique_ptr<CopyTask>> MakeCopyFrom(SessionImpl& session, CopyOptions options,
                                               const ast::CopyStmt& statement) {
  ASSIGN_OR_RETURN(const std::shared_ptr<const TableDef> found,
                   session.LockNamedTable(statement.table, TableLockMode::kRowExclusive));
  if (!found) {
    return Error(ErrorCode::kWrongObjectType, "cannot copy to view \"{}\"", statement.table.name);
  }
  const TableDef& table = *found;
  if (!table.temporary) RETURN_IF_ERROR(session.RefuseIfReadOnly("COPY FROM"));
  ASSIGN_OR_RETURN(std::vector<ResultColumn> columns, CopyColumns(statement, table));
  RETURN_IF_ERROR(CheckColumns(options.force_not_null, columns, "FORCE_NOT_NULL"));
  RETURN_IF_ERROR(CheckColumns(options.force_null, columns, "FORCE_NULL"));
  std::unique_ptr<CopyFilter> filter;
  if (statement.where) {
    ASSIGN_OR_RETURN(filter, CopyFilter::Make(session, *statement.where, table, columns));
  }
  const auto schema = session.catalog()->SchemaByOid(table.schema);
  std::string sql = "INSERT INTO " + QuoteQualified(schema->name, table.name);
  std::vector<TypeId> types;
  if (columns.empty()) {
    sql += " DEFAULT VALUES";
  } else {
    std::string names, marks;
    for (size_t i = 0; i < columns.size(); ++i) {
      names += (i ? ", " : "") + QuoteIdentifier(columns[i].name);
      marks += (i ? ", $" : "$") + std::to_string(i + 1);
      types.push_back(columns[i].type.id);
    }
    // COPY writes identity columns as if OVERRIDING SYSTEM VALUE had been said.
    sql += " (" + names + ") OVERRIDING SYSTEM VALUE VALUES (" + marks + ")";
  }
  ASSIGN_OR_RETURN(auto prepared, session.Prepare(sql, types));
  std::vector<Value> nulls(types.size());
  ASSIGN_OR_RETURN(auto insert, session.Bind(std::move(prepared), nulls));
  return std::unique_ptr<CopyTask>(
      std::make_unique<CopyFromTask>(session, std::move(options), table.name, std::move(columns),
                                     std::move(insert), found, std::move(filter)));
}

}  // namespace oxibase
