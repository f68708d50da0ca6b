#include "exec/exec_state.h"

#include "exec/foreign_key.h"

namespace oxibase {

ExecState::ExecState(const PhysicalPlan& physical_plan, TableResolver& resolver)
    : plan(physical_plan),
      tables(resolver),
      foreign_keys(std::make_unique<ForeignKeyRegistry>(*this)) {}

ExecState::~ExecState() = default;

}  // namespace oxibase
