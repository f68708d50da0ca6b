#pragma once

#include <memory>
#include <optional>

#include "common/status.h"
#include "common/vector.h"
#include "exec/exec_context.h"
#include "sql/plan/physical.h"

namespace oxibase {

/// What EXPLAIN ANALYZE tells of one operator.
struct OperatorStats {
  const PhysicalNode* node = nullptr;
  uint64_t rows = 0;
  uint64_t loops = 0;
  std::optional<uint64_t> nanos = 0;  // none: not to be told
  std::string note;                   // "Sort Method: quicksort", "Rows Removed by Filter: 3"
};

/// A plan's operators, ready to run, again and again: a prepared statement keeps one. The plan must
/// outlive it. One execution at a time; any thread, one at a time.
class Executor {
 public:
  static Result<std::unique_ptr<Executor>> Create(std::shared_ptr<const PhysicalPlan> plan,
                                                  TableResolver& tables);
  ~Executor();

  /// Begins an execution; `context` must stay until Close.
  Status Open(ExecContext& context);
  /// The next rows, or null at the end. The batch is valid until the next call; nothing of the
  /// storage is held between calls.
  Result<const Batch*> Next();
  /// Runs what is left of data-modifying CTEs and end-of-statement checks; called once all rows
  /// were taken.
  Status Finish();
  /// Lets go of what the execution held; the operators stay. Also after an error.
  void Close();

  std::vector<OperatorStats> Stats() const;

 private:
  Executor();
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace oxibase
