#pragma once

#include <memory>
#include <unordered_map>
#include <vector>

#include "exec/exec_state.h"
#include "expr/eval_context.h"
#include "expr/expression.h"

namespace oxibase {

class Subplan;
struct OperatorStats;

/// Runs the subqueries that stayed in expressions, for one tree of operators. Each has operators of
/// its own, made on first use.
class SubplanExecutor : public SubplanRunner {
 public:
  explicit SubplanExecutor(ExecState& state);
  ~SubplanExecutor() override;

  Status Run(const SubplanExpr& expr, const Batch& input, Vector& out) override;

  /// Forgets results, which a new execution may not see; keeps operators.
  void Close();
  /// For EXPLAIN ANALYZE, of those that ran.
  void CollectStats(std::vector<OperatorStats>& out) const;

 private:
  ExecState& state_;
  std::unordered_map<const SubplanExpr*, std::unique_ptr<Subplan>> subplans_;
};

}  // namespace oxibase
