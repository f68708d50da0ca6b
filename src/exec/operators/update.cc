#include "exec/operators/update.h"

namespace oxibase {

Status UpdateOperator::Prepare() {
  RETURN_IF_ERROR(writer_.Prepare(plan_.rules));
  rows_ = Batch(writer_.row_types());
  std::vector<Type> types = writer_.row_types();
  for (const Type type : plan_.children[0]->types) types.push_back(type);
  out_ = Batch(types);
  for (const ExprPtr& value : plan_.values) {
    auto& evaluator = values_.emplace_back();
    if (!value) continue;
    ASSIGN_OR_RETURN(Evaluator compiled, Evaluator::Compile(*value));
    evaluator.emplace(std::move(compiled));
  }
  std::vector<uint32_t> assigned = plan_.assigned;
  for (const RowRules::Computed& computed : plan_.rules.computed) {
    assigned.push_back(computed.column);
  }
  return keys_.Prepare(true, true, &assigned);
}

Status UpdateOperator::Begin(const Batch& input, uint32_t* good, Status* failure) {
  for (size_t c = 0; c < values_.size(); ++c) {
    if (!values_[c]) {
      rows_.columns[c].SetConstantNull();
      continue;
    }
    ASSIGN_OR_RETURN(const Vector* value, values_[c]->Evaluate(eval(), input));
    rows_.columns[c].Reference(*value);
  }
  rows_.size = input.size;
  return writer_.Complete(rows_, good, failure);
}

Result<RowOutcome> UpdateOperator::Change(RowId id, const Snapshot& snapshot, uint32_t row) {
  return writer_.Update(id, snapshot, rows_, row);
}

Status UpdateOperator::Changed(uint32_t row) {
  RETURN_IF_ERROR(keys_.RowWritten(rows_, row));
  return keys_.has_incoming() ? keys_.RowRemoved(row, &rows_, row) : Status();
}

const Batch* UpdateOperator::Output(const Batch& input, const uint32_t* sel, uint32_t count) {
  if (!plan_.returning) return nullptr;
  const size_t own = rows_.columns.size();
  for (size_t c = 0; c < out_.columns.size(); ++c) {
    out_.columns[c].Select(c < own ? rows_.columns[c] : input.columns[c - own], sel, count);
  }
  out_.size = count;
  return &out_;
}

}  // namespace oxibase
