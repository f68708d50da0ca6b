#include "exec/operators/insert.h"

#include <algorithm>

#include "exec/vector_copy.h"
#include "storage/mvcc/tablet.h"
#include "txn/transaction.h"

namespace oxibase {

InsertOperator::InsertOperator(const PhysicalInsert& node, ExecState& state)
    : Operator(node, state),
      plan_(node),
      writer_(node.table, state),
      updater_(node.table, state),
      keys_(node.table, state),
      updated_keys_(node.table, state),
      returned_({}) {}

Status InsertOperator::Prepare() {
  RETURN_IF_ERROR(writer_.Prepare(plan_.rules));
  const std::vector<Type> types = writer_.row_types();
  rows_ = Batch(types);
  out_ = Batch(types);
  returned_ = RowStore(types);
  for (const ExprPtr& value : plan_.values) {
    auto& evaluator = values_.emplace_back();
    if (!value) continue;
    ASSIGN_OR_RETURN(Evaluator compiled, Evaluator::Compile(*value));
    evaluator.emplace(std::move(compiled));
  }
  RETURN_IF_ERROR(keys_.Prepare(true, false, nullptr));
  if (!plan_.on_conflict) return {};
  for (const Oid oid : plan_.on_conflict->arbiters) {
    ASSIGN_OR_RETURN(const TabletIndex* index, state().tables.FindIndex(*plan_.table, oid));
    arbiters_.push_back(index);
  }
  if (!plan_.on_conflict->do_update) return {};
  RETURN_IF_ERROR(updater_.Prepare(plan_.rules));
  std::vector<uint32_t> assigned;
  for (const auto& [column, expr] : plan_.on_conflict->assignments) {
    RETURN_IF_ERROR(assignments_.Add(*expr));
    assigned.push_back(column);
  }
  for (const RowRules::Computed& computed : plan_.rules.computed) {
    assigned.push_back(computed.column);
  }
  RETURN_IF_ERROR(where_.Compile(plan_.on_conflict->where.get()));
  RETURN_IF_ERROR(updated_keys_.Prepare(true, true, &assigned));
  std::vector<Type> both = types;
  both.insert(both.end(), types.begin(), types.end());
  both_ = Batch(both);
  updated_ = Batch(types);
  for (const ColumnDef& column : plan_.table->columns) {
    const int position = writer_.tablet().schema().newest().Find(column.id);
    stored_position_.push_back(position < 0 || column.dropped ? SIZE_MAX
                                                              : static_cast<size_t>(position));
  }
  return {};
}

Status InsertOperator::DoOpen() {
  done_ = false;
  return child().Open();
}

Status InsertOperator::MakeRows(const Batch& input) {
  for (size_t c = 0; c < values_.size(); ++c) {
    if (!values_[c]) {
      rows_.columns[c].SetConstantNull();
      continue;
    }
    ASSIGN_OR_RETURN(const Vector* value, values_[c]->Evaluate(eval(), input));
    rows_.columns[c].Reference(*value);
  }
  rows_.size = input.size;
  return {};
}

Result<bool> InsertOperator::ReadExisting(RowId existing, const Snapshot& snapshot) {
  ReadGuard guard(*context().txn);
  ASSIGN_OR_RETURN(const RowRef ref, GetRow(*context().txn, writer_.tablet(), snapshot, existing));
  if (!ref) return false;
  for (size_t c = 0; c < stored_position_.size(); ++c) {
    if (stored_position_[c] == SIZE_MAX) {
      both_.columns[c].SetConstantNull();
    } else {
      RETURN_IF_ERROR(GatherColumn(writer_.tablet().schema(), stored_position_[c], {&ref, 1},
                                   both_.columns[c]));
    }
  }
  return true;
}

Status InsertOperator::CheckSeen(RowId existing) {
  Transaction& txn = *context().txn;
  if (!txn.repeatable_read()) return {};
  Snapshot newest = txn.LatestSnapshot();
  ++newest.command;  // what this very command made
  Snapshot own = newest;
  own.read_ts = context().snapshot.read_ts;
  ReadGuard guard(txn);
  ASSIGN_OR_RETURN(const RowRef seen, GetRow(txn, writer_.tablet(), own, existing));
  ASSIGN_OR_RETURN(const RowRef now, GetRow(txn, writer_.tablet(), newest, existing));
  if (seen && seen.SameVersion(now)) return {};
  return Error(ErrorCode::kSerializationFailure,
               "could not serialize access due to concurrent update");
}

Result<std::optional<InsertOperator::Effect>> InsertOperator::UpdateExisting(RowId existing,
                                                                             uint32_t row) {
  Transaction& txn = *context().txn;
  Snapshot snapshot = txn.LatestSnapshot();
  ASSIGN_OR_RETURN(RowOutcome outcome, LockRow(txn, writer_.tablet(), existing, snapshot,
                                               RowLockMode::kNoKeyUpdate, LockWait::kBlock));
  if (outcome == RowOutcome::kSelfModified) {
    return Error(ErrorCode::kCardinalityViolation,
                 "ON CONFLICT DO UPDATE command cannot affect row a second time")
        .Hint(
            "Ensure that no rows proposed for insertion within the same command have duplicate "
            "constrained values.");
  }
  if (outcome == RowOutcome::kDeleted) return std::optional<Effect>();
  if (outcome == RowOutcome::kChanged) snapshot = txn.LatestSnapshot();
  ASSIGN_OR_RETURN(const bool found, ReadExisting(existing, snapshot));
  if (!found) {
    Snapshot own = snapshot;
    ++own.command;
    ASSIGN_OR_RETURN(const bool made_now, ReadExisting(existing, own));
    if (!made_now) return std::optional<Effect>();
    return Error(ErrorCode::kCardinalityViolation,
                 "ON CONFLICT DO UPDATE command cannot affect row a second time")
        .Hint(
            "Ensure that no rows proposed for insertion within the same command have duplicate "
            "constrained values.");
  }
  RETURN_IF_ERROR(CheckSeen(existing));
  const size_t columns = rows_.columns.size();
  for (size_t c = 0; c < columns; ++c) {
    both_.columns[columns + c].Select(rows_.columns[c], &row, 1);
  }
  both_.size = 1;
  if (where_) {
    uint32_t sel[1];
    ASSIGN_OR_RETURN(const uint32_t passes, where_->Select(eval(), both_, sel));
    if (passes == 0) return std::optional<Effect>(Effect::kNone);
  }
  RETURN_IF_ERROR(assignments_.Evaluate(eval(), both_));
  for (size_t c = 0; c < columns; ++c) updated_.columns[c].Reference(both_.columns[c]);
  const auto& assignments = plan_.on_conflict->assignments;
  for (size_t i = 0; i < assignments.size(); ++i) {
    updated_.columns[assignments[i].first].Reference(assignments_.result(i));
  }
  updated_.size = 1;
  uint32_t good = 0;
  Status failure;
  RETURN_IF_ERROR(updater_.Complete(updated_, &good, &failure));
  if (good == 0) return failure;
  if (updated_keys_.has_incoming())
    RETURN_IF_ERROR(updated_keys_.ReadOld({&existing, 1}, snapshot));
  ASSIGN_OR_RETURN(outcome, updater_.Update(existing, snapshot, updated_, 0));
  if (outcome != RowOutcome::kDone) return std::optional<Effect>();
  RETURN_IF_ERROR(updated_keys_.RowWritten(updated_, 0));
  if (updated_keys_.has_incoming()) RETURN_IF_ERROR(updated_keys_.RowRemoved(0, &updated_, 0));
  return std::optional<Effect>(Effect::kUpdated);
}

Result<InsertOperator::Effect> InsertOperator::InsertOne(uint32_t row) {
  for (;;) {
    std::optional<UniqueConflict> conflict;
    RETURN_IF_ERROR(eval().CheckCancelled());
    RETURN_IF_ERROR(
        writer_.Insert(rows_, row, arbiters_, plan_.on_conflict ? &conflict : nullptr).status());
    if (!conflict) return Effect::kInserted;
    if (!plan_.on_conflict->do_update) {
      RETURN_IF_ERROR(CheckSeen(conflict->row));
      return Effect::kNone;
    }
    ASSIGN_OR_RETURN(const auto effect, UpdateExisting(conflict->row, row));
    if (effect) return *effect;
  }
}

Result<const Batch*> InsertOperator::DoNext() {
  while (!done_) {
    ASSIGN_OR_RETURN(const Batch* input, child().Next());
    if (!input) {
      done_ = true;
      break;
    }
    if (input->empty()) continue;
    RETURN_IF_ERROR(MakeRows(*input));
    uint32_t good = 0;
    Status failure;
    RETURN_IF_ERROR(writer_.Complete(rows_, &good, &failure));
    // Rows one by one are kept only where they may differ from those proposed.
    const bool keep = plan_.returning && plan_.on_conflict.has_value();
    if (keep) returned_.Clear();
    for (uint32_t row = 0; row < good; ++row) {
      ASSIGN_OR_RETURN(const Effect effect, InsertOne(row));
      if (effect == Effect::kNone) continue;
      CountChange();
      if (effect == Effect::kInserted && !keys_.empty()) {
        RETURN_IF_ERROR(keys_.RowWritten(rows_, row));
      }
      if (!keep) continue;
      if (effect == Effect::kInserted) {
        returned_.Append(rows_.columns, &row, 1);
      } else {
        const uint32_t first = 0;
        returned_.Append(updated_.columns, &first, 1);
      }
    }
    if (good < rows_.size) return failure;
    if (!plan_.returning) continue;
    if (!keep) return &rows_;
    if (returned_.Borrow(0, kVectorSize, out_) > 0) return &out_;
  }
  return nullptr;
}

}  // namespace oxibase
