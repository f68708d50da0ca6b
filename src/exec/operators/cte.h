#pragma once

#include <memory>

#include "exec/operators/operator.h"

namespace oxibase {

/// WITH ... AS MATERIALIZED: children[0] makes the CTE's rows, as far as they are asked for;
/// children[1] is the statement.
class CteOperator : public Operator {
 public:
  CteOperator(const PhysicalCte& node, ExecState& state)
      : Operator(node, state), plan_(node), rows_(Register(node, state)) {}
  Status Prepare() override;
  Status Finish() override;
  void SetRowGoal(uint64_t rows) override { child(1).SetRowGoal(rows); }

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override { return child(1).Next(); }
  void DoClose() override;

 private:
  /// The readers below find the rows by their id while they are made ready.
  static std::shared_ptr<CteRows> Register(const PhysicalCte& node, ExecState& state);

  const PhysicalCte& plan_;
  std::shared_ptr<CteRows> rows_;  // shared with the readers' lookup by id
};

/// One reading of a CTE or of a recursive CTE's working table.
class CteScanOperator : public Operator {
 public:
  CteScanOperator(const PhysicalCteScan& node, ExecState& state)
      : Operator(node, state), plan_(node), out_(node.types) {}
  ~CteScanOperator() override;
  Status Prepare() override;

 protected:
  Status DoOpen() override;
  Result<const Batch*> DoNext() override;
  void DoClose() override;

 private:
  const PhysicalCteScan& plan_;
  std::shared_ptr<CteRows> rows_;  // shared with the operator that makes them
  CteRows::Pin pin_;
  Batch out_;
  uint32_t next_ = 0;
};

}  // namespace oxibase
