#include "exec/operators/recursive_cte.h"

#include <utility>
#include <vector>

namespace oxibase {

RecursiveCteOperator::RecursiveCteOperator(const PhysicalRecursiveCte& node, ExecState& state)
    : Operator(node, state),
      plan_(node),
      working_(std::make_shared<CteRows>(node.types, state.memory)),
      next_rows_(node.types),
      memory_(state.memory),
      seen_memory_(state.memory),
      out_(node.types) {
  working_->complete = true;
  state.working_tables[node.cte_id] = working_;
}

Status RecursiveCteOperator::Prepare() {
  if (!plan_.all) seen_.emplace(plan_.types, 0);
  found_ = std::make_unique<std::byte*[]>(kVectorSize);
  created_ = std::make_unique_for_overwrite<uint32_t[]>(kVectorSize);
  return {};
}

Status RecursiveCteOperator::DoOpen() {
  DoClose();
  in_recursion_ = done_ = false;
  return child(0).Open();
}

void RecursiveCteOperator::DoClose() {
  working_->store.Clear();
  working_->memory.Set0();
  next_rows_.Clear();
  if (seen_) seen_->Clear();
  memory_.Set0();
  seen_memory_.Set0();
}

Result<const Batch*> RecursiveCteOperator::DoNext() {
  while (!done_) {
    ASSIGN_OR_RETURN(const Batch* input, child(in_recursion_ ? 1 : 0).Next());
    if (!input) {
      // A round has ended: its rows are what the next one works on.
      std::swap(working_->store, next_rows_);
      next_rows_.Clear();
      RETURN_IF_ERROR(state().Hold(working_->store, working_->memory));
      memory_.Force(next_rows_.bytes());
      if (working_->store.empty()) {
        done_ = true;
        break;
      }
      in_recursion_ = true;
      RETURN_IF_ERROR(child(1).Open());
      continue;
    }
    if (input->empty()) continue;
    const Batch* rows = input;
    if (seen_) {
      std::vector<const Vector*> keys;
      for (const Vector& column : input->columns) keys.push_back(&column);
      const uint32_t fresh =
          seen_->FindOrInsert(keys, nullptr, input->size, found_.get(), created_.get());
      if (fresh == 0) continue;
      for (size_t c = 0; c < out_.columns.size(); ++c) {
        out_.columns[c].Select(input->columns[c], created_.get(), fresh);
      }
      out_.size = fresh;
      rows = &out_;
    }
    next_rows_.Append(*rows);
    RETURN_IF_ERROR(state().Hold(next_rows_, memory_));
    // Rows seen before must be found at once: they stay in memory.
    if (seen_) RETURN_IF_ERROR(seen_memory_.Set(seen_->bytes()));
    return rows;
  }
  return nullptr;
}

}  // namespace oxibase
