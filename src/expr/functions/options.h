#pragma once

#include "expr/function_registry.h"

namespace oxibase {

/// pg_options_to_table().
void RegisterOptions(FunctionRegistry& registry);

}  // namespace oxibase
