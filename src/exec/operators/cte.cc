#include "exec/operators/cte.h"

namespace oxibase {

Status CteRows::Ensure(uint32_t row, ExecState& state) {
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
      RETURN_IF_ERROR(state.Hold(store, memory, 0, [this](size_t chunk, Batch&& rows) {
        std::shared_ptr<const Batch> kept;
        for (Pin* pin : pins) {
          if (pin->chunk != chunk) continue;
          if (!kept) kept = std::make_shared<const Batch>(std::move(rows));
          pin->kept = kept;
        }
      }));
    }
  }
  return {};
}

std::shared_ptr<CteRows> CteOperator::Register(const PhysicalCte& node, ExecState& state) {
  auto rows = std::make_shared<CteRows>(node.children[0]->types, state.memory);
  state.ctes[node.cte_id] = rows;
  return rows;
}

Status CteOperator::Prepare() {
  rows_->producer = &child(0);
  return {};
}

Status CteOperator::DoOpen() {
  DoClose();
  rows_->complete = false;
  RETURN_IF_ERROR(child(0).Open());
  return child(1).Open();
}

Status CteOperator::Finish() {
  if (plan_.modifies) {
    while (!rows_->complete) {
      RETURN_IF_ERROR(rows_->Ensure(rows_->store.size(), state()));
    }
  }
  return Operator::Finish();
}

void CteOperator::DoClose() {
  rows_->store.Clear();
  rows_->memory.Set0();
}

Status CteScanOperator::Prepare() {
  const auto& all = plan_.working_table ? state().working_tables : state().ctes;
  const auto found = all.find(plan_.cte_id);
  if (found == all.end()) {
    return Error(ErrorCode::kInternalError, "no rows for CTE \"{}\"", plan_.name);
  }
  rows_ = found->second;
  rows_->pins.push_back(&pin_);
  return {};
}

CteScanOperator::~CteScanOperator() {
  if (rows_) std::erase(rows_->pins, &pin_);
}

void CteScanOperator::DoClose() { pin_ = {}; }

Status CteScanOperator::DoOpen() {
  next_ = 0;
  pin_ = {};
  return {};
}

Result<const Batch*> CteScanOperator::DoNext() {
  RETURN_IF_ERROR(rows_->Ensure(next_, state()));
  pin_ = {.chunk = next_ / kVectorSize, .kept = nullptr};
  const uint32_t count = rows_->store.Borrow(next_, kVectorSize, out_);
  RETURN_IF_ERROR(rows_->store.status());
  if (count == 0) return nullptr;
  next_ += count;
  return &out_;
}

}  // namespace oxibase
