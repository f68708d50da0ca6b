#include "exec/recheck.h"

#include "exec/subplan_executor.h"
#include "txn/transaction.h"

namespace oxibase {

Recheck::Recheck(const PhysicalNode& plan, ExecState& outer)
    : plan_(plan), outer_(outer), state_(outer.plan, outer.tables) {
  state_.depth = outer.depth + 1;
  subplans_ = std::make_unique<SubplanExecutor>(state_);
}

Recheck::~Recheck() { Close(); }

Result<const Batch*> Recheck::Run(std::span<const ExecContext::RowOverride> rows) {
  Close();
  const ExecContext& from = *outer_.context;
  context_.eval = from.eval;
  context_.eval.subplans = subplans_.get();
  context_.txn = from.txn;
  context_.snapshot = from.snapshot;
  context_.as_of_newest = from.as_of_newest;
  context_.override_snapshot = from.txn->LatestSnapshot();
  context_.tables = from.tables;
  context_.virtual_tables = from.virtual_tables;
  context_.params = from.params;
  context_.eval.params = context_.params;
  context_.overrides.assign(rows.begin(), rows.end());
  context_.memory = from.memory;
  context_.operation_bytes = from.operation_bytes;
  context_.temp = from.temp;
  context_.temp_bytes_max = from.temp_bytes_max;
  state_.Begin(context_);
  state_.ctes = outer_.ctes;
  state_.working_tables = outer_.working_tables;
  if (!root_) {
    ASSIGN_OR_RETURN(root_, BuildOperator(plan_, state_));
  }
  RETURN_IF_ERROR(root_->Open());
  for (;;) {
    ASSIGN_OR_RETURN(const Batch* batch, root_->Next());
    if (!batch || !batch->empty()) return batch;
  }
}

void Recheck::Close() {
  if (!state_.context) return;
  if (root_) root_->Close();
  subplans_->Close();
  state_.End();
}

}  // namespace oxibase
