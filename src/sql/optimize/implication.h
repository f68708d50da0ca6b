#pragma once

#include <span>

#include "expr/expression.h"

namespace oxibase {

/// Whether `claim` is true wherever all of `facts` are: that a partial index has every row a query
/// asks for. Looks at conjuncts that are there as they stand, at ranges of constants on one
/// expression, at IS NOT NULL of what a comparison needs, and at one branch of an OR. False when it
/// is not seen.
bool Implies(std::span<const Expr* const> facts, const Expr& claim);

/// A condition on parameters alone under which `facts` imply `claim`, since facts like "a = $1" say
/// what the columns of `claim` are then. Null when none is seen.
ExprPtr ParameterCondition(std::span<const Expr* const> facts, const Expr& claim);

}  // namespace oxibase
