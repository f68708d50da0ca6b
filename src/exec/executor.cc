#include "exec/executor.h"

#include <utility>

#include "exec/foreign_key.h"
#include "exec/operators/operator.h"
#include "exec/subplan_executor.h"
#include "exec/table_writer.h"

namespace oxibase {

struct Executor::Impl {
  Impl(std::shared_ptr<const PhysicalPlan> physical_plan, TableResolver& tables)
      : plan(std::move(physical_plan)), state(*plan, tables), subplans(state) {}

  const std::shared_ptr<const PhysicalPlan> plan;  // shared with the plan cache
  ExecState state;
  SubplanExecutor subplans;
  std::unique_ptr<Operator> root;
};

Executor::Executor() = default;

Executor::~Executor() {
  if (impl_) Close();
}

Result<std::unique_ptr<Executor>> Executor::Create(std::shared_ptr<const PhysicalPlan> plan,
                                                   TableResolver& tables) {
  std::unique_ptr<Executor> executor(new Executor);
  executor->impl_ = std::make_unique<Impl>(std::move(plan), tables);
  Impl& impl = *executor->impl_;
  ASSIGN_OR_RETURN(impl.root, BuildOperator(*impl.plan->root, impl.state));
  return executor;
}

Status Executor::Open(ExecContext& context) {
  Impl& impl = *impl_;
  if (context.params.size() < impl.plan->param_count) {
    context.params.resize(impl.plan->param_count);
  }
  context.eval.params = context.params;
  context.eval.subplans = &impl.subplans;
  impl.state.Begin(context);
  return impl.root->Open();
}

Result<const Batch*> Executor::Next() {
  for (;;) {
    ASSIGN_OR_RETURN(const Batch* batch, impl_->root->Next());
    if (!batch || !batch->empty()) return batch;
  }
}

Status Executor::Finish() {
  Impl& impl = *impl_;
  RETURN_IF_ERROR(impl.root->Finish());
  ExecContext& context = *impl.state.context;
  // An action may ask for further ones, and may write keys that are in doubt.
  for (size_t i = 0;; ++i) {
    for (const auto& doubtful : std::exchange(context.doubtful_keys, {})) {
      RETURN_IF_ERROR(doubtful.writer->CheckKeys(doubtful.keys));
    }
    if (i >= context.end_of_statement.size()) break;
    const auto action = std::move(context.end_of_statement[i]);
    RETURN_IF_ERROR(action(context));
  }
  context.end_of_statement.clear();
  return {};
}

void Executor::Close() {
  Impl& impl = *impl_;
  if (!impl.state.context) return;
  impl.root->Close();
  impl.subplans.Close();
  impl.state.foreign_keys->Reset();
  impl.state.context->end_of_statement.clear();
  impl.state.context->doubtful_keys.clear();
  impl.state.End();
}

std::vector<OperatorStats> Executor::Stats() const {
  std::vector<OperatorStats> stats;
  impl_->root->CollectStats(stats);
  impl_->subplans.CollectStats(stats);
  return stats;
}

}  // namespace oxibase
