#include "exec/subplan_executor.h"

#include "exec/subplan.h"

namespace oxibase {
namespace {

/// Trees within trees: a plan's subplans, their subplans, re-checks.
constexpr int kTreeDepthMax = 200;

}  // namespace

SubplanExecutor::SubplanExecutor(ExecState& state) : state_(state) {}
SubplanExecutor::~SubplanExecutor() = default;

Status SubplanExecutor::Run(const SubplanExpr& expr, const Batch& input, Vector& out) {
  if (state_.depth >= kTreeDepthMax) {
    return Error(ErrorCode::kStatementTooComplex, "stack depth limit exceeded");
  }
  ++state_.depth;
  auto& subplan = subplans_[&expr];
  Status status;
  if (!subplan) {
    auto made = std::make_unique<Subplan>(expr, state_);
    status = made->Prepare();
    if (status.ok()) subplan = std::move(made);
  }
  if (status.ok()) {
    Subplan& ready = *subplan;  // the map may grow while it runs
    status = ready.Run(input, out);
  }
  --state_.depth;
  return status;
}

void SubplanExecutor::Close() {
  for (const auto& [expr, subplan] : subplans_) {
    if (subplan) subplan->Close();
  }
}

void SubplanExecutor::CollectStats(std::vector<OperatorStats>& out) const {
  for (const auto& [expr, subplan] : subplans_) {
    if (subplan) subplan->CollectStats(out);
  }
}

}  // namespace oxibase
