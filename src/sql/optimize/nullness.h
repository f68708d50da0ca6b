#pragma once
// What an expression can still be when something in it is NULL.

#include <functional>

#include "expr/expression.h"

namespace oxibase {

/// Which expressions are taken to be NULL.
using TakenAsNull = std::function<bool(const Expr&)>;

/// Whether `expr` is NULL then; false if that cannot be told.
bool IsNullWhen(const Expr& expr, const TakenAsNull& taken);

/// Whether the boolean `expr` then is anything but `value` (NULL, or the other); false if that
/// cannot be told. A condition that cannot be true rejects the row.
bool CannotBe(bool value, const Expr& expr, const TakenAsNull& taken);

}  // namespace oxibase
