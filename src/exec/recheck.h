#pragma once

#include <memory>
#include <span>

#include "exec/exec_state.h"
#include "exec/operators/operator.h"

namespace oxibase {

class SubplanExecutor;

/// READ COMMITTED's second look at a row that somebody changed while we waited for it: the same
/// plan again, with the scan of that row's table replaced by its newest version. Other tables and
/// subqueries are seen as the statement sees them. A tree of operators of its own, made on first
/// need.
class Recheck {
 public:
  /// `plan`: the input of the operator that locks or modifies.
  Recheck(const PhysicalNode& plan, ExecState& outer);
  ~Recheck();

  /// The rows that the plan makes now, at least one, or null: the row no longer qualifies. Valid
  /// until the next call or Close.
  Result<const Batch*> Run(std::span<const ExecContext::RowOverride> rows);
  /// What the given rows were seen with: the snapshot for the next attempt.
  const Snapshot& snapshot() const { return context_.override_snapshot; }
  void Close();

 private:
  const PhysicalNode& plan_;
  ExecState& outer_;
  ExecState state_;
  ExecContext context_;
  std::unique_ptr<SubplanExecutor> subplans_;
  std::unique_ptr<Operator> root_;
};

}  // namespace oxibase
