#include "result_query.h"

#include <utility>

#include "expr/type_io.h"

namespace oxibase {
namespace {

/// What psql sets to the right. The oids of names (regclass and its like) are text to a reader.
bool IsNumber(TypeId id) {
  switch (id) {
    case TypeId::kInt2:
    case TypeId::kInt4:
    case TypeId::kInt8:
    case TypeId::kFloat4:
    case TypeId::kFloat8:
    case TypeId::kNumeric:
    case TypeId::kOid:
      return true;
    default:
      return false;
  }
}

Status RunQuery(Session& session, std::string_view sql, ResultTable* table) {
  ASSIGN_OR_RETURN(auto prepared, session.Prepare(sql, {}));
  ASSIGN_OR_RETURN(const auto portal, session.Bind(std::move(prepared), {}));
  bool named = false;
  for (;;) {
    ASSIGN_OR_RETURN(const Batch* batch, portal->Next(0));
    if (!std::exchange(named, true)) *table = TableOf(*portal);
    if (!batch) return {};
    AddRows(*batch, session, table);
  }
}

}  // namespace

ResultTable TableOf(const Portal& portal) {
  ResultTable table;
  for (const auto& column : portal.columns()) {
    table.names.push_back(column.name);
    table.right_aligned.push_back(IsNumber(column.type.id));
    table.is_number.push_back(IsNumber(column.type.id));
    table.is_json.push_back(column.type.id == TypeId::kJson || column.type.id == TypeId::kJsonb);
    table.is_bool.push_back(column.type.id == TypeId::kBool);
  }
  return table;
}

void AddRows(const Batch& batch, Session& session, ResultTable* table) {
  const TypeIo io(session.io_settings(), 0, &session.catalog_lookup());
  const size_t first = table->rows.size();
  for (uint32_t r = 0; r < batch.size; ++r) table->rows.emplace_back(batch.columns.size());
  for (size_t c = 0; c < batch.columns.size(); ++c) {
    const VectorView view = batch.columns[c].view();
    for (uint32_t r = 0; r < batch.size; ++r) {
      if (view.IsNull(r)) continue;
      std::string& text = table->rows[first + r][c].emplace();
      TextOut(batch.columns[c].type(), view, r, io, &text);
    }
  }
}

Result<ResultTable> FetchTable(Session& session, std::string_view sql) {
  ResultTable table;
  Status status = RunQuery(session, sql, &table);
  if (!status.ok()) session.FailTransaction();
  Status end = session.EndImplicit();
  if (status.ok()) status = std::move(end);
  RETURN_IF_ERROR(std::move(status));
  return table;
}

}  // namespace oxibase
