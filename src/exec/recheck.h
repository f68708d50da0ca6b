#pragma once

#include <memory>
#include <span>

#include "exec/exec_state.h"
#include "exec/operators/operator.h"

namespace oxibase {

class SubplanExecutor;

/// READ COMMITTED's second look at a row that somebody changed while we waited for it: the same
/// plan again, with the scan of that row's table replaced by its newest version, under a fresh
/// snapshot. A tree of operators of its own, made on first need.
class Recheck {
 public:
  /// `plan`: the input of the operator that locks or modifies.
  Recheck(const PhysicalNode& plan, ExecState& outer);
  ~Recheck();

  /// The rows that the plan makes now, at least one, or null: the row no longer qualifies. Valid
  /// until the next call or Close. The snapshot is that of the next attempt too.
  Result<const Batch*> Run(std::span<const ExecContext::RowOverride> rows);
  const Snapshot& snapshot() const { return context_.snapshot; }
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
