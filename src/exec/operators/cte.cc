#include "exec/operators/cte.h"

namespace oxibase {

Status CteRows::Ensure(uint32_t row) {
  while (!complete && store.size() <= row) {
    if (!producer) {
      complete = true;
      break;
    }
    ASSIGN_OR_RETURN(const Batch* batch, producer->Next());
    if (!batch) {
      complete = true;
    } else if (!batch->columns.empty() || store.types().empty()) {
      store.Append(*batch);
    }
  }
  return {};
}

std::shared_ptr<CteRows> CteOperator::Register(const PhysicalCte& node, ExecState& state) {
  auto rows = std::make_shared<CteRows>(node.children[0]->types);
  state.ctes[node.cte_id] = rows;
  return rows;
}

Status CteOperator::Prepare() {
  rows_->producer = &child(0);
  return {};
}

Status CteOperator::DoOpen() {
  rows_->store.Clear();
  rows_->complete = false;
  RETURN_IF_ERROR(child(0).Open());
  return child(1).Open();
}

Status CteOperator::Finish() {
  if (plan_.modifies) {
    while (!rows_->complete) {
      RETURN_IF_ERROR(rows_->Ensure(rows_->store.size()));
    }
  }
  return Operator::Finish();
}

void CteOperator::DoClose() { rows_->store.Clear(); }

Status CteScanOperator::Prepare() {
  const auto& all = plan_.working_table ? state().working_tables : state().ctes;
  const auto found = all.find(plan_.cte_id);
  if (found == all.end()) {
    return Error(ErrorCode::kInternalError, "no rows for CTE \"{}\"", plan_.name);
  }
  rows_ = found->second;
  return {};
}

Status CteScanOperator::DoOpen() {
  next_ = 0;
  return {};
}

Result<const Batch*> CteScanOperator::DoNext() {
  RETURN_IF_ERROR(rows_->Ensure(next_));
  const uint32_t count = rows_->store.Borrow(next_, kVectorSize, out_);
  if (count == 0) return nullptr;
  next_ += count;
  return &out_;
}

}  // namespace oxibase
