#pragma once

#include <memory>
#include <string>
#include <vector>

#include "exec/exec_state.h"
#include "exec/executor.h"
#include "sql/plan/physical.h"

namespace oxibase {

/// What runs one node of a physical plan: Open, Next until null, Close; again and again. Between
/// calls it holds no latch, epoch or version pointer, so any thread may go on. The batch that Next
/// returned, and all it borrows, is valid until the next Next, Open or Close of this operator. Not
/// thread-safe.
class Operator {
 public:
  Operator(const PhysicalNode& node, ExecState& state)
      : node_(node), state_(state), counts_changes_(state.cte_depth == 0) {}
  virtual ~Operator() = default;
  Operator(const Operator&) = delete;
  Operator& operator=(const Operator&) = delete;

  /// Resolves tables and compiles expressions; once, after the children are in place.
  virtual Status Prepare() = 0;

  /// Begins, or begins anew (parameters may have changed). Opens children as it needs them.
  Status Open();
  Result<const Batch*> Next();
  /// A hint: no more than so many further rows will be taken. Whoever locks rows goes by it.
  virtual void SetRowGoal(uint64_t /*rows*/) {}
  /// Passes over up to `rows` rows without computing them and says over how many; 0: it cannot, or
  /// there are none. Next goes on behind them.
  Result<uint64_t> Skip(uint64_t rows);
  /// After the last row: runs data-modifying CTEs that nobody read to their end.
  virtual Status Finish();
  /// Lets go of what the execution held, children's too; keeps buffers.
  void Close();

  const PhysicalNode& node() const { return node_; }
  /// For EXPLAIN ANALYZE, of this operator and those below.
  void CollectStats(std::vector<OperatorStats>& out) const;

  void AddChild(std::unique_ptr<Operator> child) { children_.push_back(std::move(child)); }

 protected:
  virtual Status DoOpen() = 0;
  virtual Result<const Batch*> DoNext() = 0;
  virtual Result<uint64_t> DoSkip(uint64_t /*rows*/) { return uint64_t{0}; }
  virtual void DoClose() {}
  virtual std::string Note() const { return {}; }

  ExecState& state() const { return state_; }
  ExecContext& context() const { return *state_.context; }
  EvalContext& eval() const { return state_.context->eval; }
  Operator& child(size_t i = 0) const { return *children_[i]; }
  /// Another row was inserted, updated or deleted: for the command tag.
  void CountChange() const {
    if (counts_changes_) ++state_.context->rows_affected;
  }

  std::vector<std::unique_ptr<Operator>> children_;

 private:
  const PhysicalNode& node_;
  ExecState& state_;
  const bool counts_changes_;
  uint64_t rows_ = 0, loops_ = 0, nanos_ = 0;
};

/// The operator tree of `node`, prepared. Errors: those of resolving and compiling.
Result<std::unique_ptr<Operator>> BuildOperator(const PhysicalNode& node, ExecState& state);

}  // namespace oxibase
