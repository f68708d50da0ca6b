#pragma once

#include "exec/operators/row_change.h"

namespace oxibase {

/// DELETE, with USING and RETURNING.
class DeleteOperator : public RowChangeOperator {
 public:
  DeleteOperator(const PhysicalDelete& node, ExecState& state)
      : RowChangeOperator(node, state, node.table, node.scan_id, node.row_id_column),
        plan_(node),
        out_(node.children[0]->types) {}
  Status Prepare() override {
    RETURN_IF_ERROR(writer_.Prepare(no_rules_));
    return keys_.Prepare(false, true, nullptr);
  }

 protected:
  Status Begin(const Batch& input, uint32_t* good, Status* failure) override;
  Result<RowOutcome> Change(RowId id, const Snapshot& snapshot, uint32_t row) override;
  Status Changed(uint32_t row) override;
  const Batch* Output(const Batch& input, const uint32_t* sel, uint32_t count) override;

 private:
  const PhysicalDelete& plan_;
  const RowRules no_rules_;
  Batch out_;
};

}  // namespace oxibase
