#pragma once

#include <optional>
#include <vector>

#include "exec/operators/row_change.h"

namespace oxibase {

/// UPDATE, with FROM and RETURNING.
class UpdateOperator : public RowChangeOperator {
 public:
  UpdateOperator(const PhysicalUpdate& node, ExecState& state)
      : RowChangeOperator(node, state, node.table, node.scan_id, node.row_id_column), plan_(node) {}
  Status Prepare() override;

 protected:
  Status Begin(const Batch& input, uint32_t* good, Status* failure) override;
  Result<RowOutcome> Change(RowId id, const Snapshot& snapshot, uint32_t row) override;
  Status Changed(uint32_t row) override;
  const Batch* Output(const Batch& input, const uint32_t* sel, uint32_t count) override;

 private:
  const PhysicalUpdate& plan_;
  std::vector<std::optional<Evaluator>> values_;
  Batch rows_;
  Batch out_;
};

}  // namespace oxibase
