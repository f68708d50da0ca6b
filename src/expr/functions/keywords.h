#pragma once

#include "expr/function_registry.h"

namespace oxibase {

/// pg_get_keywords().
void RegisterKeywords(FunctionRegistry& registry);

}  // namespace oxibase
