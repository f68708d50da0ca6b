#include "exec/table_writer.h"

#include <algorithm>

#include "expr/type_io.h"
#include "storage/mvcc/tablet.h"

namespace oxibase {
namespace {

/// Longer values are cut in "Failing row contains".
constexpr size_t kShownBytesMax = 64;

}  // namespace

Status TableWriter::Prepare(const RowRules& rules) {
  rules_ = &rules;
  ASSIGN_OR_RETURN(tablet_, state_.tables.FindTablet(*table_));
  nulls_.reserve(tablet_->schema().newest().columns().size());
  for (const RowLayout::Column& column : tablet_->schema().newest().columns()) {
    int position = -1;
    for (size_t i = 0; i < table_->columns.size(); ++i) {
      if (table_->columns[i].id == column.id && !table_->columns[i].dropped) {
        position = static_cast<int>(i);
      }
    }
    stored_from_.push_back(position);
    nulls_.emplace_back(column.type);
    if (position < 0) nulls_.back().SetConstantNull();
  }
  stored_.resize(stored_from_.size());
  for (const RowRules::Computed& computed : rules.computed) {
    ASSIGN_OR_RETURN(Evaluator evaluator, Evaluator::Compile(*computed.expr));
    computed_.push_back(std::move(evaluator));
  }
  for (const TableRules::Check& check : rules.checks) check_order_.push_back(&check);
  std::stable_sort(check_order_.begin(), check_order_.end(),
                   [](const auto* a, const auto* b) { return a->name < b->name; });
  for (const TableRules::Check* check : check_order_) {
    ASSIGN_OR_RETURN(Evaluator evaluator, Evaluator::Compile(*check->expr));
    checks_.push_back(std::move(evaluator));
  }
  return {};
}

std::vector<Type> TableWriter::row_types() const {
  std::vector<Type> types;
  types.reserve(table_->columns.size());
  for (const ColumnDef& column : table_->columns) types.push_back(column.type);
  return types;
}

uint32_t TableWriter::PositionOf(ColumnId id) const {
  for (uint32_t i = 0; i < table_->columns.size(); ++i) {
    if (table_->columns[i].id == id) return i;
  }
  return 0;
}

Status TableWriter::Complete(Batch& rows, uint32_t* good, Status* failure) {
  EvalContext& context = state_.context->eval;
  for (size_t i = 0; i < computed_.size(); ++i) {
    ASSIGN_OR_RETURN(const Vector* value, computed_[i].Evaluate(context, rows));
    rows.columns[rules_->computed[i].column].Reference(*value);
  }
  *good = rows.size;
  for (size_t c = 0; c < table_->columns.size(); ++c) {
    const ColumnDef& column = table_->columns[c];
    if (!column.not_null || column.dropped) continue;
    const VectorView view = rows.columns[c].view();
    if (view.validity->all_valid()) continue;
    for (uint32_t row = 0; row < *good; ++row) {
      if (!view.IsNull(row)) continue;
      *good = row;
      *failure = NotNullFailure(rows, row, column);
    }
  }
  if (*good == 0 && rows.size > 0) return {};  // what follows need not make sense of NULL
  for (size_t i = 0; i < checks_.size(); ++i) {
    ASSIGN_OR_RETURN(const Vector* value, checks_[i].Evaluate(context, rows));
    const VectorView view = value->view();
    for (uint32_t row = 0; row < *good; ++row) {
      if (view.IsNull(row) || view.Get<uint8_t>(row)) continue;
      *good = row;
      *failure = CheckFailure(rows, row, check_order_[i]->name);
    }
  }
  return {};
}

std::span<const Vector* const> TableWriter::Stored(const Batch& rows) {
  for (size_t i = 0; i < stored_.size(); ++i) {
    stored_[i] = stored_from_[i] < 0 ? &nulls_[i] : &rows.columns[stored_from_[i]];
  }
  return stored_;
}

template <typename T>
Result<T> TableWriter::Named(Result<T> result) const {
  if (result.ok()) [[likely]]
    return result;
  const bool of_key = result.code() == ErrorCode::kUniqueViolation ||
                      result.code() == ErrorCode::kObjectNotInPrerequisiteState;
  if (!of_key) return result;
  return std::move(result).status().Table(SchemaName(), table_->name);
}

Result<RowId> TableWriter::Insert(const Batch& rows, uint32_t row,
                                  std::span<const TabletIndex* const> arbiters,
                                  std::optional<UniqueConflict>* conflict) {
  Transaction& txn = *state_.context->txn;
  auto id = InsertRow(txn, *tablet_, Stored(rows), row, arbiters, conflict);
  if (txn.has_doubtful_keys()) [[unlikely]]
    DeferKeys();
  return Named(std::move(id));
}

Result<RowOutcome> TableWriter::Update(RowId id, const Snapshot& snapshot, const Batch& rows,
                                       uint32_t row) {
  Transaction& txn = *state_.context->txn;
  auto outcome = UpdateRow(txn, *tablet_, id, snapshot, Stored(rows), row);
  if (txn.has_doubtful_keys()) [[unlikely]]
    DeferKeys();
  return Named(std::move(outcome));
}

void TableWriter::DeferKeys() {
  ExecContext& context = *state_.context;
  for (const Transaction::DoubtfulKey& key : context.txn->TakeDoubtfulKeys()) {
    const auto constraint =
        std::find_if(table_->constraints.begin(), table_->constraints.end(),
                     [&](const ConstraintDef& c) { return c.index == key.index->spec().oid; });
    if (context.deferred != nullptr && constraint != table_->constraints.end() &&
        context.deferred->IsDeferred(*constraint)) {
      context.deferred->AddUnique(table_->oid, constraint->oid, key.row);
      continue;
    }
    if (context.doubtful_keys.empty() || context.doubtful_keys.back().writer != this) {
      context.doubtful_keys.push_back({this, {}});
    }
    context.doubtful_keys.back().keys.push_back(key);
  }
}

Status TableWriter::CheckKeys(std::span<const Transaction::DoubtfulKey> keys) {
  for (const Transaction::DoubtfulKey& key : keys) {
    Status status = CheckUniqueKey(*state_.context->txn, *tablet_, *key.index, key.row);
    if (status.ok()) continue;
    if (status.code() != ErrorCode::kUniqueViolation) return status;
    return std::move(status).Table(SchemaName(), table_->name);
  }
  return {};
}

Result<RowOutcome> TableWriter::Delete(RowId id, const Snapshot& snapshot) {
  return DeleteRow(*state_.context->txn, *tablet_, id, snapshot);
}

std::string TableWriter::SchemaName() const {
  const auto schema = state_.tables.catalog().SchemaByOid(table_->schema);
  return schema ? schema->name : std::string();
}

std::string TableWriter::DescribeRow(const Batch& rows, uint32_t row) const {
  std::string text = "Failing row contains (";
  const TypeIo io(state_.context->eval);
  bool first = true;
  for (size_t c = 0; c < table_->columns.size(); ++c) {
    if (table_->columns[c].dropped || table_->columns[c].hidden) continue;
    if (!first) text += ", ";
    first = false;
    const VectorView view = rows.columns[c].view();
    if (view.IsNull(row)) {
      text += "null";
      continue;
    }
    std::string value;
    TextOut(table_->columns[c].type, view, row, io, &value);
    if (value.size() > kShownBytesMax) {
      size_t cut = kShownBytesMax;
      while (cut > 0 && (static_cast<unsigned char>(value[cut]) & 0xC0) == 0x80) --cut;
      value.resize(cut);
      value += "...";
    }
    text += value;
  }
  return text + ").";
}

Status TableWriter::NotNullFailure(const Batch& rows, uint32_t row, const ColumnDef& column) const {
  return Error(ErrorCode::kNotNullViolation,
               "null value in column \"{}\" of relation \"{}\" violates not-null constraint",
               column.name, table_->name)
      .Detail(DescribeRow(rows, row))
      .Table(SchemaName(), table_->name)
      .Column(column.name);
}

Status TableWriter::CheckFailure(const Batch& rows, uint32_t row, const std::string& check) const {
  return Error(ErrorCode::kCheckViolation,
               "new row for relation \"{}\" violates check constraint \"{}\"", table_->name, check)
      .Detail(DescribeRow(rows, row))
      .Table(SchemaName(), table_->name)
      .Constraint(check);
}

}  // namespace oxibase
