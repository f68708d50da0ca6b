#include "engine/ddl/rewrite_table.h"

#include <array>

#include "engine/ddl/table_expression.h"
#include "expr/evaluator.h"
#include "storage/mvcc/tablet.h"
#include "txn/tablet_access.h"
#include "txn/transaction.h"

namespace oxibase::ddl {
namespace {

/// Variables become positions in the batch.
void ToPositions(ExprPtr& expr) {
  if (expr->kind == ExprKind::kColumn) --static_cast<ColumnExpr&>(*expr).index;
  ForEachChild(*expr, [](ExprPtr& child) { ToPositions(child); });
}

/// Computed columns made ready. Evaluators refer to the expressions, which stay put.
class Programs {
 public:
  static Result<Programs> Compile(const std::vector<RowChange::Computed>& computed) {
    Programs out;
    for (const RowChange::Computed& column : computed) {
      ExprPtr expr = Clone(*column.expr);
      ToPositions(expr);
      ASSIGN_OR_RETURN(Evaluator evaluator, Evaluator::Compile(*expr));
      out.steps_.push_back({column.position, std::move(expr), std::move(evaluator)});
    }
    return out;
  }

  /// Sets columns of `to` from rows of `from`.
  Status Run(EvalContext& eval, const Batch& from, Batch& to) {
    for (Step& step : steps_) {
      ASSIGN_OR_RETURN(const Vector* values, step.evaluator.Evaluate(eval, from));
      to.columns[step.position].Reference(*values);
    }
    return {};
  }

 private:
  struct Step {
    size_t position;
    ExprPtr expr;
    Evaluator evaluator;
  };
  std::vector<Step> steps_;
};

Status CheckNotNull(const TableDef& table, const Batch& batch) {
  for (size_t i = 0; i < table.columns.size(); ++i) {
    const ColumnDef& column = table.columns[i];
    if (!column.not_null || column.dropped) continue;
    const VectorView view = batch.columns[i].view();
    for (uint32_t row = 0; row < batch.size; ++row) {
      if (!view.IsNull(row)) continue;
      return Error(ErrorCode::kNotNullViolation,
                   "column \"{}\" of relation \"{}\" contains null values", column.name, table.name)
          .Column(column.name);
    }
  }
  return {};
}

/// A key that comes twice while a table is written anew is told of as when its index is made.
Status TellOfDuplicate(DdlHost& host, const TableDef& table, Status status) {
  if (status.code() != ErrorCode::kUniqueViolation) return status;
  ErrorInfo& info = status.info();
  info.message = fmt::format("could not create unique index \"{}\"", info.constraint_name);
  constexpr std::string_view kExists = "already exists.";
  if (info.detail.ends_with(kExists)) {
    info.detail.replace(info.detail.size() - kExists.size(), kExists.size(), "is duplicated.");
  }
  const auto schema = host.catalog()->SchemaByOid(table.schema);
  return std::move(status).Table(schema ? schema->name : "", table.name);
}

}  // namespace

Result<std::vector<RowChange::Computed>> ComputedColumns(DdlHost& host, const TableDef& table) {
  std::vector<RowChange::Computed> out;
  for (const bool hidden : {false, true}) {  // hidden ones may refer to generated ones
    for (size_t i = 0; i < table.columns.size(); ++i) {
      const ColumnDef& column = table.columns[i];
      if (column.dropped || column.hidden != hidden || (!column.hidden && !column.generated)) {
        continue;
      }
      const bool predicate = hidden && column.type.id == TypeId::kBool;
      ASSIGN_OR_RETURN(StoredExpression stored, BindStored(host, column.default_sql,
                                                           !hidden     ? ExprUse::kGenerated
                                                           : predicate ? ExprUse::kIndexPredicate
                                                                       : ExprUse::kIndexElement,
                                                           table, column.type, column.name));
      out.push_back({i, std::move(stored.bound)});
    }
  }
  return out;
}

Status RewriteTable(DdlHost& host, const TableDef& before, TableDef after,
                    const RowChange& change) {
  ASSIGN_OR_RETURN(const std::shared_ptr<Tablet> source, host.FindTablet(before));
  ASSIGN_OR_RETURN(Programs from_old, Programs::Compile(change.from_old));
  ASSIGN_OR_RETURN(Programs from_new, Programs::Compile(change.from_new));
  after.tablet = host.NewTabletId();
  RETURN_IF_ERROR(host.PutTable(after));
  ASSIGN_OR_RETURN(const std::shared_ptr<Tablet> target, host.FindTablet(after));

  Transaction& txn = host.txn();
  EvalContext& eval = host.eval();
  // The lock keeps writers out: the newest state is what the table holds.
  const Snapshot snapshot = txn.LatestSnapshot();
  const size_t old_columns = before.columns.size();
  Batch old_rows, new_rows;
  for (const ColumnDef& column : before.columns) old_rows.columns.emplace_back(column.type);
  for (const ColumnDef& column : after.columns) new_rows.columns.emplace_back(column.type);
  std::vector<const Vector*> pointers;
  for (const Vector& column : new_rows.columns) pointers.push_back(&column);

  TableCursor cursor(txn, *source);
  std::array<RowRef, kVectorSize> rows;
  while (true) {
    RETURN_IF_ERROR(eval.CheckCancelled());
    {
      ReadGuard guard(txn);
      ASSIGN_OR_RETURN(const size_t count, cursor.Next(snapshot, rows));
      if (count == 0) return {};
      old_rows.size = new_rows.size = static_cast<uint32_t>(count);
      for (size_t i = 0; i < old_columns; ++i) {
        RETURN_IF_ERROR(
            GatherColumn(source->schema(), i, std::span(rows).first(count), old_rows.columns[i]));
      }
    }
    for (size_t i = 0; i < after.columns.size(); ++i) {
      if (i < old_columns && !after.columns[i].dropped &&
          after.columns[i].type == before.columns[i].type) {
        new_rows.columns[i].Reference(old_rows.columns[i]);
      } else {
        new_rows.columns[i].SetConstantNull();
      }
    }
    RETURN_IF_ERROR(from_old.Run(eval, old_rows, new_rows));
    RETURN_IF_ERROR(from_new.Run(eval, new_rows, new_rows));
    RETURN_IF_ERROR(CheckNotNull(after, new_rows));
    for (uint32_t row = 0; row < new_rows.size; ++row) {
      Status inserted = InsertRow(txn, *target, pointers, row).status();
      if (!inserted.ok()) return TellOfDuplicate(host, after, std::move(inserted));
      // A new table's keys are checked at once, deferrable or not.
      if (!txn.has_doubtful_keys()) continue;
      for (const Transaction::DoubtfulKey& key : txn.TakeDoubtfulKeys()) {
        Status unique = CheckUniqueKey(txn, *target, *key.index, key.row);
        if (!unique.ok()) return TellOfDuplicate(host, after, std::move(unique));
      }
    }
  }
}

}  // namespace oxibase::ddl
