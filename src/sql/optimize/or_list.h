#pragma once

#include "expr/expression.h"

namespace oxibase {

/// `x = 1 OR x = 2 OR x = $1` as `x = ANY (...)`, which an index can answer; any other expression
/// as it is.
ExprPtr OrAsAny(ExprPtr expr);

}  // namespace oxibase
