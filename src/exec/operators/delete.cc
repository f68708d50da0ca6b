#include "exec/operators/delete.h"

namespace oxibase {

Status DeleteOperator::Begin(const Batch& input, uint32_t* good, Status* /*failure*/) {
  *good = input.size;
  return {};
}

Result<RowOutcome> DeleteOperator::Change(RowId id, const Snapshot& snapshot, uint32_t /*row*/) {
  return writer_.Delete(id, snapshot);
}

Status DeleteOperator::Changed(uint32_t row) {
  return keys_.has_incoming() ? keys_.RowRemoved(row, nullptr, 0) : Status();
}

const Batch* DeleteOperator::Output(const Batch& input, const uint32_t* sel, uint32_t count) {
  if (!plan_.returning) return nullptr;
  for (size_t c = 0; c < out_.columns.size(); ++c) {
    out_.columns[c].Select(input.columns[c], sel, count);
  }
  out_.size = count;
  return &out_;
}

}  // namespace oxibase
