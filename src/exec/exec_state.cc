#include "exec/exec_state.h"

#include "exec/foreign_key.h"
#include "storage/temp/temp_space.h"

namespace oxibase {

ExecState::ExecState(const PhysicalPlan& physical_plan, TableResolver& resolver)
    : plan(physical_plan),
      tables(resolver),
      foreign_keys(std::make_unique<ForeignKeyRegistry>(*this)) {}

ExecState::~ExecState() = default;

void ExecState::Begin(ExecContext& execution) {
  context = &execution;
  memory.Attach(execution.memory, execution.operation_bytes > 0
                                      ? execution.operation_bytes
                                      : MemoryAccount::kDefaultOperationBytes);
}

void ExecState::End() {
  context = nullptr;
  temp_.reset();
}

Result<std::shared_ptr<TempFile>> ExecState::Temp() {
  if (!temp_) {
    if (!context->temp) return memory.OutOfMemory();
    ASSIGN_OR_RETURN(temp_, context->temp->Create(context->temp_bytes_max));
  }
  return temp_;
}

Status ExecState::Hold(RowStore& rows, MemoryShare& share, size_t others,
                       const RowStore::OnPage& on_page) {
  if (share.Fits(rows.bytes() + others)) [[likely]]
    return {};
  ASSIGN_OR_RETURN(const auto file, Temp());
  RETURN_IF_ERROR(rows.PageOut(file, on_page));
  share.Force(rows.bytes() + others);
  return {};
}

}  // namespace oxibase
