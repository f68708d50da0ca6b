#include "statement_runner.h"

#include <cstdio>
#include <memory>
#include <optional>
#include <vector>

#include "engine/session.h"
#include "expr/type_io.h"

namespace oxibase {
namespace {

using Row = std::vector<std::optional<std::string>>;

/// Columns as wide as their widest value, counted in characters.
void PrintTable(std::span<const ResultColumn> columns, const std::vector<Row>& rows) {
  std::vector<size_t> widths;
  for (size_t c = 0; c < columns.size(); ++c) {
    size_t width = Utf8Length(columns[c].name);
    for (const Row& row : rows) {
      if (row[c]) width = std::max(width, Utf8Length(*row[c]));
    }
    widths.push_back(width);
  }
  const auto print = [&](size_t c, const std::string& text) {
    std::printf("%s %s%*s", c == 0 ? "" : " |", text.c_str(),
                static_cast<int>(widths[c] - Utf8Length(text)), "");
  };
  for (size_t c = 0; c < columns.size(); ++c) print(c, columns[c].name);
  std::printf("\n");
  for (size_t c = 0; c < columns.size(); ++c) {
    std::printf("%s%s", c == 0 ? "" : "+", std::string(widths[c] + 2, '-').c_str());
  }
  std::printf("\n");
  for (const Row& row : rows) {
    for (size_t c = 0; c < columns.size(); ++c) print(c, row[c].value_or(""));
    std::printf("\n");
  }
  std::printf("(%zu %s)\n", rows.size(), rows.size() == 1 ? "row" : "rows");
}

Status RunOne(Session& session, std::string_view sql) {
  ASSIGN_OR_RETURN(std::shared_ptr<PreparedStatement> statement, session.Prepare(sql, {}));
  if (statement->is_empty()) return {};
  if (!statement->param_types().empty()) {
    return Error(ErrorCode::kUndefinedParameter, "there is no parameter $1");
  }
  ASSIGN_OR_RETURN(std::unique_ptr<Portal> portal, session.Bind(statement, {}));
  if (portal->kind() == PortalKind::kCopyOut) {
    for (;;) {
      ASSIGN_OR_RETURN(std::string_view bytes, portal->NextCopyData());
      if (bytes.empty()) return {};
      std::fwrite(bytes.data(), 1, bytes.size(), stdout);
    }
  }
  if (portal->kind() == PortalKind::kCopyIn) {
    return Error(ErrorCode::kFeatureNotSupported, "COPY FROM STDIN is not supported in the shell");
  }
  std::vector<Row> rows;
  for (;;) {
    ASSIGN_OR_RETURN(const Batch* batch, portal->Next(0));
    if (batch == nullptr) break;
    const TypeIo io(session.io_settings(), 0, &session.catalog_lookup());
    for (uint32_t r = 0; r < batch->size; ++r) {
      Row& row = rows.emplace_back();
      for (const Vector& column : batch->columns) {
        const Value value = column.GetValue(r);
        row.emplace_back();
        if (value.is_null()) continue;
        row.back().emplace();
        TextOut(value, io, &*row.back());
      }
    }
  }
  if (portal->kind() == PortalKind::kRows) {
    PrintTable(portal->columns(), rows);
  } else {
    std::printf("%.*s\n", static_cast<int>(portal->tag().size()), portal->tag().data());
  }
  return {};
}

}  // namespace

void PrintError(const Status& status) {
  std::fflush(stdout);
  const ErrorInfo& info = status.info();
  std::fprintf(stderr, "ERROR:  %s\n", info.message.c_str());
  if (!info.detail.empty()) std::fprintf(stderr, "DETAIL:  %s\n", info.detail.c_str());
  if (!info.hint.empty()) std::fprintf(stderr, "HINT:  %s\n", info.hint.c_str());
}

bool RunAndPrint(Session& session, std::string_view sql) {
  auto statements = session.Split(sql);
  if (!statements.ok()) {
    PrintError(statements.status());
    session.FailTransaction();
    return false;
  }
  for (std::string_view statement : *statements) {
    Status status = RunOne(session, statement);
    if (!status.ok()) session.FailTransaction();
    Status end = session.EndImplicit();
    if (status.ok()) status = std::move(end);
    if (status.ok()) status = session.WaitDurable();
    if (!status.ok()) {
      PrintError(status);
      return false;
    }
  }
  std::fflush(stdout);
  return true;
}

}  // namespace oxibase
