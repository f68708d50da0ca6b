#include <algorithm>

#include "expr/resolve.h"

namespace oxibase {
namespace {

using T = TypeId;

struct ImplicitCast {
  TypeId from, to;
};

/// pg_cast's rows with castcontext 'i' between different types; oid and its aliases apart.
constexpr ImplicitCast kImplicitCasts[] = {
    {T::kChar, T::kText},        {T::kName, T::kText},
    {T::kInt8, T::kFloat4},      {T::kInt8, T::kFloat8},
    {T::kInt8, T::kNumeric},     {T::kInt2, T::kInt8},
    {T::kInt2, T::kInt4},        {T::kInt2, T::kFloat4},
    {T::kInt2, T::kFloat8},      {T::kInt2, T::kNumeric},
    {T::kInt4, T::kInt8},        {T::kInt4, T::kFloat4},
    {T::kInt4, T::kFloat8},      {T::kInt4, T::kNumeric},
    {T::kText, T::kName},        {T::kText, T::kBpChar},
    {T::kText, T::kVarchar},     {T::kText, T::kRegClass},
    {T::kPgNodeTree, T::kText},  {T::kFloat4, T::kFloat8},
    {T::kBpChar, T::kName},      {T::kBpChar, T::kText},
    {T::kBpChar, T::kVarchar},   {T::kVarchar, T::kName},
    {T::kVarchar, T::kText},     {T::kVarchar, T::kBpChar},
    {T::kVarchar, T::kRegClass}, {T::kDate, T::kTimestamp},
    {T::kDate, T::kTimestampTz}, {T::kTime, T::kInterval},
    {T::kTime, T::kTimeTz},      {T::kTimestamp, T::kTimestampTz},
    {T::kNumeric, T::kFloat4},   {T::kNumeric, T::kFloat8},
};

bool IsOidAlias(TypeId type) {
  switch (type) {
    case T::kRegProc:
    case T::kRegProcedure:
    case T::kRegOper:
    case T::kRegOperator:
    case T::kRegClass:
    case T::kRegType:
    case T::kRegConfig:
    case T::kRegNamespace:
    case T::kRegRole:
      return true;
    default:
      return false;
  }
}

}  // namespace

bool IsImplicitlyCoercible(TypeId from, TypeId to) {
  if (from == to || from == T::kUnknown) return true;
  const bool to_oid = to == T::kOid || IsOidAlias(to);
  if (to_oid && (from == T::kInt2 || from == T::kInt4 || from == T::kInt8)) return true;
  if (from == T::kOid && IsOidAlias(to)) return true;
  if (to == T::kOid && IsOidAlias(from)) return true;
  if ((from == T::kRegProc && to == T::kRegProcedure) ||
      (from == T::kRegProcedure && to == T::kRegProc) ||
      (from == T::kRegOper && to == T::kRegOperator) ||
      (from == T::kRegOperator && to == T::kRegOper)) {
    return true;
  }
  if (std::ranges::any_of(kImplicitCasts,
                          [&](const ImplicitCast& c) { return c.from == from && c.to == to; })) {
    return true;
  }
  if ((from == T::kInt2Vector && to == T::kInt2Array) ||
      (from == T::kOidVector && to == T::kOidArray)) {
    return true;
  }
  const TypeId from_element = ElementTypeOf(from);
  const TypeId to_element = ElementTypeOf(to);
  return from_element != T::kInvalid && to_element != T::kInvalid && from != T::kInt2Vector &&
         from != T::kOidVector && to != T::kInt2Vector && to != T::kOidVector &&
         IsImplicitlyCoercible(from_element, to_element);
}

}  // namespace oxibase
