#pragma once

namespace oxibase {

class FunctionRegistry;

/// array_assign(array, i, ..., value) and array_assign_slice(array, lower, upper, ..., array): what
/// `UPDATE t SET a[i] = value` does to a column. NULL arrays count as empty. Private to expr.
void RegisterArrayAssign(FunctionRegistry& r);

}  // namespace oxibase
